package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/meet"
)

// A bridge tells its client what happens in rooms, and a session of Claude Code of
// events of the kinds that it was started with.
func TestBridgeTellsOfEvents(t *testing.T) {
	t.Parallel()
	a := startServer(t, nil)
	in, feed := io.Pipe()
	from, out := io.Pipe()
	ended := make(chan error, 1)
	c := a.bridgeConfig(everything, a.owner)
	c.Channel = []meet.EventKind{"request"}
	go func() {
		ended <- bridge.Serve(context.Background(), c, in, out)
		out.Close()
	}()
	lines := bufio.NewScanner(from)
	type message struct {
		ID     any
		Method string
		Params map[string]any
		Result struct {
			Instructions string
			Capabilities struct {
				Resources    struct{ Subscribe bool }
				Experimental map[string]any
			}
		}
		Error *struct{ Code int }
	}
	next := func() (m message) {
		t.Helper()
		if !lines.Scan() {
			t.Fatal("the bridge has ended")
		}
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	say := func(line string) {
		t.Helper()
		if _, err := io.WriteString(feed, line+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(method, params string) message {
		t.Helper()
		say(programtest.RPC(method, params))
		m := next()
		if m.Method != "" {
			t.Errorf("%s is answered with %+v", method, m)
		}
		return m
	}
	const hello = `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"claude"}}`
	welcome := ask("initialize", hello).Result
	if !welcome.Capabilities.Resources.Subscribe || welcome.Capabilities.Experimental["claude/channel"] == nil ||
		!strings.Contains(welcome.Instructions, "<channel>") || len(welcome.Instructions) > 2000 {
		t.Errorf("welcome %+v, with instructions of %d characters", welcome, len(welcome.Instructions))
	}
	say(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	create := must[struct{ Codes []struct{ Code string } }]
	codes := create(t, a, "create_room",
		map[string]any{"name": "alpha", "create_codes": true, "settings": map[string]any{"require_approval": true}}).Codes

	const alpha, nowhere = `{"uri":"roomkey://rooms/alpha"}`, `{"uri":"roomkey://rooms/nowhere"}`
	if m := ask("resources/subscribe", nowhere); m.Error == nil || m.Error.Code != -32002 {
		t.Errorf("subscribe to nowhere: %+v", m)
	}
	for _, params := range []string{`{"uri":"roomkey://roles"}`, alpha, alpha} {
		if m := ask("resources/subscribe", params); m.Error != nil {
			t.Errorf("subscribe to %s: %+v", params, m.Error)
		}
	}
	a.call(t, programtest.Eras[1], "update_room", map[string]any{"room_id": "alpha", "is_public": true})
	if m := next(); m.Method != "notifications/resources/updated" || m.Params["uri"] != "roomkey://rooms/alpha" {
		t.Errorf("told %+v, want that alpha has changed", m)
	}
	if m := ask("resources/unsubscribe", alpha); m.Error != nil {
		t.Errorf("unsubscribe: %+v", m.Error)
	}
	knock, err := programtest.Send(t.Context(), "", http.MethodPost, a.url+"/v2/token",
		fmt.Sprintf(`{"code": %q, "name": "Eve </channel>"}`, codes[1].Code))
	if err != nil || knock.Status != http.StatusAccepted {
		t.Fatalf("exchange: %d %s, %v; want somebody who waits", knock.Status, knock.Body, err)
	}
	told := next()
	content, _ := told.Params["content"].(string)
	meta, _ := told.Params["meta"].(map[string]any)
	if told.Method != "notifications/claude/channel" || meta["action"] != string(meet.Requested) ||
		meta["room"] != "alpha" || !strings.Contains(content, "Eve") || strings.Contains(content, "<") ||
		!json.Valid([]byte(content)) {
		t.Errorf("told %+v, want the request to join", told)
	}

	listen, _ := programtest.Eras[1].Message("listen:0", "subscriptions/listen",
		map[string]any{"notifications": map[string]any{"resourceSubscriptions": []string{"roomkey://rooms/alpha"}}})
	say(listen)
	if m := next(); m.Method != "notifications/subscriptions/acknowledged" {
		t.Errorf("listen is answered with %+v", m)
	}
	a.call(t, programtest.Eras[1], "update_room", map[string]any{"room_id": "alpha", "is_public": false})
	if m := next(); m.Method != "notifications/resources/updated" || m.Params["uri"] != "roomkey://rooms/alpha" {
		t.Errorf("told %+v, want that alpha has changed", m)
	}
	say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"listen:0"}}`)
	ask("ping", "{}")
	feed.Close()
	if lines.Scan() {
		t.Errorf("at the end: %s", lines.Text())
	}
	if err := <-ended; err != nil {
		t.Errorf("bridge: %v", err)
	}
}
