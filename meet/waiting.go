package meet

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// onEvent is called for every event that was committed, in their order, before
// the call that caused it returns. It writes the event to the log and wakes the
// calls that wait for something like it.
func (s *Service) onEvent(ctx context.Context, e Event) {
	if s.log.Enabled(ctx, slog.LevelInfo) {
		s.log.LogAttrs(ctx, slog.LevelInfo, string(e.Action), e.logAttrs()...)
	}
	s.waiters.wakeFor(e)
}

// concerns says whether a waiter has to look at the room again after an event.
func (e Event) concerns(w waiter) bool {
	if w.follower > 0 {
		return w.kind == "" || w.kind == e.Action.Kind()
	}
	switch e.Action.Kind() {
	case "request": // an answer ends one person's wait; every host's list has changed
		return w.isHost() || strings.HasPrefix(w.request, e.Target)
	case "participant": // a host may not be one any more, and what is locked is in every host's view
		return e.Action == Kicked ||
			w.isHost() && slices.Contains([]EventAction{Updated, UpdateEnded, Locked, Unlocked}, e.Action)
	}
	return true
}

// waiter is somebody who waits for something to happen in a room: the person
// behind a join request, a host who looks at the list of requests, or somebody who
// is there before the room starts, or who follows events, also those of many rooms.
type waiter struct {
	room     string // or one of the places where those wait who follow many rooms
	request  string // the id of the join request; empty for a host
	identity string // of the host
	early    int64  // numbers the calls of people who wait for the start
	caller   string // who makes such a call

	follower uint64    // which of those who follow events; 0 is none
	kind     EventKind // of the events that are followed; empty is every kind
}

// Where those wait who follow the events of many rooms. No room has such an id.
const allRooms = "all rooms"

func roomsOf(admin string) string { return "rooms of " + admin }

// follower gives the waiter of a call that follows the events of a query. No two
// are the same, because several programs may follow the same with one access token.
func (ws *waiters) follower(q EventQuery) waiter {
	w := waiter{room: q.RoomID, follower: ws.followers.Add(1), kind: q.Kind}
	switch {
	case q.RoomID != "":
	case q.Admin != "":
		w.room = roomsOf(q.Admin)
	default:
		w.room = allRooms
	}
	return w
}

func (w waiter) isHost() bool { return w.request == "" && w.early == 0 && w.follower == 0 }

// waiters are the calls that wait now. Each waiter waits once: a newer call of
// theirs has the older one answer at once, so that calls do not pile up.
type waiters struct {
	mu        sync.Mutex
	rooms     map[string]map[waiter]waitingCall
	followers atomic.Uint64
	early     int64 // the number of the last call that waited for a start
}

// waitingCall is one call that waits.
type waitingCall struct {
	changed   chan struct{} // holds a value when the room has to be looked at again
	displaced chan struct{} // closed when the same waiter has called again
}

// begin registers a call, which may wait in several places. Look at the room
// afterwards, so that no change is missed. end must be called when the wait is over.
func (ws *waiters) begin(all ...waiter) (call waitingCall, end func()) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.rooms == nil {
		ws.rooms = map[string]map[waiter]waitingCall{}
	}
	call = waitingCall{changed: make(chan struct{}, 1), displaced: make(chan struct{})}
	for _, w := range all {
		calls := ws.rooms[w.room]
		if calls == nil {
			calls = map[waiter]waitingCall{}
			ws.rooms[w.room] = calls
		}
		if older, ok := calls[w]; ok {
			close(older.displaced)
		}
		calls[w] = call
	}
	return call, func() {
		for _, w := range all {
			ws.end(w, call)
		}
	}
}

func (ws *waiters) end(w waiter, call waitingCall) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	calls := ws.rooms[w.room]
	if calls[w] == call {
		delete(calls, w)
	}
	if len(calls) == 0 {
		delete(ws.rooms, w.room)
	}
}

// wakeFor has those calls look again whom an event concerns.
func (ws *waiters) wakeFor(e Event) {
	for _, place := range [...]string{e.RoomID, roomsOf(e.AdminID), allRooms} {
		ws.wake(place, e.concerns)
	}
}

// wake has those calls look at the room again whom something concerns.
func (ws *waiters) wake(roomID string, concerns func(waiter) bool) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w, call := range ws.rooms[roomID] {
		if concerns(w) {
			call.wake()
		}
	}
}

// wakeAll has every call look at its room again.
func (ws *waiters) wakeAll() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, calls := range ws.rooms {
		for _, call := range calls {
			call.wake()
		}
	}
}

func (c waitingCall) wake() {
	select {
	case c.changed <- struct{}{}:
	default: // it has not looked since it was woken last
	}
}

// Waiters is how many calls wait now for something to happen in a room.
func (s *Service) Waiters(roomID string) int {
	s.waiters.mu.Lock()
	defer s.waiters.mu.Unlock()
	return len(s.waiters.rooms[roomID])
}

// await calls look now and each time something has happened that concerns the
// waiter, and every followEvery for one who follows events, until look is done or
// fails, the time is over, ctx ends, the same waiter calls again, or StopWaiting is
// called. The last four are no error: the caller answers with what look has seen
// last.
func (s *Service) await(ctx context.Context, w waiter, wait time.Duration, look func() (done bool, err error)) error {
	if wait <= 0 {
		_, err := look()
		return err
	}
	call, end := s.waiters.begin(w)
	defer end()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var again <-chan time.Time
	if w.follower > 0 {
		ticker := time.NewTicker(followEvery)
		defer ticker.Stop()
		again = ticker.C
	}
	for {
		if done, err := look(); err != nil || done {
			return err
		}
		select {
		case <-call.changed:
			continue
		case <-again:
			continue
		case <-timer.C:
		case <-ctx.Done():
		case <-call.displaced:
		case <-s.shutdown:
		}
		return nil
	}
}

// StopWaiting has calls that wait for something to happen answer at once, now
// and from now on. Call it once, when the program is to stop.
func (s *Service) StopWaiting() { close(s.shutdown) }
