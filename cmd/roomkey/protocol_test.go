package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"roomkey/tools"
)

// Every version that is offered is negotiated, and all of them get the same
// instructions.
func TestInitialize(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	type hello struct {
		ProtocolVersion   string
		SupportedVersions []string
		Instructions      string
		Capabilities      map[string]any
		ServerInfo        struct{ Name, Version string }
	}
	var discovered hello
	r := a.request(t, eras[1], "server/discover", nil)
	if err := json.Unmarshal(r.Result, &discovered); err != nil {
		t.Fatalf("server/discover: %v in %s", err, r.Result)
	}
	if diff := cmp.Diff([]string{"2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"}, discovered.SupportedVersions); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if n := utf8.RuneCountInString(discovered.Instructions); n == 0 || n > 2000 {
		t.Errorf("length of the instructions: got %d, want 1 to 2000", n)
	}
	for asked, want := range map[string]string{
		"2025-11-25": "2025-11-25", "2025-06-18": "2025-06-18", "2025-03-26": "2025-03-26",
		"1999-01-01": "2025-11-25", "2026-07-28": "2025-11-25", "": "2025-03-26",
	} {
		body, _ := era{name: "2025"}.message(1, "initialize", map[string]any{
			"protocolVersion": asked, "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "test", "version": "1"}})
		got := a.post(t, body)
		var h hello
		if err := json.Unmarshal(readResponse(t, got.body).Result, &h); err != nil {
			t.Errorf("initialize with %q: %v in %s", asked, err, got.body)
			continue
		}
		if h.ProtocolVersion != want {
			t.Errorf("version for %q: got %q, want %q", asked, h.ProtocolVersion, want)
		}
		if h.Instructions != discovered.Instructions {
			t.Errorf("instructions of %q: got %q, want those of server/discover", asked, h.Instructions)
		}
		if diff := cmp.Diff(map[string]any{"tools": map[string]any{}, "prompts": map[string]any{}, "resources": map[string]any{}, "completions": map[string]any{}}, h.Capabilities); diff != "" {
			t.Errorf("capabilities of %q (-want +got):\n%s", asked, diff)
		}
		if h.ServerInfo.Name != "roomkey" {
			t.Errorf("server of %q: got %q, want roomkey", asked, h.ServerInfo.Name)
		}
		if s := got.header.Get("Mcp-Session-Id"); s != "" {
			t.Errorf("session of %q: got %q, want none", asked, s)
		}
	}
}

// Both eras list the same tools: those of the catalogue, by name.
func TestToolsList(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	want := map[string]any{}
	for _, definition := range tools.Definitions(tools.Selection{}.Select()) {
		want[definition.Name] = roundTrip(t, definition)
	}
	for _, e := range eras {
		var list struct{ Tools []map[string]any }
		r := a.request(t, e, "tools/list", nil)
		if err := json.Unmarshal(r.Result, &list); err != nil {
			t.Fatalf("%s: %v in %s", e.name, err, r.Result)
		}
		got := map[string]any{}
		for _, tool := range list.Tools {
			got[tool["name"].(string)] = tool
		}
		if diff := cmp.Diff(want, got); diff != "" || len(list.Tools) != len(want) {
			t.Errorf("%s: %d tools (-want +got):\n%s", e.name, len(list.Tools), diff)
		}
	}
}

func roundTrip(t *testing.T, v any) (out any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A success says the same twice, complete both times, and nothing is null.
func TestToolSuccess(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	for _, e := range eras {
		room := "success-" + e.name
		steps := []struct {
			tool      string
			arguments map[string]any
		}{
			{"create_room", map[string]any{"name": room, "create_codes": true}},
			{"create_room", nil},
			{"get_room", map[string]any{"room_id": room}},
			{"list_rooms", map[string]any{"query": "nothing-like-this"}},
			{"list_rooms", map[string]any{"limit": 1}},
			{"list_rooms", map[string]any{"scope": nil, "active": nil}},
			{"get_room_codes", map[string]any{"room_id": room, "role": "host"}},
			{"list_participants", map[string]any{"room_id": room}},
			{"mute_participant", map[string]any{"room_id": room, "identity": "*"}},
			{"join_room", map[string]any{"room_id": room, "name": "<Ada> & \"Łukasz\""}},
			{"end_room", map[string]any{"room_id": room, "confirm_name": room}},
		}
		for _, step := range steps {
			r := a.call(t, e, step.tool, step.arguments)
			if r.IsError || len(r.Content) != 1 || r.Content[0].Type != "text" {
				t.Errorf("%s of %s: got %+v, want a success with one text block", step.tool, e.name, r)
				continue
			}
			if got, want := compact(t, []byte(r.Content[0].Text)), compact(t, r.StructuredContent); got != want {
				t.Errorf("text block of %s: got %s, want %s", step.tool, got, want)
			}
			if strings.Contains(string(r.StructuredContent), "null") {
				t.Errorf("%s: got %s, want no null", step.tool, r.StructuredContent)
			}
		}
	}
}

func compact(t *testing.T, text []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%q is no JSON: %v", text, err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A call goes on whatever other clients say of a call with the same id.
func TestCancelledBySomebodyElse(t *testing.T) {
	t.Parallel()
	lk := startGatedLiveKit(t)
	a := startApp(t, lk.use)
	notifications := []string{
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`,
		`{"jsonrpc":"2.0","method":"notifications\/cancelled","params":{"requestId":7}}`,
		`{"jsonrpc":"2.0","method":"notifications/\u0063ancelled","params":{"requestId":7}}`,
		`{"jsonrpc":"2.0","\u006dethod":"notifications/\u0063\u0061\u006e\u0063\u0065\u006c\u006c\u0065\u0064","params":{"requestId":7}}`,
		`{"jsonrpc":"2.0","METHOD":"notifications/cancelled","params":{"requestId":7}}`,
		`{"jsonrpc":"2.0","method":"ping","method":"notifications/cancelled","params":{"requestId":7}}`,
		`{"jsonrpc":"2.0","method":"notifications/cancelled","Method":"ping","params":{"requestId":7}}`,
		`{"jsonrpc":"2.0","method":"notifications/cancelled","Method":null,"params":{"requestId":7}}`,
		` { "jsonrpc" : "2.0" , "id" : 7 , "method" : "notifications/cancelled" , "params" : { "requestId" : 7 } } `,
		`[{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}]`,
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}} {}`,
	}
	for _, e := range eras {
		lk.close()
		body, header := e.message(7, "tools/call", map[string]any{"name": "create_room", "arguments": map[string]any{"name": "cancelled-" + e.name}})
		answered := make(chan answer, 1)
		failed := make(chan error, 1)
		go func() {
			got, err := a.send(t.Context(), http.MethodPost, "/mcp", body, header...)
			if err != nil {
				failed <- err
				return
			}
			answered <- got
		}()
		lk.await(t)
		for _, n := range notifications {
			for _, other := range eras {
				got := a.post(t, n, "Mcp-Protocol-Version", other.version, "Mcp-Method", "notifications/cancelled")
				holdNoGoText(t, n, got)
			}
		}
		lk.open()
		select {
		case got := <-answered:
			if r := readResult(t, readResponse(t, got.body).Result); r.IsError || len(r.Content) == 0 {
				t.Errorf("%s: the call that others cancelled: got %s, want success", e.name, got.body)
			}
		case err := <-failed:
			t.Errorf("%s: the call that others cancelled: %v", e.name, err)
		case <-time.After(patience):
			t.Fatalf("%s: the call that others cancelled is not answered", e.name)
		}
	}
}
