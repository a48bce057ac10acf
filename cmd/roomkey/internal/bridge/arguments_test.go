package bridge

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
)

func TestParseArguments(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	for _, test := range []struct {
		name, tool string
		pairs      []string
		json       string
		want       object
		wantErr    string
	}{
		{"nothing", "create_room", nil, "", object{}, ""},
		{"types of the schema", "create_room",
			[]string{"name=1", "is_public=true", "max_participants=5", "settings.e2ee=0"}, "",
			object{"name": "1", "is_public": true, "max_participants": int64(5), "settings": object{"e2ee": false}}, ""},
		{"what is of no such type stays text", "create_room",
			[]string{"is_public=si", "max_participants=5.0", "settings=null", "settings.e2ee="}, "",
			object{"is_public": "si", "max_participants": "5.0", "settings": object{"e2ee": ""}}, ""},
		{"null twice", "create_room", []string{"settings=null"}, "", object{"settings": "null"}, ""},
		{"an empty value", "create_room", []string{"name="}, "", object{"name": ""}, ""},
		{"= in a value", "create_room", []string{"name=a=b="}, "", object{"name": "a=b="}, ""},
		{"the last one counts", "create_room", []string{"name=a", "name=b"}, "", object{"name": "b"}, ""},
		{"no such tool", "open", []string{"a=1", "b.c=true"}, "", object{"a": "1", "b": object{"c": "true"}}, ""},
		{"no such argument", "create_room", []string{"a=1", "settings.b=1", "name.c=1"}, "",
			object{"a": "1", "settings": object{"b": "1"}, "name": object{"c": "1"}}, ""},
		{"odd dots", "create_room", []string{".=1", "a.=2", ".b=3", "..=4"}, "",
			object{"": object{"": object{"": "4"}, "b": "3"}, "a": object{"": "2"}}, ""},
		{"pairs over json", "create_room", []string{"settings.e2ee=true"},
			`{"name": "a", "settings": {"e2ee": false, "allow_chat": true}}`,
			object{"name": "a", "settings": object{"e2ee": true, "allow_chat": true}}, ""},
		{"pairs over null in json", "create_room", []string{"settings.e2ee=true"}, `{"settings": null}`,
			object{"settings": object{"e2ee": true}}, ""},
		{"an object as a value", "create_room", []string{`settings={"e2ee": true}`, "settings.allow_chat=true"}, "",
			object{"settings": object{"e2ee": true, "allow_chat": true}}, ""},
		{"no =", "create_room", []string{"name"}, "", nil, `"name" is not key=value`},
		{"no key", "create_room", []string{"=x"}, "", nil, `"=x" is not key=value`},
		{"json null", "create_room", nil, "null", nil, "--json must be a JSON object"},
		{"json list", "create_room", nil, "[{}]", nil, "--json must be a JSON object"},
		{"json empty list", "create_room", []string{"name=a"}, "[ ]", object{"name": "a"}, ""},
		{"json and more", "create_room", nil, "{} x", nil, "--json must be a JSON object"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseArguments(test.tool, test.pairs, test.json)
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) || !meet.IsCode(err, meet.CodeInvalid) {
					t.Errorf("error: got %v, want %q with exit code 2", err, test.wantErr)
				}
				return
			}
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("arguments: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}
