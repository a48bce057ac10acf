package tools

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"roomkey/tools/toolstest"
)

// One file a tool, as clients get it: what agents rely on changes only on purpose.
func TestCatalogueGolden(t *testing.T) {
	t.Parallel()
	var names []string
	for _, d := range Definitions(Catalogue()) {
		toolstest.GoldenJSON(t, "testdata/catalogue/"+d.Name+".json", d)
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
	if got := len(b) / 4; got > 6500 {
		t.Errorf("the catalogue takes about %d tokens; at most 6500 are allowed", got)
	}
	if got := len(instructions) + len(onlyHere); got > 2000 {
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
// the root, no combinators anywhere; inputs closed and every property of theirs
// described, at every depth.
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
		if doc, _ := p["description"].(string); doc == "" && closed { // names in answers may speak for themselves
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
