package tools

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
	"roomkey/tools/toolstest"
)

var (
	snakeCase = regexp.MustCompile(`\b[a-z]+(_[a-z]+)+\b`)
	switched  = regexp.MustCompile(`\b([a-z_]+) (true|false)\b`)
	capitals  = regexp.MustCompile(`\b[A-Z]{4,}\b`)

	// What stands for a value in a text is written in capitals.
	placeholders = []string{"BLOCKED", "CODE", "IDENTITY", "REASON", "ROOM"}
)

// promptOf says of which prompt a text is, by the beginning of its file's name.
var promptOf = map[string]string{"host": "host_a_meeting", "moderate": "moderate_room", "audit": "audit_access"}

// Every tool, argument and field that a prompt names is there, with a value
// that the tool's own decoder takes; and the prompt's list of tools is all
// that it names.
func TestPromptsNameWhatIsThere(t *testing.T) {
	t.Parallel()
	known, named := knownWords(), map[string][]string{}
	files, err := filepath.Glob("testdata/prompts/*.txt") // what the prompts say, as servicetest holds them to
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts of prompts, %v", err)
	}
	for _, file := range files {
		name, _, _ := strings.Cut(filepath.Base(file), "_")
		prompt := promptOf[strings.TrimSuffix(name, ".txt")]
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		for _, call := range toolstest.CallsIn(t, text) {
			named[prompt] = append(named[prompt], call.Tool)
			checkCall(t, file, call)
		}
		for _, word := range snakeCase.FindAllString(toolstest.Quoted.ReplaceAllString(text, ""), -1) {
			if !known[word] {
				t.Errorf("%s: there is no %s", file, word)
			}
		}
		for _, word := range switched.FindAllStringSubmatch(text, -1) {
			if !known[word[1]] {
				t.Errorf("%s: there is no argument %s, which is to be %s", file, word[1], word[2])
			}
		}
		for _, name := range []string{"roomkey", "<"} {
			if strings.Contains(text, name) {
				t.Errorf("%s: has %q", file, name)
			}
		}
		for _, word := range capitals.FindAllString(text, -1) {
			if !slices.Contains(placeholders, word) {
				t.Errorf("%s: %s stands for nothing", file, word)
			}
		}
	}
	for _, p := range Prompts() {
		want := slices.Compact(slices.Sorted(slices.Values(p.tools)))
		if diff := cmp.Diff(want, slices.Compact(slices.Sorted(slices.Values(named[p.Name])))); diff != "" {
			t.Errorf("%s: its tools differ from those in its text (-tools +text):\n%s", p.Name, diff)
		}
	}
}

func checkCall(t *testing.T, where string, call toolstest.Call) {
	t.Helper()
	tool, ok := toolNamed(call.Tool)
	if !ok {
		t.Errorf("%s: there is no tool %s", where, call.Tool)
	} else if err := decode(tool.Name, call.Arguments, reflect.New(tool.input).Interface()); err != nil {
		t.Errorf("%s: %s %v: %v", where, call.Tool, call.Arguments, err)
	}
}

// knownWords are the names of all tools, of their arguments, of the fields of
// their answers and of what roles may publish.
func knownWords() map[string]bool {
	known := map[string]bool{}
	var add func(reflect.Type)
	add = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ == timeType {
			return
		}
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			known[name] = true
			add(typ.Field(i).Type)
		}
	}
	for _, tool := range Catalogue() {
		known[tool.Name] = true
		add(tool.input)
	}
	for _, view := range []any{
		roomState{}, getRoomOutput{}, getRoomCodesOutput{}, listParticipantsOutput{}, listEventsOutput{},
	} {
		add(reflect.TypeOf(view))
	}
	for _, source := range meet.Sources {
		known[string(source)] = true
	}
	return known
}
