package storetest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"roomkey/meet"
)

// told is what a subscriber was told, in order.
type told struct {
	mu     sync.Mutex
	events []meet.Event
}

func (s *told) tell(_ context.Context, e meet.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

func (s *told) all() []meet.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// wantToldInOrder checks what must hold after every test: each event was told
// once, in the order of the ids, and those on record as they are there. An
// outcome may have changed since.
func (b testStore) wantToldInOrder() {
	b.t.Helper()
	all := map[int64]meet.Event{}
	var last int64
	for _, e := range b.told.all() {
		if e.ID <= last {
			b.t.Errorf("the event %d was told after %d", e.ID, last)
		}
		last, all[e.ID] = e.ID, e
	}
	for _, want := range b.events(meet.EventQuery{}) {
		got, ok := all[want.ID]
		if !ok {
			b.t.Errorf("nobody was told of %+v", want)
			continue
		}
		got.Outcome = want.Outcome
		wantSame(b.t, "the event that was told", got, want)
	}
}

var toldTests = []test{
	{"EveryChangeAndNoFailure", func(t *testing.T, b testStore) {
		b.prepare()
		for _, change := range b.changes() {
			wantErr(t, change.name, change.do(t.Context(), about("room.updated", change.name), nothing), nil)
			if change.handsIn {
				_ = change.do(t.Context(), about("room.updated", "refused"), func() error { return errRefused })
			}
		}
		for name := range b.failing(t.Context(), nil) {
			_ = b.failing(t.Context(), about("room.updated", name))[name]()
		}
		want := b.events(meet.EventQuery{})
		slices.Reverse(want)
		wantSame(t, "told", b.told.all(), want)
	}},
	{"WhenReadsSeeItAndBeforeTheCallReturns", func(t *testing.T, b testStore) {
		room := b.create(newRoom("room"))
		var seen []int
		b.Subscribe(func(ctx context.Context, e meet.Event) {
			room, err := b.RoomByID(ctx, e.RoomID)
			wantErr(t, "RoomByID", err, nil)
			events, err := b.Events(ctx, meet.EventQuery{Limit: 1})
			wantErr(t, "Events", err, nil)
			wantSame(t, "the newest event", events, []meet.Event{e})
			seen = append(seen, room.MaxParticipants)
		})
		for n := range 3 {
			_, err := b.UpdateRoom(t.Context(), room.ID, func(r *meet.Room) error {
				r.MaxParticipants = n
				return nil
			}, 0, about(meet.RoomUpdated, ""))
			wantErr(t, "UpdateRoom", err, nil)
			wantSame(t, "told", len(seen), n+1)
		}
		wantSame(t, "seen", seen, []int{0, 1, 2})
	}},
	{"AlsoWhereTheCallerHasGivenUp", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			_, _ = b.UpdateRoom(ctx, "id-room", func(*meet.Room) error { cancel(); return nil }, 0, about(meet.RoomUpdated, ""))
		}
		b.write(about(meet.RoomCleared, "last"))
		want := b.events(meet.EventQuery{})
		slices.Reverse(want)
		wantSame(t, "told", b.told.all(), want)
	}},
}
