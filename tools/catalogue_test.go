package tools

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file under testdata, or rewrites the file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); if that is meant, run make golden:\n%s", file, diff)
	}
}

// goldenJSON does the same for a value, indented.
func goldenJSON(t *testing.T, name string, value any) {
	t.Helper()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, mustMarshal(value), "", "  "); err != nil {
		t.Fatal(err)
	}
	pretty.WriteByte('\n')
	golden(t, name, pretty.Bytes())
}

// One file a tool, as clients get it: what agents rely on changes only on purpose.
func TestCatalogueGolden(t *testing.T) {
	t.Parallel()
	var names []string
	for _, d := range Definitions(Catalogue()) {
		goldenJSON(t, "catalogue/"+d.Name+".json", d)
		names = append(names, d.Name+".json")
	}
	entries, err := os.ReadDir("testdata/catalogue")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(names, entry.Name()) {
			t.Errorf("testdata/catalogue/%s belongs to no tool", entry.Name())
		}
	}
}

// A model pays for the catalogue in every conversation.
func TestCatalogueIsSmall(t *testing.T) {
	t.Parallel()
	b := mustMarshal(Definitions(Selection{}.Select()))
	t.Logf("the catalogue takes about %d tokens (bytes / 4)", len(b)/4)
	if got := len(b) / 4; got > 6000 {
		t.Errorf("the catalogue takes about %d tokens; at most 6000 are allowed", got)
	}
	if got := len(instructions); got > 2000 {
		t.Errorf("the instructions have %d characters; at most 2000 are allowed", got)
	}
}

func TestEveryToolKeepsTheRules(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z][a-z0-9_]{2,39}$|^hms(-[a-z]+)+$`)
	seen := map[string]bool{}
	for _, tool := range Catalogue() {
		if !name.MatchString(tool.Name) || seen[tool.Name] {
			t.Errorf("%s: bad or repeated name", tool.Name)
		}
		seen[tool.Name] = true
		if tool.Title == "" || tool.Description == "" || !strings.HasSuffix(tool.Description, ".") {
			t.Errorf("%s: needs a title and a description in sentences", tool.Name)
		}
		if !slices.Contains(Toolsets, tool.Toolset) {
			t.Errorf("%s: belongs to no toolset", tool.Name)
		}
		h := tool.Hints
		if h.ReadOnly && (h.Destructive || !h.Idempotent) || h.OpenWorld {
			t.Errorf("%s: hints %+v contradict themselves", tool.Name, h)
		}
		definition := mustMarshal(definition(tool))
		for _, hint := range []string{"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"} {
			if !bytes.Contains(definition, []byte(`"`+hint+`":`)) {
				t.Errorf("%s: %s is not given", tool.Name, hint)
			}
		}
		checkSchema(t, tool.Name+" input", tool.InputSchema, true)
		checkSchema(t, tool.Name+" output", tool.OutputSchema, false)
	}
}

// checkSchema holds what clients and model APIs need of a schema: an object at
// the root, no combinators anywhere, every property described; inputs closed
// at every depth.
func checkSchema(t *testing.T, what string, schema json.RawMessage, closed bool) {
	t.Helper()
	var s map[string]any
	if err := json.Unmarshal(schema, &s); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if s["type"] != "object" {
		t.Errorf("%s: type is %v", what, s["type"])
	}
	for _, combinator := range []string{"anyOf", "oneOf", "allOf", "not", "$ref", "if"} {
		if _, ok := s[combinator]; ok {
			t.Errorf("%s: has %s", what, combinator)
		}
	}
	if closed && s["additionalProperties"] != false {
		t.Errorf("%s: is not closed", what)
	}
	properties, _ := s["properties"].(map[string]any)
	for name, p := range properties {
		p := p.(map[string]any)
		if doc, _ := p["description"].(string); doc == "" {
			t.Errorf("%s: %s has no description", what, name)
		}
		if p["type"] == "object" && closed {
			inner, _ := json.Marshal(p)
			checkSchema(t, what+" "+name, inner, closed)
		}
	}
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := properties[name.(string)]; !ok {
			t.Errorf("%s: requires %v, which it does not have", what, name)
		}
	}
}

// What an operator left out is neither listed nor given: tools, prompts that
// need one of them, and the resource of rooms, which shows what get_room shows.
func TestSelection(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	room := a.NewRoom(t, meet.RoomChange{})
	all := []string{"audit_access", "host_a_meeting", "moderate_room"}
	for name, tt := range map[string]struct {
		selection Selection
		keep      func(Tool) bool
		prompts   []string
		hasRooms  bool
	}{
		"by default": {Selection{}, func(t Tool) bool { return t.Toolset != HMS }, all, true},
		"everything": {Selection{Toolsets: Toolsets}, func(Tool) bool { return true }, all, true},
		"read-only": {Selection{Toolsets: Toolsets, ReadOnly: true},
			func(t Tool) bool { return t.Hints.ReadOnly }, nil, true},
		"not destructive": {Selection{Toolsets: Toolsets, DisableDestructive: true},
			func(t Tool) bool { return !t.Hints.Destructive }, nil, true},
		"moderation": {Selection{Toolsets: []Toolset{Moderation}},
			func(t Tool) bool { return t.Toolset == Moderation }, all[2:], false},
		"no toolset": {Selection{Toolsets: []Toolset{}}, func(Tool) bool { return false }, nil, false},
		"rooms, read-only": {Selection{Toolsets: []Toolset{Rooms}, ReadOnly: true},
			func(t Tool) bool { return t.Toolset == Rooms && t.Hints.ReadOnly }, nil, true},
	} {
		a.serve(tt.selection)
		var want []string
		for _, tool := range Catalogue() {
			if tt.keep(tool) {
				want = append(want, tool.Name)
				continue
			}
			got := a.ask(meettest.Ada, true, "tools/call", args{"name": tool.Name})
			wantRefusal(t, name+": "+tool.Name, got, -32602, NoSuchTool)
		}
		selected := viewAll(tt.selection.Select(), func(t Tool) string { return t.Name })
		if !slices.Equal(want, selected) || !slices.Equal(sortedNames(want), a.listed("tools/list", "tools")) {
			t.Errorf("%s: tools %v, listed %v; want %v", name, selected, a.listed("tools/list", "tools"), want)
		}
		if got := a.listed("prompts/list", "prompts"); !slices.Equal(got, tt.prompts) {
			t.Errorf("%s: prompts %v; want %v", name, got, tt.prompts)
		}
		for _, prompt := range all {
			_, got := a.prompt(meettest.Ada, prompt, args{})
			isThere := got.Error == nil || !strings.HasPrefix(got.Error.Message, NoSuchPrompt) && got.Error.Code != -32601
			if isThere != slices.Contains(tt.prompts, prompt) {
				t.Errorf("%s: %s gives %s %+v", name, prompt, got.Result, got.Error)
			}
		}
		templates := a.ask(meettest.Ada, false, "resources/templates/list", args{})
		if got := templates.read("resourceTemplates", 0); (got != nil) != tt.hasRooms {
			t.Errorf("%s: the template %v", name, got)
		}
		if got := a.read(meettest.Ada, false, "roomkey://rooms/"+room.Name); !tt.hasRooms {
			wantRefusal(t, name, got, -32602, NoSuchResource)
		} else if got.Error != nil {
			t.Errorf("%s: %+v", name, got.Error)
		}
		if got := a.read(meettest.Ada, false, RolesURI); got.Error != nil {
			t.Errorf("%s: roles: %+v", name, got.Error)
		}
	}
}

// listed are the names of a list that clients get, sorted.
func (a *agent) listed(method, key string) (names []string) {
	a.t.Helper()
	items, _ := a.ask(meettest.Ada, false, method, args{}).read(key).([]any)
	for _, item := range items {
		names = append(names, item.(map[string]any)["name"].(string))
	}
	return sortedNames(names)
}

func sortedNames(names []string) []string { return slices.Sorted(slices.Values(names)) }
