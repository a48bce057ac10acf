package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestReadRoom(t *testing.T) {
	t.Parallel()
	got, err := readRoom(json.RawMessage(`{"structuredContent":{"room":{"id":"r-1"},
		"codes":[{"code":"aaa-aaaa-aaa","role":"host"},{"code":"bbb-bbbb-bbb","role":"guest"}]}}`))
	if err != nil || got.id != "r-1" || got.codes["host"] != "aaa-aaaa-aaa" || got.codes["guest"] != "bbb-bbbb-bbb" {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, result := range []string{`{}`, `{"structuredContent":{"room":{"id":"r-1"},"codes":[]}}`, `7`} {
		if got, err := readRoom(json.RawMessage(result)); err == nil {
			t.Errorf("%s: got %+v, want an error", result, got)
		}
	}
}

// A server with LiveKit's variables would not be the one that is measured.
func TestCommandKeepsRoomkeysVariables(t *testing.T) {
	t.Setenv("LIVEKIT_URL", "ws://somewhere")
	t.Setenv("ROOMKEY_LISTEN", "127.0.0.1:1")
	environment := strings.Join(command("roomkey", t.TempDir(), nil, "serve").Env, "\n")
	if strings.Contains(environment, "LIVEKIT_URL") || !strings.Contains(environment, "ROOMKEY_LISTEN") {
		t.Errorf("got environment %s", environment)
	}
}
