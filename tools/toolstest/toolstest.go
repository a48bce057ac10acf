// Package toolstest has what the tests of tools and those of the tools on a
// whole service share: golden files, and calls that are written in texts.
package toolstest

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Update is whether golden files are to be rewritten.
var Update = flag.Bool("update", false, "rewrite the golden files")

// Golden compares got with a file, or rewrites the file.
func Golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *Update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // it is committed
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil { //nolint:gosec // it is committed
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

// GoldenJSON does the same for a value, indented.
func GoldenJSON(t *testing.T, file string, value any) {
	t.Helper()
	var pretty bytes.Buffer
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Indent(&pretty, text, "", "  ")
	}
	if err != nil {
		t.Fatal(err)
	}
	pretty.WriteByte('\n')
	Golden(t, file, pretty.Bytes())
}

// Call is a call of a tool as a text writes it.
type Call struct {
	Tool      string
	Arguments map[string]any
}

var calling = regexp.MustCompile(`\b([a-z][a-z0-9_]*) \{`)

// CallsIn reads the calls out of a text.
func CallsIn(t *testing.T, text string) (calls []Call) {
	t.Helper()
	for _, at := range calling.FindAllStringSubmatchIndex(text, -1) {
		call := Call{Tool: text[at[2]:at[3]]}
		if err := json.NewDecoder(strings.NewReader(text[at[1]-1:])).Decode(&call.Arguments); err != nil {
			t.Fatalf("the call %.100q cannot be read: %v", text[at[0]:], err)
		}
		calls = append(calls, call)
	}
	return calls
}

// Quoted are the JSON strings in a text.
var Quoted = regexp.MustCompile(`"([^"\\]|\\.)*"`)

// InShell are the blocks of a Markdown text that are for a shell.
var InShell = regexp.MustCompile("(?ms)^```sh\n.*?^```$")

// ReadSkill gives what stands before and after the second line of dashes of a
// skill, and the calls in it.
func ReadSkill(t *testing.T, file string) (head, body string, calls []Call) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rest, ok := strings.CutPrefix(string(text), "---\n")
	head, body, ok2 := strings.Cut(rest, "\n---\n")
	if !ok || !ok2 {
		t.Fatalf("%s does not begin with its frontmatter", file)
	}
	return head, body, CallsIn(t, InShell.ReplaceAllString(body, ""))
}
