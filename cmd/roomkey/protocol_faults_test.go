package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// silent is what is never answered: notifications, however odd, and answers
// that nobody asked for.
var silent = []string{
	`{"jsonrpc":"2.0","method":"notifications/initialized"}`,
	`{"jsonrpc":"2.0","method":"notifications/initialized","params":null}`,
	`{"jsonrpc":"2.0","method":"notifications/initialized","params":[]}`,
	`{"jsonrpc":"2.0","method":"notifications/initialized","params":7}`,
	`{"jsonrpc":"2.0","method":"notifications/initialized","params":"x"}`,
	`{"jsonrpc":"2.0","method":"notifications/initialized","params":[1]}`,
	`{"jsonrpc":"2.0","method":"notifications/initialized","params":{"_meta":[]}}`,
	`{"jsonrpc":"2.0","method":"notifications/initialized","params":{"_meta":7}}`,
	`{"jsonrpc":"2.0","id":null,"method":"notifications/initialized"}`,
	`{"method":"notifications/initialized"}`,
	`{"jsonrpc":"1.0","method":"notifications/initialized"}`,
	`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":{},"progress":"x"}}`,
	`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}`,
	`{"jsonrpc":"2.0","method":"notifications/nonsense"}`,
	`{"jsonrpc":"2.0","method":"ping"}`,
	`{"jsonrpc":"2.0","method":"tools/call","params":{"name":"create_room","arguments":{"name":"in-silence"}}}`,
	`{"jsonrpc":"2.0","method":""}`,
	`{"jsonrpc":"2.0","id":1,"result":{}}`,
	`{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}`,
	`{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}`,
}

func TestNotificationsAreNotAnswered(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	for _, body := range silent {
		for _, header := range [][]string{nil, {"Mcp-Protocol-Version", "2025-11-25"}, {"Mcp-Protocol-Version", "2026-07-28"}, {"Mcp-Protocol-Version", "1999-01-01"}} {
			if got := a.post(t, body, header...); got.status != http.StatusAccepted || len(got.body) > 0 {
				t.Errorf("%s with %q: got %d %s, want 202 without a body", body, header, got.status, got.body)
			}
		}
	}
	if got := throughBridge(t, a, strings.Join(silent, "\n")); len(got) > 0 {
		t.Errorf("through a bridge: got %+v, want no answer", got)
	}
	if rooms := must[struct{ Rooms []any }](t, a, "list_rooms", nil); len(rooms.Rooms) > 0 {
		t.Errorf("rooms: got %v, want none: nobody asked for an answer", rooms.Rooms)
	}
}

// What is refused as a whole says why, and only what is no JSON is called so.
func TestRefusedMessages(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	for _, test := range []struct {
		body    string
		id      string
		code    int
		message string
	}{
		{`{"jsonrpc":"2.0",`, `null`, -32700, "The request is not valid JSON."},
		{`{"jsonrpc":"2.0","id":1,"method":"ping"}{}`, `null`, -32700, "The request is not valid JSON."},
		{`{'jsonrpc':'2.0'}`, `null`, -32700, "The request is not valid JSON."},
		{`[]`, `null`, -32600, "Batches are not taken here: send each message by itself."},
		{`[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, `null`, -32600, "Batches are not taken here: send each message by itself."},
		{`null`, `null`, -32600, "A message must be a JSON object."},
		{`"ping"`, `null`, -32600, "A message must be a JSON object."},
		{`7`, `null`, -32600, "A message must be a JSON object."},
		{`{"a":` + strings.Repeat(`[`, 20_000) + strings.Repeat(`]`, 20_000) + `}`, `null`, -32600, "The request is nested too deeply."},
		{`{}`, `null`, -32600, `jsonrpc must be "2.0".`},
		{`{"id":1,"method":"ping"}`, `1`, -32600, `jsonrpc must be "2.0".`},
		{`{"jsonrpc":2.0,"id":"a","method":"ping"}`, `"a"`, -32600, `jsonrpc must be "2.0".`},
		{`{"jsonrpc":"2.0","id":1}`, `1`, -32600, "method must be a string."},
		{`{"jsonrpc":"2.0","id":1,"method":7}`, `1`, -32600, "method must be a string."},
		{`{"jsonrpc":"2.0","id":1,"method":["ping"]}`, `1`, -32600, "method must be a string."},
		{`{"jsonrpc":"2.0","method":{}}`, `null`, -32600, "method must be a string."},
		{`{"jsonrpc":"2.0","id":null,"method":"ping"}`, `null`, -32600, "id must be a string or a number. Only a notification has none."},
		{`{"jsonrpc":"2.0","id":{},"method":"ping"}`, `null`, -32600, "id must be a string or a number. Only a notification has none."},
		{`{"jsonrpc":"2.0","id":[1],"method":"ping"}`, `null`, -32600, "id must be a string or a number. Only a notification has none."},
		{`{"jsonrpc":"2.0","id":true,"method":"ping"}`, `null`, -32600, "id must be a string or a number. Only a notification has none."},
		{`{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}`, `1`, -32602, "params must be an object."},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["create_room"]}`, `1`, -32602, "params must be an object."},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":7}`, `1`, -32602, "params must be an object."},
		{`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"moderate_room","arguments":{"room":5,"job":true}}}`, `1`, -32602,
			"job must be a string, not a boolean. room must be a string, not a number."},
		{`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"moderate_room","arguments":["lobby"]}}`, `1`, -32602, "arguments must be an object, not an array."},
		{`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"moderate_room","arguments":"lobby"}}`, `1`, -32602, "arguments must be an object, not a string."},
		{`{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"moderate_room"},"argument":{"name":"room","value":7}}}`, `1`, -32602,
			"argument.value must be a string, not a number."},
		{`{"jsonrpc":"2.0","id":1,"method":"no/such"}`, `1`, -32601, ""},
	} {
		for _, header := range [][]string{nil, {"Mcp-Protocol-Version", "2025-06-18"}} {
			got := a.post(t, test.body, header...)
			r := readResponse(t, got.body)
			if r.Error == nil || r.Error.Code != test.code || test.message != "" && r.Error.Message != test.message || string(r.ID) != test.id {
				t.Errorf("%.120s: got %.300s, want the error %d %s for %s", test.body, got.body, test.code, test.message, test.id)
			}
			if want := map[bool]int{true: http.StatusBadRequest, false: http.StatusOK}[test.id == "null"]; got.status != want || got.header.Get("Content-Type") != "application/json" {
				t.Errorf("%.120s: got status %d and %s, want %d and JSON", test.body, got.status, got.header.Get("Content-Type"), want)
			}
			holdNoGoText(t, test.body, got)
		}
		bridged := throughBridge(t, a, test.body+"\n")
		if r := bridged[test.id]; len(bridged) != 1 || r.Error == nil || r.Error.Code != test.code {
			t.Errorf("%.120s through a bridge: got %+v, want the error %d for %s", test.body, bridged, test.code, test.id)
		}
	}
}

// An id comes back as it was sent, whatever number or text it is.
func TestIDs(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	var lines []string
	ids := []string{`0`, `-1`, `9007199254740993`, `1764291234567890123`, `12345678901234567890123`, `1.5`, `1e3`, `1.0`, `""`, `"1"`, `"a b"`, `"roomkey-id"`, `"日本"`, `"\u001f"`}
	for _, id := range ids {
		for _, call := range []string{
			`"method":"ping"`, `"method":"no/such"`, `"method":"tools/call","params":{"name":"list_rooms","arguments":{}}`,
			`"method":"tools/call","params":{"name":"get_room","arguments":{"room_id":"roomkey-id"}}`, `"method":"prompts/get","params":{"name":"moderate_room"}`,
			`"method":"resources/read","params":{"uri":"roomkey://rooms/roomkey-id"}`,
		} {
			body := `{"jsonrpc":"2.0","id":` + id + `,` + call + `}`
			if got := a.post(t, body); string(readResponse(t, got.body).ID) != id {
				t.Errorf("%s: got %.200s, want the id back", body, got.body)
			}
		}
		lines = append(lines, `{"jsonrpc":"2.0","id":`+id+`,"method":"ping"}`)
	}
	bridged := throughBridge(t, a, strings.Join(lines, "\n"))
	for _, id := range ids {
		if r, ok := bridged[id]; !ok || r.Error != nil {
			t.Errorf("%s through a bridge: got %+v, want an answer", id, r)
		}
	}
	for _, e := range eras {
		body, header := e.message(json.RawMessage("9007199254740993"), "tools/list", nil)
		if got := a.post(t, body, header...); string(readResponse(t, got.body).ID) != "9007199254740993" {
			t.Errorf("%s: got %.100s, want the id back", e.name, got.body)
		}
	}
}

// What clients write in another shape than they mean does what they mean.
func TestMendedMessages(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	must[any](t, a, "create_room", map[string]any{"name": "lobby"})
	const hello = `"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","clientInfo":{"name":"php","version":"1"}`
	for _, body := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}`,
		`{"jsonrpc":"2.0","id":1,"method":"ping","params":[ ]}`,
		`{"jsonrpc":"2.0","id":1,"method":"ping","params":null}`,
		`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":[]}}`,
		`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":null}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":""}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":null}}`,
		`{"jsonrpc":"2.0","id":1,"method":"prompts/list","params":[]}`,
		`{"jsonrpc":"2.0","id":1,"method":"resources/list","params":[]}`,
		`{"jsonrpc":"2.0","id":1,"method":"resources/templates/list","params":[]}`,
		`{` + hello + `,"capabilities":[]}}`,
		`{` + hello + `,"capabilities":{"roots":[],"sampling":[],"elicitation":{"form":[]},"experimental":[]}}}`,
		`{` + hello + `,"capabilities":{},"_meta":[]}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_rooms","arguments":[]}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_rooms","arguments":[],"_meta":[]}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_rooms","arguments":null}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_rooms"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_rooms","arguments":"{}"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_room","arguments":"{\"room_id\": \"lobby\"}"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_rooms","arguments":{"scope":"","query":"","cursor":"","active":"true","limit":"5"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"update_room","arguments":{"room_id":"lobby","name":"","mode":"","settings":"{\"allow_chat\": false}"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_room_codes","arguments":{"room_id":"lobby","role":"","label":"","max_uses":"3"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_room_codes","arguments":{"room_id":"lobby","role":"","cursor":""}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"join_room","arguments":{"room_id":"lobby","code":"","name":"","user_id":"","request_id":""}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_events","arguments":{"room_id":"","kind":"","cursor":""}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"host_a_meeting","arguments":[]}}`,
		`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"host_a_meeting","arguments":{"name":null,"guests":"","approval":""}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"moderate_room","arguments":"{\"room\": \"lobby\"}"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"moderate_room"},"argument":{"name":"room","value":null}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"moderate_room"},"argument":{"name":"room","value":""},"context":[]}}`,
		`{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"moderate_room"},"argument":{"name":"identity","value":""},"context":{"arguments":[]}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"moderate_room"},"argument":{"name":"identity","value":""},"context":{"arguments":{"room":null}}}}`,
	} {
		got := a.post(t, body)
		r := readResponse(t, got.body)
		if r.Error != nil || len(r.Result) == 0 {
			t.Errorf("%s: got %.300s, want a result", body, got.body)
			continue
		}
		if result := readResult(t, r.Result); result.IsError {
			t.Errorf("%s: got the error %s, want success", body, result.Meta)
		}
	}
	if settings := must[struct {
		Room struct{ Settings map[string]bool }
	}](t, a, "get_room", map[string]any{"room_id": "lobby"}).Room.Settings; settings["allow_chat"] {
		t.Errorf("settings: got %v, want allow_chat off", settings)
	}
	modern := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_rooms","arguments":[],"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",` +
		`"io.modelcontextprotocol/clientInfo":{"name":"php","version":"1"},"io.modelcontextprotocol/clientCapabilities":[]}}}`
	got := a.post(t, modern, "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", "list_rooms")
	if r := readResponse(t, got.body); r.Error != nil || readResult(t, r.Result).IsError {
		t.Errorf("%s: got %s, want a result", modern, got.body)
	}
}

// The address with a slash at its end is the same.
func TestSlashAtTheEnd(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	for _, e := range eras {
		body, header := e.message(1, "tools/call", map[string]any{"name": "list_rooms", "arguments": map[string]any{}})
		got, err := a.send(t.Context(), http.MethodPost, "/mcp/", body, header...)
		if err != nil || got.status != http.StatusOK || readResult(t, readResponse(t, got.body).Result).IsError {
			t.Errorf("%s: got %d %s, %v, want the list", e.name, got.status, got.body, err)
		}
	}
	if got, err := a.send(t.Context(), http.MethodGet, "/mcp/", ""); err != nil || got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" {
		t.Errorf("GET: got %d, %v, want 405 with Allow", got.status, err)
	}
	if got, err := send(t.Context(), "", http.MethodPost, a.url+"/mcp/", "{}"); err != nil || got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") == "" {
		t.Errorf("without a token: got %d %s, %v, want 401", got.status, got.body, err)
	}
}
