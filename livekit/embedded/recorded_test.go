package embedded_test

import (
	"testing"
	"time"

	lk "roomkey/livekit"
	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// A media room that nobody has entered does not run. It is in lists, can be made
// again, changed and deleted, and the first person starts it with its present limit.
func TestRoomThatNobodyHasEntered(t *testing.T) {
	t.Parallel()
	s := start(t, config())
	media := newAdapter(t, s.URL())
	listed := func() (names []string) {
		rooms, err := media.Rooms(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rooms {
			names = append(names, r.ID)
		}
		return names
	}
	for _, room := range []meet.Room{{ID: "room", MaxParticipants: 2}, {ID: "room", MaxParticipants: 1}, {ID: "other"}} {
		if err := media.EnsureRoom(t.Context(), room); err != nil {
			t.Fatal(err)
		}
	}
	if existed, err := media.DeleteRoom(t.Context(), "other"); !existed || err != nil {
		t.Errorf("delete a room that nobody has entered: %t, %v; want true", existed, err)
	}
	if got := listed(); len(got) != 1 || got[0] != "room" || embedded.Runs(t, s, "room") {
		t.Fatalf("listed: %q, runs: %t; want the room alone, not running", got, embedded.Runs(t, s, "room"))
	}
	everything := meet.Grants{Publish: meet.Sources, Subscribe: true, Data: true}
	livekittest.Join(t, s.URL(), newToken(t, media, "room", "a", everything))
	if !embedded.Runs(t, s, "room") {
		t.Error("the room does not run with somebody inside")
	}
	if person, err := livekittest.TryJoin(t, s.URL(), newToken(t, media, "room", "b", everything)); err == nil {
		person.Leave()
		t.Error("a second person came into a room for one")
	}
}

func TestRoomThatNobodyEntersEnds(t *testing.T) {
	t.Parallel()
	s := start(t, config())
	media := lk.New(lk.Config{URL: s.URL(), APIKey: livekittest.APIKey, APISecret: livekittest.APISecret,
		EmptyTimeout: time.Second})
	if err := media.EnsureRoom(t.Context(), meet.Room{ID: "room"}); err != nil {
		t.Fatal(err)
	}
	livekittest.Wait(t, "the room to end", func() bool {
		rooms, err := media.Rooms(t.Context())
		return err == nil && len(rooms) == 0
	})
}
