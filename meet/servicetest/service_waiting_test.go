package servicetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// What ends a wait, and what comes of it.
func TestWaitingEndsAtOnce(t *testing.T) {
	t.Parallel()
	type outcome struct {
		a   meet.JoinResult
		err error
	}
	for name, c := range map[string]struct {
		happens func(t *testing.T, s *System, room meet.Room, code meet.RoomCode, id string)
		want    meet.ErrorCode
	}{
		"approved": {func(t *testing.T, s *System, room meet.Room, _ meet.RoomCode, id string) {
			answer(t, s, room, id, true)
		}, ""},
		"refused": {func(t *testing.T, s *System, room meet.Room, _ meet.RoomCode, id string) {
			answer(t, s, room, id, false)
		}, meet.CodeForbidden},
		"room ended": {func(t *testing.T, s *System, room meet.Room, _ meet.RoomCode, _ string) {
			_, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
			wantCode(t, "end", err, "")
		}, meet.CodeNotFound},
		"room expired": {func(t *testing.T, s *System, _ meet.Room, _ meet.RoomCode, _ string) {
			s.Clock.Advance(time.Hour)
			wantCode(t, "sweep", s.Sweep(t.Context()), "")
		}, meet.CodeNotFound},
		"code disabled": {func(t *testing.T, s *System, _ meet.Room, code meet.RoomCode, _ string) {
			_, err := s.UpdateCode(t.Context(), Ada, code.Code, meet.CodeChange{Enabled: Of(false)}, false)
			wantCode(t, "disable", err, "")
		}, meet.CodeNotFound},
		"code rotated": {func(t *testing.T, s *System, _ meet.Room, code meet.RoomCode, _ string) {
			_, _, err := s.RotateCode(t.Context(), Ada, code.Code, false)
			wantCode(t, "rotate", err, "")
		}, meet.CodeNotFound},
		"no approval needed any more": {func(t *testing.T, s *System, room meet.Room, _ meet.RoomCode, _ string) {
			_, err := s.UpdateRoom(t.Context(), Ada, room.ID,
				meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: Of(false)}}, false)
			wantCode(t, "update", err, "")
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(t)
			room, code := roomWithApproval(t, s, meet.RoomChange{ExpiresIn: Of(time.Hour)})
			id := askToJoin(t, s, code, "").RequestID
			waited := make(chan outcome, 1)
			go func() {
				a, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, RequestID: id, Wait: time.Minute})
				waited <- outcome{a, err}
			}()
			livekittest.Wait(t, "the call to wait", func() bool { return s.Waiters(room.ID) == 1 })
			c.happens(t, s, room, code, id)
			select {
			case o := <-waited:
				wantCode(t, "wait", o.err, c.want)
				if c.want == "" && o.a.Token == "" {
					t.Errorf("got %+v; want a token", o.a)
				}
			case <-time.After(time.Minute):
				t.Fatal("still waiting")
			}
		})
	}
}

// Thirty people behind one address wait when the room ends: that is no guess
// of theirs.
func TestWaitingInVainIsNoGuess(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	var wg sync.WaitGroup
	for range 15 {
		id := askToJoin(t, s, code, "").RequestID
		wg.Go(func() {
			_, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, RequestID: id, Wait: time.Minute})
			wantCode(t, "wait", err, meet.CodeNotFound)
		})
	}
	livekittest.Wait(t, "all to wait", func() bool { return s.Waiters(room.ID) == 15 })
	_, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
	wantCode(t, "end", err, "")
	wg.Wait()
	if n := s.Waiters(room.ID); n != 0 {
		t.Errorf("%d still wait", n)
	}
}

func TestStopWaiting(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	id := askToJoin(t, s, code, "").RequestID
	waited := make(chan meet.JoinResult, 1)
	go func() {
		a, _ := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, RequestID: id, Wait: time.Minute})
		waited <- a
	}()
	livekittest.Wait(t, "the call to wait", func() bool { return s.Waiters(room.ID) == 1 })
	s.StopWaiting()
	select {
	case a := <-waited:
		if !a.Waiting || a.RequestID != id {
			t.Errorf("got %+v; want to be told to go on waiting", a)
		}
	case <-time.After(time.Minute):
		t.Fatal("still waiting")
	}
}

// The guesses of a neighbour do not shut out those who wait; nor does a
// request help to guess.
func TestGuessesOfANeighbour(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	other, secret := roomWithApproval(t, s, meet.RoomChange{})
	id := askToJoin(t, s, code, "").RequestID
	for range 10 {
		_, _ = s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: Of("aaa-aaaa-aaa")})
	}
	answer(t, s, room, id, true)
	if a := askToJoin(t, s, code, id); a.Waiting {
		t.Error("approved, but shut out")
	}
	for what, call := range map[string]meet.JoinCall{
		"without the request": {Code: &code.Code}, "a good code of another room": {Code: &secret.Code,
			RequestID: id}, "a wrong code": {Code: Of("bbb-bbbb-bbb"), RequestID: id},
	} {
		_, err := s.Exchange(t.Context(), "192.0.2.1", call)
		wantCode(t, what, err, meet.CodeRateLimited)
	}
	if got := waitingNow(t, s, other); len(got) != 0 {
		t.Errorf("waiting at the other room: %v", got)
	}
}

// A newer call of the same waiter has the older one answer.
func TestEachWaitsOnce(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	id := askToJoin(t, s, code, "").RequestID
	const n = 20
	ended := make(chan meet.JoinResult, n)
	for range n {
		go func() {
			a, _ := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, RequestID: id, Wait: time.Minute})
			ended <- a
		}()
	}
	for range n - 1 {
		if a := <-ended; !a.Waiting || a.RequestID != id {
			t.Errorf("displaced: %+v; want to be told to go on waiting", a)
		}
	}
	livekittest.Wait(t, "one call to wait", func() bool { return s.Waiters(room.ID) == 1 })
	answer(t, s, room, id, true)
	if a := <-ended; a.Waiting {
		t.Errorf("the last one: %+v; want a token", a)
	}
}

// The first call is answered at once, so that its id is known whatever
// happens to the next.
func TestTheFirstCallDoesNotWait(t *testing.T) {
	t.Parallel()
	s := New(t)
	_, code := roomWithApproval(t, s, meet.RoomChange{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	a, err := s.Exchange(ctx, "192.0.2.1", meet.JoinCall{Code: &code.Code, Wait: time.Hour})
	if err != nil || !a.Waiting || ctx.Err() != nil {
		t.Errorf("%+v, %v; want to be told at once", a, err)
	}
}
