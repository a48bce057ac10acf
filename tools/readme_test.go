package tools

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"roomkey/tools/toolstest"
)

// toolTable is what README says about the tools.
func toolTable() string {
	var b strings.Builder
	b.WriteString("| tool | what it does | |\n| --- | --- | --- |\n")
	for _, t := range (Selection{}).Select() {
		effect := "changes"
		switch {
		case t.Hints.ReadOnly:
			effect = "reads"
		case t.Hints.Destructive:
			effect = "destructive"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", t.Name, t.Description, effect)
	}
	return b.String()
}

func TestReadmeListsTheTools(t *testing.T) {
	t.Parallel()
	const file, begin, end = "../README.md", "<!-- tools: made by make golden -->\n", "<!-- /tools -->\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	table, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table of tools", file)
	}
	if *toolstest.Update {
		if err := os.WriteFile(file, []byte(head+begin+toolTable()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if table != toolTable() {
		t.Errorf("the table of tools in %s is out of date: run make golden", file)
	}
	if lines := strings.Count(string(text), "\n"); lines > 250 {
		t.Errorf("%s has %d lines; at most 250 are wanted", file, lines)
	}
}
