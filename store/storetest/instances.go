package storetest

import (
	"context"
	"sync"
	"testing"

	"roomkey/meet"
)

// Of several instances only what each of them finds is held here; the tests of a
// database that is shared have the rest.
var instanceTests = []test{
	{"ARoomCanBeLockedAgainAndAgain", func(t *testing.T, b testStore) {
		for range 100 {
			unlock, err := b.LockRoom(t.Context(), "id-room")
			wantErr(t, "LockRoom", err, nil)
			unlock()
		}
	}},
	{"RoomsAreLockedApart", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		var unlock []func()
		for _, id := range []string{"id-room", "id-other", "not there"} {
			release, err := b.LockRoom(t.Context(), id)
			wantErr(t, "LockRoom", err, nil)
			unlock = append(unlock, release)
		}
		b.update("id-room", func(r *meet.Room) { r.IsPublic = true }) // the holder of a lock can write
		for _, release := range unlock {
			release()
		}
	}},
	{"WhatIsDoneHereIsNotToldAsDoneElsewhere", func(t *testing.T, b testStore) {
		var mu sync.Mutex
		var events []meet.Event
		var counts []meet.Count
		b.SubscribeElsewhere(func(e meet.Event) {
			mu.Lock()
			defer mu.Unlock()
			if e.RoomID != "" || !b.Shared() { // else something may have been missed
				events = append(events, e)
			}
		})
		b.SubscribeCounts(func(c meet.Count) {
			mu.Lock()
			defer mu.Unlock()
			counts = append(counts, c)
		})
		b.prepare()
		for _, change := range b.changes() {
			wantErr(t, change.name, change.do(t.Context(), about(meet.RoomUpdated, change.name), nothing), nil)
		}
		wantErr(t, "AnnounceCounts", b.AnnounceCounts(t.Context(), nil), nil)
		wantErr(t, "AnnounceCounts", b.AnnounceCounts(t.Context(), []meet.Count{{Limit: "guesses", Key: "key", N: 1}}), nil)
		mu.Lock()
		defer mu.Unlock()
		failIf(t, len(events)+len(counts) > 0, "%v and %v were told to the instance that made them", events, counts)
	}},
	{"WhoHasGivenUpGetsNoLock", func(t *testing.T, b testStore) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := b.LockRoom(ctx, "id-room")
		wantErr(t, "LockRoom", err, context.Canceled)
	}},
}
