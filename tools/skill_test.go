package tools

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

const skillFile = "../skills/roomkey/SKILL.md"

// readSkill gives what stands before and after the second line of dashes.
func readSkill(t *testing.T) (head, body string) {
	t.Helper()
	text, err := os.ReadFile(skillFile)
	if err != nil {
		t.Fatal(err)
	}
	rest, ok := strings.CutPrefix(string(text), "---\n")
	head, body, ok2 := strings.Cut(rest, "\n---\n")
	if !ok || !ok2 {
		t.Fatalf("%s does not begin with its frontmatter", skillFile)
	}
	return head, body
}

// The frontmatter keeps the rules of the Agent Skills format, by which clients
// find the skill and decide when to read it.
func TestSkillFrontmatter(t *testing.T) {
	t.Parallel()
	head, body := readSkill(t)
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
	for _, answer := range []any{meet.ErrorReport{}, joinRoomOutput{}, createRoomOutput{}} {
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
	inShell    = regexp.MustCompile("(?ms)^```sh\n.*?^```$")
	cliWord    = regexp.MustCompile(`\b([a-z_]+)(?:\.([a-z0-9_]+))?=`)
)

// Every tool, argument and field that the skill names is there, every call is
// one that the tool's own decoder takes, and no tool is forgotten.
func TestSkillNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	_, body := readSkill(t)
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
	for _, call := range callsIn(t, inShell.ReplaceAllString(body, "")) {
		called[call.tool] = true
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
	for _, name := range snakeCase.FindAllString(quoted.ReplaceAllString(body, ""), -1) {
		check(name)
	}
	for _, block := range inShell.FindAllString(body, -1) {
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

// The calls of the skill do what it says, one after the other as they stand
// there, with real people where it says IDENTITY.
func TestSkillWorks(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	_, body := readSkill(t)
	inside, blocked := "", ""
	fill := map[string]func() string{
		"REQUEST_ID": func() string {
			a.must(meettest.Ada, "update_room", args{"room_id": "standup", "settings": args{"require_approval": true}})
			code := guestCode(a)
			waiting, err := a.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code, Name: "Eve"})
			if err != nil || !waiting.Waiting {
				t.Fatalf("Exchange: %+v, %v; want somebody waiting", waiting, err)
			}
			return waiting.RequestID
		},
		"IDENTITY": func() string {
			join := a.must(meettest.Ada, "join_room", args{"room_id": "standup", "user_id": "bob", "name": "Bob"})
			inside = livekittest.Join(t, a.URL, join.get("token").(string)).Identity()
			return inside
		},
		"BLOCKED": func() string { return blocked },
		"CODE":    func() string { return guestCode(a) },
	}
	for _, call := range callsIn(t, inShell.ReplaceAllString(body, "")) {
		for name, value := range call.arguments {
			if text, ok := value.(string); ok && fill[text] != nil {
				call.arguments[name] = fill[text]()
			}
		}
		got := a.must(meettest.Ada, call.tool, call.arguments)
		switch {
		case call.tool == "kick_participant" && call.arguments["block"] == true:
			blocked = inside
			fallthrough
		case call.tool == "kick_participant" && call.arguments["block"] == nil:
			if removed, _ := got.get("removed").([]any); len(removed) != 1 {
				t.Errorf("%v removes %v", call, removed)
			}
		case call.tool == "join_room" && got.get("status") != "joined":
			t.Errorf("%v gives the status %v", call, got.get("status"))
		case call.tool == "end_room":
			code := guestCode(a)
			if _, err := a.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code}); err == nil {
				t.Error("a code of the room works after its end")
			}
		}
	}
	code := guestCode(a)
	if _, err := a.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code}); err != nil {
		t.Errorf("a code of the room that was opened again: %v", err)
	}
}

// guestCode is the code of the room standup for guests.
func guestCode(a *agent) string {
	a.t.Helper()
	listed := a.must(meettest.Ada, "get_room_codes", args{"room_id": "standup", "role": "guest", "enabled": true})
	return listed.get("codes", 0, "code").(string)
}
