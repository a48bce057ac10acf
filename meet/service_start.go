package meet

import (
	"context"
	"time"
)

// Before a room starts only those come in who could let others in: its admins, and
// roles that skip approval or admit. Everybody else waits, and nothing is kept of
// them: no join request, no use of a code.

// hasToWaitForStart says whether a join is too early.
func (s *Service) hasToWaitForStart(p Principal, room Room, roleName string) bool {
	role, _ := s.roles.Get(roleName)
	return !room.Started(s.now()) && !role.SkipApproval && !role.Admit && !isAdmin(p, &room)
}

// errNotStarted is for a join of a room whose start was moved at that moment.
var errNotStarted = &Error{Code: CodeConflict, Message: "The room has not started yet", Hint: "Try again."}

// The pause between two calls of somebody who waits for the start with calls that
// are not held open. The start may be moved to an earlier time meanwhile.
const (
	shortestPause = time.Second
	longestPause  = 30 * time.Second
)

// notStarted tells somebody to wait for the room's start.
func (s *Service) notStarted(room Room) JoinResult {
	pause := min(max(room.StartsAt.Sub(s.now()), shortestPause), longestPause)
	return JoinResult{Waiting: true, StartsAt: room.StartsAt, RetryAfter: pause, Room: room}
}

// waitsForStart says whether the result is to wait for the room's start.
func (r JoinResult) waitsForStart() bool { return r.Waiting && !r.StartsAt.IsZero() }

// awaitStart holds the call of somebody who waits for the room's start: until then,
// until it is moved, or for call.Wait. If many wait already, the call is not held.
func (s *Service) awaitStart(
	ctx context.Context, p Principal, call JoinCall, result JoinResult,
) (JoinResult, error) {
	w, ok := s.waiters.newEarly(result.Room.ID, p.key(), s.limits)
	if !ok {
		return result, nil
	}
	held, cancel := context.WithTimeout(ctx, call.Wait)
	defer cancel()
	announced := result.StartsAt
	for held.Err() == nil && !s.isStopping() {
		err := s.await(held, w, announced.Sub(s.now()), func() (bool, error) {
			var err error
			result, err = s.joinAgain(ctx, p, call)
			return !result.waitsForStart() || !result.StartsAt.Equal(announced), err
		})
		switch {
		case err != nil:
			return JoinResult{}, err
		case !result.waitsForStart() || !result.StartsAt.Equal(announced):
			return result, nil
		}
	}
	return result, nil
}

// isStopping says whether calls must not be held any more.
func (s *Service) isStopping() bool {
	select {
	case <-s.shutdown:
		return true
	default:
		return false
	}
}

// newEarly gives the waiter of one more call that waits for a start; false if as
// many wait as may for join requests.
func (ws *waiters) newEarly(roomID, caller string, l Limits) (w waiter, ok bool) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	inRoom, ofCaller := 0, 0
	for other := range ws.rooms[roomID] {
		if other.early > 0 {
			inRoom++
			if other.caller == caller {
				ofCaller++
			}
		}
	}
	full := func(n, most int) bool { return most > 0 && n >= most }
	if full(inRoom, l.RequestsPerRoom) || full(ofCaller, l.RequestsPerAddress) {
		return waiter{}, false
	}
	ws.early++
	return waiter{room: roomID, early: ws.early, caller: caller}, true
}
