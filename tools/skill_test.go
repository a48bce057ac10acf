package tools

import (
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"roomkey/tools/toolstest"

	"go.yaml.in/yaml/v3"

	"roomkey/meet"
)

const skillFile = "../skills/roomkey/SKILL.md"

// The frontmatter keeps the rules of the Agent Skills format, by which clients
// find the skill and decide when to read it.
func TestSkillFrontmatter(t *testing.T) {
	t.Parallel()
	head, body, _ := toolstest.ReadSkill(t, skillFile)
	var front struct {
		Name        string `yaml:"name"`
		Description string `yaml:"description"`
		License     string `yaml:"license"`
	}
	decoder := yaml.NewDecoder(strings.NewReader(head))
	decoder.KnownFields(true)
	if err := decoder.Decode(&front); err != nil {
		t.Fatal(err)
	}
	isName := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(front.Name)
	if front.Name != filepath.Base(filepath.Dir(skillFile)) || len(front.Name) > 64 || !isName {
		t.Errorf("name %q; want that of its folder, at most 64 lower-case letters, digits and single hyphens", front.Name)
	}
	if n := len(front.Description); n == 0 || n > 1024 || strings.ContainsAny(front.Description, "<>") {
		t.Errorf("description of %d characters; want 1 to 1024 without markup", n)
	}
	if !strings.Contains(front.Description, "Use when ") {
		t.Error("the description does not say when to use the skill")
	}
	if n := strings.Count(body, "\n"); n > 400 {
		t.Errorf("%d lines; at most 400 are wanted", n)
	}
}

// skillWords are words in the skill that are neither of a tool nor of its
// answer: those of errors and of the HTTP APIs.
func skillWords() map[string]bool {
	known := map[string]bool{}
	for _, code := range []meet.ErrorCode{
		meet.CodeInvalid, meet.CodeUnauthenticated, meet.CodeForbidden, meet.CodeNotFound, meet.CodeConflict,
		meet.CodeGone, meet.CodeRateLimited, meet.CodeUnavailable, meet.CodeInternal,
	} {
		known[string(code)] = true
	}
	for _, answer := range []any{
		meet.ErrorReport{}, joinRoomOutput{}, createRoomOutput{}, updateRoomOutput{}, createRoomCodesOutput{},
	} {
		typ := reflect.TypeOf(answer)
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			known[name] = true
		}
	}
	for _, name := range []string{
		meet.RoleHost, meet.RoleGuest, meet.RoleViewer, "error", "code", "participant", "request", "waiting",
	} {
		known[name] = true
	}
	return known
}

var (
	fenced     = regexp.MustCompile("(?ms)^```.*?^```$")
	backticked = regexp.MustCompile("`([^`\n]+)`")
	word       = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	argument   = regexp.MustCompile(`"([a-z][a-z0-9_]*)":`)
	cliWord    = regexp.MustCompile(`\b([a-z_]+)(?:\.([a-z0-9_]+))?=`)
)

// Every tool, argument and field that the skill names is there, every call is
// one that the tool's own decoder takes, and no tool is forgotten.
func TestSkillNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	_, body, calls := toolstest.ReadSkill(t, skillFile)
	known, others := knownWords(), skillWords()
	check := func(name string) {
		t.Helper()
		if !known[name] && !others[name] {
			t.Errorf("there is no %s", name)
		}
	}
	tools := map[string]bool{}
	for _, tool := range (Selection{}).Select() {
		tools[tool.Name] = true
	}
	called := map[string]bool{}
	for _, call := range calls {
		called[call.Tool] = true
		checkCall(t, skillFile, call)
	}
	for name := range tools {
		if !called[name] {
			t.Errorf("%s is not called in the skill", name)
		}
	}
	for _, span := range backticked.FindAllStringSubmatch(fenced.ReplaceAllString(body, ""), -1) {
		if word.MatchString(span[1]) {
			check(span[1])
		}
		for _, match := range argument.FindAllStringSubmatch(span[1], -1) {
			check(match[1])
		}
	}
	for _, name := range snakeCase.FindAllString(toolstest.Quoted.ReplaceAllString(body, ""), -1) {
		check(name)
	}
	for _, block := range toolstest.InShell.FindAllString(body, -1) {
		for _, match := range regexp.MustCompile(`(?m)^roomkey call (\w+)(.*)$`).FindAllStringSubmatch(block, -1) {
			if !tools[match[1]] {
				t.Errorf("roomkey call %s: there is no such tool", match[1])
			}
			for _, name := range cliWord.FindAllStringSubmatch(match[2], -1) {
				check(name[1])
				if name[2] != "" {
					check(name[2])
				}
			}
		}
	}
}
