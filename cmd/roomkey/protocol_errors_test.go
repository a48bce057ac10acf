package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
	"roomkey/tools"
)

// goText is what would show that an error comes from the inside.
var goText = regexp.MustCompile(`json:|cannot unmarshal|unmarshal|Go struct|Go value|goroutine|\.go:|invalid character|unexpected end|panic|SQL|sqlite|twirp|dial tcp|127\.0\.0\.1:\d+: connect`)

func holdNoGoText(t *testing.T, what string, got answer) {
	t.Helper()
	if found := goText.Find(got.body); found != nil {
		t.Errorf("%.300s: got %s, want nothing like %q in it", what, got.body, found)
	}
}

// Every tool error has the shape that the interface fixes, in both eras.
func TestToolErrors(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	must[any](t, a, "create_room", map[string]any{"name": "alpha", "create_codes": true})
	codes := must[struct{ Codes []struct{ Code string } }](t, a, "create_room_codes", map[string]any{"room_id": "alpha", "role": "guest"})
	must[any](t, a, "update_room_code", map[string]any{"code": codes.Codes[0].Code, "enabled": false})
	user := a.token(t, meet.Principal{ID: "mallory", Role: meet.User})
	tests := []struct {
		name, tool string
		arguments  any
		token      string
		want       meet.ErrorReport
	}{
		{"a rule", "create_room", map[string]any{"name": "ab"}, "", meet.ErrorReport{Code: "invalid", Status: 400, Field: "name", Message: "room name must be at least 3 characters"}},
		{"another rule", "create_room", map[string]any{"name": strings.Repeat("a", 64)}, "", meet.ErrorReport{Code: "invalid", Status: 400, Field: "name", Message: "room name must be at most 63 characters"}},
		{"a third", "create_room", map[string]any{"name": "stand up"}, "", meet.ErrorReport{Code: "invalid", Status: 400, Field: "name", Message: "room name must contain only lowercase letters, numbers, and hyphens"}},
		{"a type", "create_room", map[string]any{"is_public": "yes"}, "", meet.ErrorReport{Code: "invalid", Status: 400, Field: "is_public", Message: "is_public must be a boolean, not a string"}},
		{"inside", "create_room", map[string]any{"settings": map[string]any{"e2ee": 1}}, "", meet.ErrorReport{Code: "invalid", Status: 400, Field: "settings.e2ee", Message: "settings.e2ee must be a boolean, not a number"}},
		{"unknown", "create_room", map[string]any{"title": "x"}, "", meet.ErrorReport{Code: "invalid", Status: 400, Field: "title", Message: `there is no argument "title"`}},
		{"two unknown", "create_room", map[string]any{"title": "x", "topic": "y"}, "", meet.ErrorReport{Code: "invalid", Status: 400, Field: "title", Message: `there are no arguments "title" and "topic"`}},
		{"missing", "get_room", map[string]any{}, "", meet.ErrorReport{Code: "invalid", Status: 400, Field: "room_id", Message: "room_id is required"}},
		{"no object", "get_room", []any{"alpha"}, "", meet.ErrorReport{Code: "invalid", Status: 400, Field: "arguments", Message: "arguments must be an object"}},
		{"forbidden", "end_room", map[string]any{"room_id": "alpha", "confirm_name": "alpha"}, user, meet.ErrorReport{Code: "forbidden", Status: 403, Message: "You are not allowed to update, end or reopen a room"}},
		{"no room", "get_room", map[string]any{"room_id": "omega"}, "", meet.ErrorReport{Code: "not_found", Status: 404, Field: "room_id", Message: "Room not found"}},
		{"nobody", "kick_participant", map[string]any{"room_id": "alpha", "identity": "x"}, "", meet.ErrorReport{Code: "not_found", Status: 404, Field: "identity", Message: "Participant not found"}},
		{"taken", "create_room", map[string]any{"name": "ALPHA "}, "", meet.ErrorReport{Code: "conflict", Status: 409, Field: "name", Message: "a room with this name already exists"}},
		{"gone", "join_room", map[string]any{"code": codes.Codes[0].Code}, "", meet.ErrorReport{Code: "gone", Status: 410, Field: "code", Message: "This room code is disabled"}},
	}
	for _, e := range eras {
		for _, test := range tests {
			t.Run(e.name+" "+test.name, func(t *testing.T) {
				body, header := e.message(1, "tools/call", map[string]any{"name": test.tool, "arguments": test.arguments})
				if test.token != "" {
					header = append(header, "Authorization", "Bearer "+test.token)
				}
				got := a.post(t, body, header...)
				holdNoGoText(t, body, got)
				r := readResult(t, readResponse(t, got.body).Result)
				rep := report(t, r)
				test.want.Hint, test.want.RequestID = rep.Hint, got.header.Get("X-Request-Id")
				if diff := cmp.Diff(test.want, rep); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				holdErrorShape(t, r)
			})
		}
	}
}

// holdErrorShape holds a result to: one text block "CODE: message. Hint." and
// an error with no other fields than the fixed ones.
func holdErrorShape(t *testing.T, r toolResult) {
	t.Helper()
	rep := report(t, r)
	want := fmt.Sprintf("%s: %s.", rep.Code, rep.Message)
	if rep.Hint != "" {
		want += " " + strings.TrimSuffix(rep.Hint, ".") + "."
	}
	if len(r.Content) != 1 || r.Content[0].Text != want || r.Content[0].Type != "text" {
		t.Errorf("text blocks: got %q, want only %q", r.Content, want)
	}
	if r.StructuredContent != nil {
		t.Errorf("structured content of an error: got %s, want none: clients hold it against the output schema", r.StructuredContent)
	}
	var fields map[string]any
	if err := json.Unmarshal(r.Meta[tools.ErrorKey], &fields); err != nil {
		t.Fatalf("error in _meta: got %s, %v", r.Meta, err)
	}
	for _, key := range []string{"code", "status", "message", "retryable", "request_id"} {
		if _, ok := fields[key]; !ok {
			t.Errorf("error: got %v, want %s in it", fields, key)
		}
	}
	known := []string{"code", "status", "message", "field", "hint", "retryable", "retry_after_seconds", "request_id"}
	for key := range fields {
		if !slices.Contains(known, key) {
			t.Errorf("error: got the unknown field %s", key)
		}
	}
	if rep.RequestID == "" {
		t.Error("request_id: got none")
	}
}

// A guesser is told how long to wait.
func TestToolRateLimit(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	for range 10 {
		if rep := report(t, a.call(t, eras[0], "join_room", map[string]any{"code": "abc-defg-hij"})); rep.Code != meet.CodeNotFound {
			t.Fatalf("wrong code: got %s, want not_found", rep.Code)
		}
	}
	r := a.call(t, eras[0], "join_room", map[string]any{"code": "abc-defg-hij"})
	holdErrorShape(t, r)
	if rep := report(t, r); rep.Code != meet.CodeRateLimited || !rep.Retryable || rep.RetryAfter < 1 || rep.RetryAfter > 60 {
		t.Errorf("eleventh wrong code: got %+v, want rate_limited, to be repeated after 1 to 60 s", rep)
	}
}

func TestUnknownTool(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	for _, e := range eras {
		for _, name := range []any{"open_sesame", "", "Create_Room", "create_room ", strings.Repeat("x", 10_000), "\u202egnp.exe", 7, nil} {
			body, header := e.message(1, "tools/call", map[string]any{"name": name, "arguments": map[string]any{}})
			got := a.post(t, body, header...)
			holdNoGoText(t, body, got)
			if r := readResponse(t, got.body); r.Error == nil || r.Error.Code > -32000 || r.Error.Message == "" {
				t.Errorf("%s: tool %.40q: got %.300s, want a protocol error", e.name, name, got.body)
			}
		}
	}
	if body, header := eras[0].message(1, "rooms/list", nil); readResponse(t, a.post(t, body, header...).body).Error.Code != -32601 {
		t.Error("an unknown method: want the error -32601")
	}
}

// Whatever shape a message has, the answer is JSON-RPC or nothing, and holds
// nothing of Go.
func TestWrongShapes(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	bodies := []string{
		``, ` `, `{`, `[]`, `[[]]`, `null`, `true`, `7`, `"x"`, `{}`, `{"jsonrpc":"2.0"}`, `{"jsonrpc":"1.0","id":1,"method":"ping"}`, `{"id":1,"method":"ping"}`,
		`{"jsonrpc":2,"id":1,"method":"ping"}`, `{"jsonrpc":"2.0","id":1,"method":7}`, `{"jsonrpc":"2.0","id":1,"method":["ping"]}`, `{"jsonrpc":"2.0","id":{},"method":"ping"}`,
		`{"jsonrpc":"2.0","id":null,"method":"ping"}`, `{"jsonrpc":"2.0","id":1.5,"method":"ping"}`, `{"jsonrpc":"2.0","id":1,"method":"ping"}{"x":1}`,
		`{"jsonrpc":"2.0","id":1,"result":{}}`, `{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}`, "\xff\xfe", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}",
		strings.Repeat("[", 100_000), `{"a":` + strings.Repeat(`{"a":`, 10_000),
		`{"jsonrpc":"2.0","id":1,"method":"initialize"}`, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":7}}`,
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":[],"clientInfo":"x"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":7}}`, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"bm9uc2Vuc2U"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}`, `{"jsonrpc":"2.0","id":1,"method":"tools/call"}`, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":"x"}`, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["create_room"]}}`, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_room","arguments":"x"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_room","arguments":7}}`, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_room","arguments":{"max_participants":1e999}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_room","arguments":{"max_participants":9007199254740993}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_room","arguments":{},"_meta":7}}`, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_room","arguments":{"name":"ab"},"_meta":{"progressToken":{}}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_room","arguments":{"room_id":"x","room_id":7}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":7}}`, `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":{}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":7}}`, `{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":7}}`,
		`{"jsonrpc":"2.0","id":1,"method":"server/discover","params":7}`, `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":7}}`,
		`{"jsonrpc":"2.0","method":"notifications/initialized","params":7}`, `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":{},"progress":"x"}}`,
		`{"jsonrpc":"2.0","method":"notifications/nonsense"}`, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}`,
	}
	headers := [][]string{
		nil, {"Mcp-Protocol-Version", "2026-07-28"}, {"Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", "create_room"},
		{"Mcp-Protocol-Version", "1999-01-01"}, {"Mcp-Protocol-Version", "x\ty"}, {"Content-Type", "text/plain"}, {"Content-Type", ""}, {"Accept", "text/html"},
	}
	for _, body := range bodies {
		for _, header := range headers {
			got := a.post(t, body, header...)
			holdNoGoText(t, body, got)
			if got.status >= 500 {
				t.Errorf("%.100s with %q: got status %d, want none of 500", body, header, got.status)
			}
			plain := got.status >= 400 && strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") // of wrong headers
			if len(got.body) > 0 && !json.Valid(got.body) && !plain {
				t.Errorf("%.100s with %q: got %d %.300s, want JSON or nothing", body, header, got.status, got.body)
			}
		}
	}
	if got := a.post(t, `{"jsonrpc":"2.0","id":1,"method":"ping"}`); got.status != http.StatusOK {
		t.Errorf("ping after all that: got %d, want 200", got.status)
	}
	if found := regexp.MustCompile(`(?i)panic.*`).FindString(a.log.all()); found != "" {
		t.Errorf("log: got %q, want no panic", found)
	}
}
