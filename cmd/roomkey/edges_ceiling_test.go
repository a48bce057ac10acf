package main

import (
	"fmt"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/config"
)

// Under disable_destructive no code is switched off on any edge, whatever the
// edge calls it, and a code can still be made and switched on.
func TestEdgesUnderACeiling(t *testing.T) {
	t.Parallel()
	a := startApp(t, func(c *config.Config) { allToolsets(c); c.DisableDestructive = true })
	s := newScene(t, a, "a room")
	for _, e := range edges["disable a code"] {
		if e.name == "update_room_code" || strings.Contains(e.name, " update_room_code") {
			continue // is not offered
		}
		if got := s.ask(e, "room's admin"); got.verdict != no || got.message != "No code is switched off by this server" {
			t.Errorf("%s: got %s (%s), want %s", e.name, got, got.message, no)
		}
		if got := s.ask(e, "other user"); got.verdict != no || got.message == "No code is switched off by this server" {
			t.Errorf("%s as another user: got %s (%s), want that it is not theirs", e.name, got, got.message)
		}
	}
	var listed struct {
		Codes []struct {
			Code    string
			Enabled bool
		}
	}
	s.must("room's admin", "get_room_codes", `{"room_id": "{room}"}`, &listed)
	if len(listed.Codes) != 1 || !listed.Codes[0].Enabled {
		t.Errorf("codes: got %+v, want the one enabled", listed.Codes)
	}
	for _, action := range []string{"enable a code", "create codes", "create a code for a role"} {
		for _, e := range edges[action] {
			if strings.Contains(e.name, "update_room_code") {
				continue
			}
			if got := s.ask(e, "room's admin"); got.verdict != yes {
				t.Errorf("%s: got %s, want %s", e.name, got, yes)
			}
		}
	}
	for _, e := range edges["kick"] {
		if e.rest() && s.ask(e, "room's admin").verdict != no {
			t.Errorf("%s: want %s", e.name, no)
		}
	}
}

// The ceiling of a bridge holds for what depends on arguments, too, whatever the
// server behind it allows.
func TestABridgeKeepsCodesOn(t *testing.T) {
	t.Parallel()
	a := startApp(t, allToolsets)
	s := newScene(t, a, "a room")
	selection := everything
	selection.DisableDestructive = true
	call := func(enabled bool) string {
		t.Helper()
		line := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"hms-update-room-code","arguments":{"code":%q,"body":{"enabled":%t}}}}`, s.code, enabled)
		return string(throughThisBridge(t, a.bridgeConfig(selection, a.owner), line)["1"].Result)
	}
	if got := call(false); !strings.Contains(got, "No code is switched off by this server") {
		t.Errorf("disabling: got %s", got)
	}
	if got := call(true); strings.Contains(got, "isError\":true") {
		t.Errorf("enabling: got %s", got)
	}
}
