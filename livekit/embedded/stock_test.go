package embedded_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// On a foreign server a changed limit holds for an empty room at once, and for
// others when they have emptied. Nobody is ever disturbed.
func TestLimitsOnAForeignServer(t *testing.T) {
	t.Parallel()
	server := livekittest.StartServer(t, livekittest.ServerOptions{})
	lk := newAdapter(t, server.URL())
	ensure := func(limit int) {
		t.Helper()
		if err := lk.EnsureRoom(t.Context(), meet.Room{ID: "room", MaxParticipants: limit}); err != nil {
			t.Fatal(err)
		}
	}
	enters := func(identity string) bool {
		t.Helper()
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL(), "http")+"/rtc?protocol=16",
			http.Header{"Authorization": {"Bearer " + newToken(t, lk, "room", identity, meet.Grants{})}})
		if err == nil {
			t.Cleanup(func() { conn.Close() })
		}
		return err == nil
	}
	ensure(1)
	ensure(2) // nobody is inside: made anew
	if !enters("a") || !enters("b") {
		t.Fatal("the raised limit of an empty room does not let two in")
	}
	if enters("c") {
		t.Fatal("a third one came in")
	}

	livekittest.Wait(t, "both to be listed", func() bool {
		people, err := lk.Participants(t.Context(), "room")
		return err == nil && len(people) == 2
	})
	ensure(3)
	if people, err := lk.Participants(t.Context(), "room"); err != nil || len(people) != 2 {
		t.Fatalf("after EnsureRoom there are %v, %v, want both still", people, err)
	}
	// This is why there is a session gate.
	if enters("c") {
		t.Error("LiveKit takes a changed limit now: the session gate may not be needed any more")
	}

	if _, err := lk.DeleteRoom(t.Context(), "room"); err != nil {
		t.Fatal(err)
	}
	ensure(0)
	for _, identity := range []string{"a", "b", "c", "d"} {
		if !enters(identity) {
			t.Errorf("%s was refused in a room without a limit", identity)
		}
	}
}
