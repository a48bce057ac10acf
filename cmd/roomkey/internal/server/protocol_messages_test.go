package server

import (
	"net/http"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/programtest"
)

// versionHeader is the header of a protocol version; none of an empty one.
func versionHeader(version string) []string {
	if version == "" {
		return nil
	}
	return []string{"Mcp-Protocol-Version", version}
}

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
	a := startServer(t, nil)
	for _, body := range silent {
		for _, version := range []string{"", "2025-11-25", "2026-07-28", "1999-01-01"} {
			got := a.post(t, body, versionHeader(version)...)
			if got.Status != http.StatusAccepted || len(got.Body) > 0 {
				t.Errorf("%s of %q: got %d %s, want 202 without a body", body, version, got.Status, got.Body)
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

const (
	notJSON   = "The request is not valid JSON."
	noBatch   = "Batches are not taken here: send each message by itself."
	noObject  = "A message must be a JSON object."
	noVersion = `jsonrpc must be "2.0".`
	noMethod  = "method must be a string."
	badID     = "id must be a string or a number. Only a notification has none."
	badParams = "params must be an object."
	badCursor = "cursor is not one that this list gave: it has one page. Leave cursor out."
)

// refusedMessages are refused as a whole, with that id, code and message.
var refusedMessages = []struct {
	body    string
	id      string
	code    int
	message string
}{
	{`{"jsonrpc":"2.0",`, `null`, -32700, notJSON},
	{`{"jsonrpc":"2.0","id":1,"method":"ping"}{}`, `null`, -32700, notJSON},
	{`{'jsonrpc':'2.0'}`, `null`, -32700, notJSON},
	{`[]`, `null`, -32600, noBatch},
	{`[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, `null`, -32600, noBatch},
	{`null`, `null`, -32600, noObject},
	{`"ping"`, `null`, -32600, noObject},
	{`7`, `null`, -32600, noObject},
	{`{"a":` + strings.Repeat(`[`, 20_000) + strings.Repeat(`]`, 20_000) + `}`, `null`, -32600,
		"The request is nested too deeply."},
	{`{}`, `null`, -32600, noVersion},
	{`{"id":1,"method":"ping"}`, `1`, -32600, noVersion},
	{`{"jsonrpc":2.0,"id":"a","method":"ping"}`, `"a"`, -32600, noVersion},
	{`{"jsonrpc":"2.0","id":1}`, `1`, -32600, noMethod},
	{`{"jsonrpc":"2.0","id":1,"method":7}`, `1`, -32600, noMethod},
	{`{"jsonrpc":"2.0","id":1,"method":["ping"]}`, `1`, -32600, noMethod},
	{`{"jsonrpc":"2.0","method":{}}`, `null`, -32600, noMethod},
	{`{"jsonrpc":"2.0","id":null,"method":"ping"}`, `null`, -32600, badID},
	{`{"jsonrpc":"2.0","id":{},"method":"ping"}`, `null`, -32600, badID},
	{`{"jsonrpc":"2.0","id":[1],"method":"ping"}`, `null`, -32600, badID},
	{`{"jsonrpc":"2.0","id":true,"method":"ping"}`, `null`, -32600, badID},
	{programtest.RPC("ping", `"x"`), `1`, -32602, badParams},
	{programtest.RPC("tools/call", `["create_room"]`), `1`, -32602, badParams},
	{programtest.RPC("tools/list", `7`), `1`, -32602, badParams},
	{programtest.RPC("tools/list", `{"cursor":"bm9uc2Vuc2U="}`), `1`, -32602, badCursor},
	{programtest.RPC("prompts/list", `{"cursor":"next"}`), `1`, -32602, badCursor},
	{programtest.RPC("resources/list", `{"cursor":7}`), `1`, -32602, badCursor},
	{programtest.RPC("tools/call", `{"name":"open_sesame","arguments":{}}`), `1`, -32602, ""},
	{programtest.RPC("tools/call", `{"name":"Create_Room","arguments":{}}`), `1`, -32602, ""},
	{programtest.RPC("tools/call", `{"name":"\u202egnp.exe","arguments":{}}`), `1`, -32602, ""},
	{programtest.RPC("prompts/get", `{"name":"moderate_room","arguments":{"room":5,"job":true}}`), `1`, -32602,
		"job must be a string, not a boolean. room must be a string, not a number."},
	{programtest.RPC("prompts/get", `{"name":"moderate_room","arguments":["lobby"]}`), `1`, -32602,
		"arguments must be an object, not an array."},
	{programtest.RPC("prompts/get", `{"name":"moderate_room","arguments":"lobby"}`), `1`, -32602,
		"arguments must be an object, not a string."},
	{programtest.RPC("prompts/list", `{"cursor":"%"}`), `1`, -32602, ""},
	{programtest.RPC("resources/list", `{"cursor":"%"}`), `1`, -32602, ""},
	{programtest.RPC("completion/complete",
		`{"ref":{"type":"ref/prompt","name":"moderate_room"},"argument":{"name":"room","value":7}}`), `1`, -32602,
		"argument.value must be a string, not a number."},
	{`{"jsonrpc":"2.0","id":1,"method":"no/such"}`, `1`, -32601, ""},
}

// What is refused as a whole says why, and only what is no JSON is called so.
func TestRefusedMessages(t *testing.T) {
	t.Parallel()
	a := startServer(t, nil)
	for _, test := range refusedMessages {
		for _, version := range []string{"", "2025-06-18"} {
			got := a.post(t, test.body, versionHeader(version)...)
			r := programtest.ReadResponse(t, got.Body)
			if r.Error == nil || r.Error.Code != test.code || string(r.ID) != test.id ||
				test.message != "" && r.Error.Message != test.message {
				t.Errorf("%.120s: got %.300s, want the error %d %s for %s",
					test.body, got.Body, test.code, test.message, test.id)
			}
			want := map[bool]int{true: http.StatusBadRequest, false: http.StatusOK}[test.id == "null"]
			if kind := got.Header.Get("Content-Type"); got.Status != want || kind != "application/json" {
				t.Errorf("%.120s: got status %d and %s, want %d and JSON", test.body, got.Status, kind, want)
			}
			holdNoGoText(t, test.body, got)
		}
		bridged := throughBridge(t, a, test.body+"\n")
		if r := bridged[test.id]; len(bridged) != 1 || r.Error == nil || r.Error.Code != test.code {
			t.Errorf("%.120s through a bridge: got %+v, want the error %d for %s",
				test.body, bridged, test.code, test.id)
		}
	}
	// A bridge refuses it in its own words.
	unknownRef := programtest.RPC("completion/complete", `{"ref":{"type":"ref/door"}}`)
	if r := programtest.ReadResponse(t, a.post(t, unknownRef).Body); r.Error == nil || r.Error.Code != -32600 {
		t.Errorf("%s: got %+v, want the error -32600", unknownRef, r)
	}
}

// What clients write in another shape than they mean does what they mean.
func TestMendedMessages(t *testing.T) {
	t.Parallel()
	a := startServer(t, nil)
	must[any](t, a, "create_room", map[string]any{"name": "lobby"})
	hello := func(rest string) string {
		return programtest.RPC("initialize",
			`{"protocolVersion":"2025-06-18","clientInfo":{"name":"php","version":"1"},`+rest+`}`)
	}
	call := func(tool, arguments string) string {
		return programtest.RPC("tools/call", `{"name":"`+tool+`","arguments":`+arguments+`}`)
	}
	prompt := func(name, arguments string) string {
		return programtest.RPC("prompts/get", `{"name":"`+name+`","arguments":`+arguments+`}`)
	}
	complete := func(argument, value, more string) string {
		return programtest.RPC("completion/complete", `{"ref":{"type":"ref/prompt","name":"moderate_room"},`+
			`"argument":{"name":"`+argument+`","value":`+value+`}`+more+`}`)
	}
	for _, body := range []string{
		programtest.RPC("ping", `[]`), programtest.RPC("ping", `[ ]`), programtest.RPC("ping", `null`),
		programtest.RPC("ping", `{"_meta":[]}`), programtest.RPC("ping", `{"_meta":null}`),
		programtest.RPC("tools/list", `[]`), programtest.RPC("tools/list", `{"cursor":""}`),
		programtest.RPC("tools/list", `{"cursor":null}`),
		programtest.RPC("prompts/list", `[]`), programtest.RPC("resources/list", `[]`),
		programtest.RPC("resources/templates/list", `[]`),
		hello(`"capabilities":[]`), hello(`"capabilities":{},"_meta":[]`),
		hello(`"capabilities":{"roots":[],"sampling":[],"elicitation":{"form":[]},"experimental":[]}`),
		call("list_rooms", `[]`), call("list_rooms", `[],"_meta":[]`), call("list_rooms", `null`),
		programtest.RPC("tools/call", `{"name":"list_rooms"}`), call("list_rooms", `"{}"`),
		call("get_room", `"{\"room_id\": \"lobby\"}"`),
		call("list_rooms", `{"scope":"","query":"","cursor":"","active":"true","limit":"5"}`),
		call("update_room", `{"room_id":"lobby","name":"","mode":"","settings":"{\"allow_chat\": false}"}`),
		call("create_room_codes", `{"room_id":"lobby","role":"","label":"","max_uses":"3"}`),
		call("get_room_codes", `{"room_id":"lobby","role":"","cursor":""}`),
		call("join_room", `{"room_id":"lobby","code":"","name":"","user_id":"","request_id":""}`),
		call("list_events", `{"room_id":"","kind":"","cursor":""}`),
		prompt("host_a_meeting", `[]`), prompt("host_a_meeting", `{"name":null,"guests":"","approval":""}`),
		prompt("moderate_room", `"{\"room\": \"lobby\"}"`),
		complete("room", `null`, ""), complete("room", `""`, `,"context":[]`),
		complete("identity", `""`, `,"context":{"arguments":[]}`),
		complete("identity", `""`, `,"context":{"arguments":{"room":null}}`),
	} {
		got := a.post(t, body)
		r := programtest.ReadResponse(t, got.Body)
		if r.Error != nil || len(r.Result) == 0 {
			t.Errorf("%s: got %.300s, want a result", body, got.Body)
			continue
		}
		if result := programtest.ReadResult(t, r.Result); result.IsError {
			t.Errorf("%s: got the error %s, want success", body, result.Meta)
		}
	}
	got := must[struct {
		Room struct{ Settings map[string]bool }
	}](t, a, "get_room", map[string]any{"room_id": "lobby"})
	if got.Room.Settings["allow_chat"] {
		t.Errorf("settings: got %v, want allow_chat off", got.Room.Settings)
	}
	modern := call("list_rooms", `[],"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",`+
		`"io.modelcontextprotocol/clientInfo":{"name":"php","version":"1"},`+
		`"io.modelcontextprotocol/clientCapabilities":[]}`)
	answered := a.post(t, modern,
		"Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", "list_rooms")
	if r := programtest.ReadResponse(t, answered.Body); r.Error != nil || programtest.ReadResult(t, r.Result).IsError {
		t.Errorf("%s: got %s, want a result", modern, answered.Body)
	}
}
