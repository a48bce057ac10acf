package server

import (
	"runtime"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
)

// Nothing of the program goes on in its process after it has stopped. Not
// parallel: other tests' programs must not run meanwhile.
func TestNoGoroutineIsLeft(t *testing.T) {
	a := startServer(t, nil)
	must[any](t, a, "create_room", map[string]any{"name": "brief", "create_codes": true})
	joined := must[struct {
		Token string `json:"token"`
	}](t, a, "join_room", map[string]any{"room_id": "brief"})
	person := livekittest.Join(t, "ws"+strings.TrimPrefix(a.url, "http"), joined.Token)
	must[any](t, a, "list_participants", map[string]any{"room_id": "brief"})
	if err := a.stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	person.Leave()
	var left []string
	if !programtest.Eventually(func() bool { left = ownGoroutines(); return len(left) == 0 }) {
		t.Errorf("goroutines after the end: got %d, want none\n%s", len(left), strings.Join(left, "\n\n"))
	}
}

// ownGoroutines are the stacks of goroutines that run code of this module or of
// its database, but for those of the tests. LiveKit leaves four of its own
// behind, which wait for ever and which nobody can stop.
func ownGoroutines() []string {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var own []string
	for _, stack := range strings.Split(string(stacks), "\n\n") {
		of := func(what string) bool { return strings.Contains(stack, what) }
		if (of("\nroomkey/") || of("by roomkey/") || of("database/sql.")) && !of("testing.tRunner") {
			own = append(own, stack)
		}
	}
	return own
}
