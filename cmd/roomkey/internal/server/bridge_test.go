package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/tools"
)

// everything selects all tools.
var everything = tools.Selection{Toolsets: tools.Toolsets}

// bridgeConfig is a bridge to the program, with an access token.
func (a *testServer) bridgeConfig(offered tools.Selection, token string) bridge.Config {
	return bridge.Config{Data: a.data, Selection: offered, Log: slog.New(slog.DiscardHandler),
		OwnerToken: func() (func() (string, error), error) { return bridge.FixedToken(token), nil },
		Start:      func(context.Context, netip.AddrPort) (bridge.Server, error) { return nil, datafolder.ErrInUse }}
}

// throughBridge sends lines over a bridge as the local owner and gives the
// answers by id.
func throughBridge(t *testing.T, a *testServer, input string) map[string]programtest.Response {
	t.Helper()
	return throughThisBridge(t, a.bridgeConfig(everything, a.owner), input)
}

func throughThisBridge(t *testing.T, c bridge.Config, input string) map[string]programtest.Response {
	t.Helper()
	out := new(livekittest.Output)
	if err := bridge.Serve(t.Context(), c, strings.NewReader(input), out); err != nil {
		t.Fatalf("bridge: %v", err)
	}
	answers := map[string]programtest.Response{}
	for line := range strings.Lines(out.String()) {
		r := programtest.ReadResponse(t, []byte(line))
		if _, twice := answers[string(r.ID)]; twice || !strings.HasSuffix(line, "\n") {
			t.Errorf("answer %.200q: got a second one for its id, or half a line", line)
		}
		answers[string(r.ID)] = r
	}
	return answers
}

// Every request gets one answer, whatever it is; nothing else gets any.
func TestBridge(t *testing.T) {
	t.Parallel()
	a := startServer(t, nil)
	var input strings.Builder
	var want []string
	line := func(id, rest string) {
		fmt.Fprintf(&input, `{"jsonrpc":"2.0","id":%s,%s}`+"\n", id, rest)
		want = append(want, id)
	}
	for i := range 100 { // more than go at once
		line(fmt.Sprint(i), `"method":"tools/call","params":{"name":"create_room","arguments":{}}`)
	}
	line(`"text"`, `"method":"ping"`)
	line(`""`, `"method":"ping"`)
	for _, id := range []string{"-7", "9007199254740993", "12345678901234567890123", "1.5", "1e3", `"日本"`, `"\u001f"`} {
		line(id, `"method":"ping"`)
	}
	large := strings.Repeat("x", 300<<10)
	line(`"large"`, `"method":"tools/call","params":{"name":"create_room","arguments":{"name":"`+large+`"}}`)
	line(`"large too"`, `"method":"ping","params":{"x":"`+large+`"}`)
	input.WriteString(`{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\r\n\n \t\n")
	input.WriteString(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"nobody's"}}` + "\n")
	input.WriteString(`{"jsonrpc":"2.0","id":"r","result":{}}` + "\n")
	input.WriteString(`{"jsonrpc":"2.0","id":"no line end","method":"ping"}`)
	want = append(want, `"no line end"`)

	got := throughBridge(t, a, input.String())
	for _, id := range want {
		r, ok := got[id]
		if !ok {
			t.Errorf("%s: got no answer", id)
		}
		if (r.Error != nil) != (id == `"large too"`) {
			t.Errorf("%s: got the error %+v", id, r.Error)
		}
		delete(got, id)
	}
	if len(got) > 0 {
		t.Errorf("answers nobody asked for: got %v, want none", got)
	}
}

// What is too large is an error of the tool for a model and one of the protocol
// for a client.
func TestBridgeErrors(t *testing.T) {
	t.Parallel()
	a := startServer(t, nil)
	guest := a.token(t, meet.Principal{ID: "eve", Role: meet.Guest})
	large := strings.Repeat("x", 300<<10)
	got := throughThisBridge(t, a.bridgeConfig(everything, guest),
		programtest.RPC("tools/call", `{"name":"create_room","arguments":{"name":"`+large+`"}}`)+"\n"+
			strings.Replace(programtest.RPC("tools/list", `{"x":"`+large+`"}`), `"id":1`, `"id":2`, 1)+"\n")
	const message = "The body is larger than 256 KiB"
	r := programtest.ReadResult(t, got["1"].Result)
	if failed := programtest.Report(t, r); failed.Code != meet.CodeInvalid || failed.Message != message ||
		len(r.Content) != 1 || !strings.HasPrefix(r.Content[0].Text, "invalid: "+message+". ") {
		t.Errorf("tools/call: got %+v with the text %v, want invalid: %s", failed, r.Content, message)
	}
	if e := got["2"].Error; e == nil || e.Code != -32603 || !strings.HasPrefix(e.Message, "invalid: "+message+". ") {
		t.Errorf("tools/list: got %+v, want the error -32603 with invalid: %s", e, message)
	}
}

// A cancelled call gets no answer; those beside it do.
func TestBridgeCancellation(t *testing.T) {
	t.Parallel()
	lk := programtest.StartGatedLiveKit(t)
	a := startServer(t, lk.Use)
	lk.Close()
	in, feed := io.Pipe()
	out, ended := new(livekittest.Output), make(chan error, 1)
	go func() {
		ended <- bridge.Serve(context.Background(), a.bridgeConfig(everything, a.owner), in, out)
	}()
	say := func(line string) {
		if _, err := io.WriteString(feed, line+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{`1`, `"1"`} {
		say(`{"jsonrpc":"2.0","id":` + id + `,"method":"tools/call","params":{"name":"create_room","arguments":{}}}`)
		lk.Await(t)
	}
	say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"changed my mind"}}`)
	if !programtest.Eventually(func() bool { return lk.GivenUp() == 1 }) {
		t.Error("the cancelled call: LiveKit's request is still waited for")
	}
	lk.Open()
	feed.Close()
	if err := <-ended; err != nil {
		t.Errorf("bridge: %v", err)
	}
	var ids []string
	for line := range strings.Lines(out.String()) {
		ids = append(ids, string(programtest.ReadResponse(t, []byte(line)).ID))
	}
	if !slices.Equal(ids, []string{`"1"`}) {
		t.Errorf("answers: got %v, want only that of \"1\"", ids)
	}
	var rooms struct{ Rooms []json.RawMessage }
	if rooms = must[struct{ Rooms []json.RawMessage }](t, a, "list_rooms", nil); len(rooms.Rooms) != 1 {
		t.Errorf("rooms: got %d, want 1", len(rooms.Rooms))
	}
}

// A bridge offers no prompt and no resource that needs a tool which it does
// not offer, whatever the server does.
func TestBridgeCeilings(t *testing.T) {
	t.Parallel()
	a := startServer(t, nil)
	must[any](t, a, "create_room", map[string]any{"name": "alpha"})
	messages := map[string]string{
		"prompts":   programtest.RPC("prompts/list", `{}`),
		"templates": programtest.RPC("resources/templates/list", `{}`),
		"resources": programtest.RPC("resources/list", `{}`),
		"get":       programtest.RPC("prompts/get", `{"name":"moderate_room","arguments":{"room":"alpha"}}`),
		"read":      programtest.RPC("resources/read", `{"uri":"roomkey://rooms/alpha"}`),
		"roles":     programtest.RPC("resources/read", `{"uri":"roomkey://roles"}`),
		"complete": programtest.RPC("completion/complete",
			`{"ref":{"type":"ref/prompt","name":"moderate_room"},"argument":{"name":"room","value":"a"}}`),
		"complete too": programtest.RPC("completion/complete",
			`{"ref":{"type":"ref/resource","uri":"roomkey://rooms/{name}"},"argument":{"name":"name","value":"a"}}`),
	}
	var input strings.Builder
	for id, message := range messages {
		input.WriteString(strings.Replace(message, `"id":1`, `"id":"`+id+`"`, 1) + "\n")
	}
	const noPrompts, rooms, noRooms = `"prompts":[]`, "roomkey://rooms/", ""
	for _, test := range []struct {
		name               string
		selection          tools.Selection
		refused            []string
		prompts, templates string // what these lists have in them
	}{
		{"everything", tools.Selection{}, nil, "moderate_room", rooms},
		{"read-only", tools.Selection{ReadOnly: true}, []string{"complete", "get"}, noPrompts, rooms},
		{"codes", tools.Selection{Toolsets: []tools.Toolset{tools.Codes}},
			[]string{"complete", "complete too", "get", "read"}, noPrompts, noRooms},
		{"moderation", tools.Selection{Toolsets: []tools.Toolset{tools.Moderation}},
			[]string{"complete too", "read"}, "moderate_room", noRooms},
	} {
		got := throughThisBridge(t, a.bridgeConfig(test.selection, a.owner), input.String())
		var refused []string
		for id := range messages {
			r, code := got[`"`+id+`"`], mcp.INVALID_PARAMS
			if id == "read" {
				code = mcp.RESOURCE_NOT_FOUND
			}
			if r.Error != nil {
				refused = append(refused, id)
				if r.Error.Code != code {
					t.Errorf("%s: %s: got %+v, want the error %d", test.name, id, r.Error, code)
				}
			}
		}
		slices.Sort(refused)
		if diff := cmp.Diff(test.refused, refused); diff != "" {
			t.Errorf("%s: refused (-want +got):\n%s", test.name, diff)
		}
		lists := map[string]string{"prompts": test.prompts, "templates": test.templates, "resources": "roomkey://roles"}
		for id, want := range lists {
			if r := got[`"`+id+`"`]; r.Error != nil || !strings.Contains(programtest.Compact(t, r.Result), want) {
				t.Errorf("%s: %s: got %s, want %s in it", test.name, id, r.Result, want)
			}
		}
		if r := got[`"templates"`]; test.templates == noRooms && strings.Contains(string(r.Result), rooms) {
			t.Errorf("%s: got %s, want no template of rooms", test.name, r.Result)
		}
		if r := got[`"prompts"`]; test.name == "moderation" && strings.Contains(string(r.Result), "audit_access") {
			t.Errorf("%s: got %s, want no other prompt", test.name, r.Result)
		}
	}
}
