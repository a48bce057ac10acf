package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/tools"
)

// Every version that is offered is negotiated, and all of them get the same
// instructions.
func TestInitialize(t *testing.T) {
	t.Parallel()
	a := startServer(t, nil)
	type hello struct {
		ProtocolVersion   string
		SupportedVersions []string
		Instructions      string
		Capabilities      map[string]any
		ServerInfo        struct{ Name, Version string }
	}
	var discovered hello
	r := a.request(t, programtest.Eras[1], "server/discover", nil)
	if err := json.Unmarshal(r.Result, &discovered); err != nil {
		t.Fatalf("server/discover: %v in %s", err, r.Result)
	}
	versions := []string{"2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"}
	if diff := cmp.Diff(versions, discovered.SupportedVersions); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if n := utf8.RuneCountInString(discovered.Instructions); n == 0 || n > 2000 {
		t.Errorf("length of the instructions: got %d, want 1 to 2000", n)
	}
	for asked, want := range map[string]string{
		"2025-11-25": "2025-11-25", "2025-06-18": "2025-06-18", "2025-03-26": "2025-03-26",
		"1999-01-01": "2025-11-25", "2026-07-28": "2025-11-25", "": "2025-03-26",
	} {
		body, _ := programtest.Era{Name: "2025"}.Message(1, "initialize", map[string]any{"protocolVersion": asked,
			"capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "test", "version": "1"}})
		got := a.post(t, body)
		var h hello
		if err := json.Unmarshal(programtest.ReadResponse(t, got.Body).Result, &h); err != nil {
			t.Errorf("initialize with %q: %v in %s", asked, err, got.Body)
			continue
		}
		if h.ProtocolVersion != want {
			t.Errorf("version for %q: got %q, want %q", asked, h.ProtocolVersion, want)
		}
		if h.Instructions != discovered.Instructions {
			t.Errorf("instructions of %q: got %q, want those of server/discover", asked, h.Instructions)
		}
		none := map[string]any{}
		capabilities := map[string]any{"tools": none, "prompts": none, "resources": none, "completions": none}
		if diff := cmp.Diff(capabilities, h.Capabilities); diff != "" {
			t.Errorf("capabilities of %q (-want +got):\n%s", asked, diff)
		}
		if h.ServerInfo.Name != "roomkey" {
			t.Errorf("server of %q: got %q, want roomkey", asked, h.ServerInfo.Name)
		}
		if s := got.Header.Get("Mcp-Session-Id"); s != "" {
			t.Errorf("session of %q: got %q, want none", asked, s)
		}
	}
}

// Both eras list the same tools: those of the catalogue, by name.
func TestToolsList(t *testing.T) {
	t.Parallel()
	a := startServer(t, nil)
	want := map[string]any{}
	for _, definition := range tools.Definitions(tools.Selection{}.Select()) {
		want[definition.Name] = roundTrip(t, definition)
	}
	for _, e := range programtest.Eras {
		var list struct{ Tools []map[string]any }
		r := a.request(t, e, "tools/list", nil)
		if err := json.Unmarshal(r.Result, &list); err != nil {
			t.Fatalf("%s: %v in %s", e.Name, err, r.Result)
		}
		got := map[string]any{}
		for _, tool := range list.Tools {
			got[tool["name"].(string)] = tool
		}
		if diff := cmp.Diff(want, got); diff != "" || len(list.Tools) != len(want) {
			t.Errorf("%s: %d tools (-want +got):\n%s", e.Name, len(list.Tools), diff)
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

func holdNoGoText(t *testing.T, what string, got programtest.Answer) {
	t.Helper()
	if found := programtest.GoText.Find(got.Body); found != nil {
		t.Errorf("%.300s: got %s, want nothing like %q in it", what, got.Body, found)
	}
}

// What some clients send beside a message is let be, and a slash at the end of
// the address.
func TestHeadersAndSlash(t *testing.T) {
	t.Parallel()
	a := startServer(t, nil)
	for _, e := range programtest.Eras {
		for _, more := range [][]string{
			{"Last-Event-ID", "17"}, {"Mcp-Session-Id", "somebody-elses"}, {"Last-Event-ID", "x", "Mcp-Session-Id", "y"},
			{"Accept", "application/json"}, {"Accept", "*/*"}, {"Origin", a.url},
			{"Content-Type", "application/json; charset=utf-8"},
		} {
			body, header := e.Message("p", "tools/list", nil)
			got, err := a.send(t.Context(), http.MethodPost, "/mcp/", body, append(header, more...)...)
			if err != nil || got.Status != http.StatusOK || programtest.ReadResponse(t, got.Body).Error != nil {
				t.Errorf("%s: tools/list with %q: got %d %.200s, %v, want 200", e.Name, more, got.Status, got.Body, err)
			}
		}
	}
	got, err := a.send(t.Context(), http.MethodGet, "/mcp/", "")
	if err != nil || got.Status != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "POST" {
		t.Errorf("GET: got %d, %v, want 405 with Allow", got.Status, err)
	}
	got, err = programtest.Send(t.Context(), "", http.MethodPost, a.url+"/mcp/", "{}")
	if err != nil || got.Status != http.StatusUnauthorized || got.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("without a token: got %d %s, %v, want 401", got.Status, got.Body, err)
	}
}

// A call goes on whatever other clients say of a call with the same id.
func TestCancelledBySomebodyElse(t *testing.T) {
	t.Parallel()
	lk := programtest.StartGatedLiveKit(t)
	a := startServer(t, lk.Use)
	notifications := []string{
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`,
		`{"jsonrpc":"2.0","method":"notifications\/cancelled","params":{"requestId":7}}`,
		`{"jsonrpc":"2.0","method":"notifications/\u0063ancelled","params":{"requestId":7}}`,
		`{"jsonrpc":"2.0","\u006dethod":"notifications/\u0063\u0061\u006ecelled","params":{"requestId":7}}`,
		`{"jsonrpc":"2.0","METHOD":"notifications/cancelled","params":{"requestId":7}}`,
		`{"jsonrpc":"2.0","method":"ping","method":"notifications/cancelled","params":{"requestId":7}}`,
		`{"jsonrpc":"2.0","method":"notifications/cancelled","Method":"ping","params":{"requestId":7}}`,
		`{"jsonrpc":"2.0","method":"notifications/cancelled","Method":null,"params":{"requestId":7}}`,
		` { "jsonrpc" : "2.0" , "id" : 7 , "method" : "notifications/cancelled" , "params" : { "requestId" : 7 } } `,
		`[{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}]`,
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}} {}`,
	}
	for _, e := range programtest.Eras {
		lk.Close()
		body, header := e.Message(7, "tools/call",
			map[string]any{"name": "create_room", "arguments": map[string]any{"name": "cancelled-" + e.Name}})
		answered := make(chan error, 1)
		go func() {
			got, err := a.send(t.Context(), http.MethodPost, "/mcp", body, header...)
			if err == nil && !bytes.Contains(got.Body, []byte(`"is_active":true`)) {
				err = fmt.Errorf("got %s, want success", got.Body)
			}
			answered <- err
		}()
		lk.Await(t)
		for _, n := range notifications {
			for _, other := range programtest.Eras {
				got := a.post(t, n, "Mcp-Protocol-Version", other.Version, "Mcp-Method", "notifications/cancelled")
				holdNoGoText(t, n, got)
			}
		}
		lk.Open()
		if err := <-answered; err != nil {
			t.Errorf("%s: the call that others cancelled: %v", e.Name, err)
		}
	}
}
