package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
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
			got, err := parseArguments(test.tool, test.pairs, test.json)
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

// Whatever answers, call says what that means and ends with its exit code. The
// local secret goes to nobody else.
func TestCallOfOthers(t *testing.T) {
	t.Parallel()
	const none = "unavailable: The answer is none of a roomkey's. "
	reply := func(rest string) string { return `{"jsonrpc":"2.0","id":1,` + rest + `}` }
	failed := func(report string) string {
		return reply(`"result":{"isError":true,"_meta":{"roomkey/error":` + report + `}}`)
	}
	tests := []struct {
		name, body       string
		status, wantCode int
		wantErr          string
	}{
		{"a web page", "<!doctype html>", 200, 9, none + "Is there one at "},
		{"an empty answer", "", 200, 9, none},
		{"another JSON", `{"hello": "world"}`, 200, 9, none},
		{"a list", `[]`, 200, 9, none},
		{"a result without content", reply(`"result":{"content":[]}`), 200, 9, none},
		{"an error without content", reply(`"result":{"isError":true}`), 200, 9, none},
		{"an error of somebody else's", reply(`"result":{"isError":true,"content":[{"type":"text","text":"no"}],` +
			`"structuredContent":{"error":{"code":"gone"}}}`), 200, 9, none},
		{"not found", "404", 404, 9, "unavailable: The server answered with status 404. Is it a roomkey?"},
		{"a broken gateway", "<html>", 502, 9, "unavailable: The server answered with status 502. "},
		{"an internal error of the protocol", reply(`"error":{"code":-32603,"message":"Internal error."}`),
			200, 1, "roomkey: Internal error."},
		{"another error of the protocol", reply(`"error":{"code":-32602,"message":"no such tool"}`),
			400, 2, "invalid: no such tool. "},
		{"an internal error", failed(`{"code":"internal","status":500,"message":"Internal error","request_id":"r-1"}`),
			200, 1, "internal: Internal error (request r-1)"},
		{"an error code of the future", failed(`{"code":"tea","message":"I am a teapot"}`),
			200, 1, "tea: I am a teapot"},
		{"a stream", "event: message\ndata: " + reply(`"result":{"structuredContent":{}}`) + "\n\n", 200, 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var authorization string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				authorization = r.Header.Get("Authorization")
				if test.name == "a stream" {
					w.Header().Set("Content-Type", "text/event-stream")
				}
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			}))
			defer server.Close()
			var out, stderr bytes.Buffer
			code := run(t.Context(), streams{nil, &out, &stderr},
				[]string{"call", "list_rooms", "--url", server.URL, "--data", t.TempDir()})
			said := stderr.String()
			if code != test.wantCode || !strings.HasPrefix(said, test.wantErr) || goText.MatchString(said) {
				t.Errorf("call: got exit code %d, stderr %q, want %d, %q", code, said, test.wantCode, test.wantErr)
			}
			if (out.Len() == 0) != (code != 0) {
				t.Errorf("stdout: got %q with exit code %d", out.String(), code)
			}
			if authorization != "" {
				t.Errorf("Authorization sent to another server: got %q, want no token", authorization)
			}
		})
	}
}
