//go:build unix

package livekit_test

import (
	"testing"

	"roomkey/livekit"
	"roomkey/livekit/livekittest"
)

// A node that was paused for so long that its people counted as gone has them still.
func TestPeopleOfAPausedNodeAreBack(t *testing.T) {
	w := setupCluster(t)
	a := w.joinAt(w.node, "a")
	w.waitInside("a")
	w.Server = connect(t, livekit.Config{URL: w.other.URL()}) // a call to the paused one would hang
	t.Cleanup(w.Close)
	w.waitInside("a")
	w.node.Pause()
	livekittest.Wait(t, "a to be taken for gone", func() bool {
		people, err := w.Participants(t.Context(), w.room.ID)
		return err == nil && len(people) == 0
	})
	w.node.Continue()
	w.waitInside("a")
	if err := w.Remove(t.Context(), w.room.ID, "a"); err != nil {
		t.Errorf("Remove: %v", err)
	}
	if reason := a.WaitDisconnected(); reason != "PARTICIPANT_REMOVED" {
		t.Errorf("a was disconnected by %s, want the removal", reason)
	}
}
