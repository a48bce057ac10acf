package servicetest

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// withSessionGate is a system whose LiveKit asks the service about everybody who
// connects, as in the program: dead tokens let nobody in.
func withSessionGate(t *testing.T, options ...Option) *System {
	t.Helper()
	var s *System
	lk, err := embedded.Start(t.Context(), embedded.Config{APIKey: livekittest.APIKey, APISecret: livekittest.APISecret,
		Authorize: func(ctx context.Context, roomID, identity string) (meet.Authorized, error) {
			return s.AuthorizeConnection(ctx, roomID, identity)
		}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lk.Stop() })
	s = NewOn(t, lk.URL(), options...)
	return s
}

// roomForOne makes a room and a guest's code for one use.
func roomForOne(t *testing.T, s *System) (meet.Room, string) {
	t.Helper()
	room := s.NewRoom(t, meet.RoomChange{})
	return room, s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{MaxUses: Of(1)}).Code
}

func redeem(t *testing.T, s *System, code string) (meet.JoinResult, error) {
	t.Helper()
	return s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code, Name: "Bob"})
}

func mustRedeem(t *testing.T, s *System, code string) meet.JoinResult {
	t.Helper()
	a, err := redeem(t, s, code)
	wantCode(t, "redeem the code", err, "")
	return a
}

func wantUses(t *testing.T, s *System, room meet.Room, want int) {
	t.Helper()
	codes, _, err := s.Codes(t.Context(), Ada, room.ID, meet.CodeFilter{})
	if err != nil || len(codes) != 1 || codes[0].Uses != want {
		t.Errorf("codes: %+v, %v; want %d uses", codes, err, want)
	}
}

// connectionAborted is what LiveKit tells of a client that could not make its
// connection.
func connectionAborted(s *System, room meet.Room, identity, id string) meet.MediaEvent {
	e := mediaEvent(s, meet.MediaConnectionAborted, id, room.ID, "RM_1", identity, "PA_"+id)
	e.Reason = "the client ended signalling"
	return e
}

// A code for one is there again for somebody whose client gave up before it was
// inside; the token that it was used up for opens nothing any more.
func TestAUseIsGivenBackToWhoNeverGotInside(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := withSessionGate(t, func(c *meet.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	room, code := roomForOne(t, s)
	first := mustRedeem(t, s, code)
	_, err := redeem(t, s, code)
	wantCode(t, "the code while it is in use", err, meet.CodeNotFound)

	for range 2 { // it may be told twice
		handle(t, s, connectionAborted(s, room, first.Identity, ""))
	}
	wantUses(t, s, room, 0)
	for _, want := range []string{"level=WARN", "could not get into the call", "the client ended signalling",
		first.Identity} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, &log)
		}
	}
	second := mustRedeem(t, s, code)
	wantCode(t, "connect with the token whose use was given back", s.BeforeConnect(t.Context(), first.Token),
		meet.CodeUnauthenticated)
	if _, err := livekittest.TryJoin(t, s.URL, first.Token); err == nil {
		t.Error("the token whose use was given back opens the room")
	}
	livekittest.Join(t, s.URL, second.Token)
	if n := countEvents(t, s, room, meet.UseReturned); n != 1 {
		t.Errorf("%d lines about it, want one", n)
	}
	_, err = redeem(t, s, code)
	wantCode(t, "the code in the end", err, meet.CodeNotFound)
}

// Where nobody tells anything the use is given back when the token has died.
func TestAUseIsGivenBackWhenItsTokenHasDied(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomForOne(t, s)
	mustRedeem(t, s, code)
	s.Clock.Advance(meet.TokenLifetime)
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	wantUses(t, s, room, 1) // clocks differ
	s.Clock.Advance(2 * time.Minute)
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	wantUses(t, s, room, 0)
	mustRedeem(t, s, code)
}

// waitActive waits until the media server has made somebody's connection.
func waitActive(t *testing.T, s *System, room meet.Room, a meet.JoinResult) {
	t.Helper()
	livekittest.Wait(t, "the connection to stand", func() bool {
		people, err := s.Media.Participants(t.Context(), room.ID)
		return err == nil && slices.ContainsFunc(people,
			func(p meet.Participant) bool { return p.Identity == a.Identity && p.Active })
	})
}

// Who was inside has used their code, however that is known, and whatever is
// told later.
func TestWhoWasInsideHasUsedTheirCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]func(t *testing.T, s *System, room meet.Room, a meet.JoinResult){
		"they came": func(t *testing.T, s *System, room meet.Room, a meet.JoinResult) {
			handle(t, s, mediaEvent(s, meet.MediaParticipantJoined, "1", room.ID, "RM_1", a.Identity, "PA_0"))
		},
		"they left, and nobody told that they came": func(t *testing.T, s *System, room meet.Room, a meet.JoinResult) {
			handle(t, s, mediaEvent(s, meet.MediaParticipantLeft, "1", room.ID, "RM_1", a.Identity, "PA_0"))
		},
		"they were found inside": func(t *testing.T, s *System, room meet.Room, a meet.JoinResult) {
			person := s.EnterWith(t, a)
			waitActive(t, s, room, a)
			livekittest.Wait(t, "reconcile to find them", func() bool { // LiveKit's list of rooms is late
				wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
				return countEvents(t, s, room, meet.Joined) == 1
			})
			person.Leave()
		},
		"they are inside now": func(t *testing.T, s *System, room meet.Room, a meet.JoinResult) {
			s.EnterWith(t, a)
			waitActive(t, s, room, a)
		},
		"they were kicked on the way": func(t *testing.T, s *System, room meet.Room, a meet.JoinResult) {
			person := s.EnterWith(t, a)
			_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: person.Identity()})
			wantCode(t, "kick", err, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(t)
			room, code := roomForOne(t, s)
			a := mustRedeem(t, s, code)
			c(t, s, room, a)
			handle(t, s, connectionAborted(s, room, a.Identity, "9"))
			s.Clock.Advance(meet.TokenLifetime + 2*time.Minute)
			wantCode(t, "sweep", s.Sweep(t.Context()), "")
			wantUses(t, s, room, 1)
		})
	}
}

// A client that comes back with its token while its use is being given back
// either is inside and has used the code, or stays outside.
func TestComingBackWhileTheUseIsGivenBack(t *testing.T) {
	t.Parallel()
	for call, inside := range map[string]bool{"ListParticipants": true, "RemoveParticipant": false} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			real := withSessionGate(t)
			s, arm := newIntercepted(t, real, func(c *meet.Config) { c.Store = real.Store })
			room, code := roomForOne(t, s)
			a := mustRedeem(t, s, code)
			asked := false
			arm(call, func() {
				asked = true
				if _, err := livekittest.TryJoin(t, real.URL, a.Token); (err == nil) != inside {
					t.Errorf("coming back: %v; want it to work: %t", err, inside)
				}
				if inside {
					waitActive(t, real, room, a)
				}
			})
			handle(t, s, connectionAborted(s, room, a.Identity, "1"))
			if !asked {
				t.Errorf("LiveKit was not asked to %s", call)
			}
			if inside {
				wantUses(t, s, room, 1)
				return
			}
			wantUses(t, s, room, 0)
		})
	}
}

// Somebody on the way has not used their code, also where everybody who is listed as
// inside is written down meanwhile.
func TestWhoIsOnTheWayHasNotUsedTheirCode(t *testing.T) {
	t.Parallel()
	s := withSessionGate(t)
	room, code := roomForOne(t, s)
	a := mustRedeem(t, s, code)
	livekittest.Signal(t, s.URL, a.Token) // and no connection for sound and picture yet
	person := personAtServer(t, s, room)  // listed a moment after LiveKit has answered
	_, err := s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{MaxParticipants: Of(7)}, false)
	wantCode(t, "update", err, "")
	if n := countEvents(t, s, room, meet.Joined); n != 1 {
		t.Fatalf("%d were written down, want one", n)
	}
	event := connectionAborted(s, room, a.Identity, "1")
	event.Participant.SID = person.SID
	handle(t, s, event)
	wantUses(t, s, room, 0)
}

// A client that gives up one connection and makes another at once, with the same
// token, is left alone while it is trying.
func TestTryingAgainAtOnce(t *testing.T) {
	t.Parallel()
	s := withSessionGate(t)
	room, code := roomForOne(t, s)
	a := mustRedeem(t, s, code)
	livekittest.Signal(t, s.URL, a.Token) // and no connection for sound and picture yet
	personAtServer(t, s, room)            // listed a moment after LiveKit has answered
	handle(t, s, connectionAborted(s, room, a.Identity, "1"))
	wantUses(t, s, room, 1)
	if _, err := livekittest.TryJoin(t, s.URL, a.Token); err != nil {
		t.Errorf("the token after another try: %v; want it to open the room", err)
	}

	// The connection that was given up may still be listed.
	room, code = roomForOne(t, s)
	a = mustRedeem(t, s, code)
	livekittest.Signal(t, s.URL, a.Token)
	event := connectionAborted(s, room, a.Identity, "2")
	event.Participant.SID = personAtServer(t, s, room).SID
	handle(t, s, event)
	wantUses(t, s, room, 0)
}

// The media server stops answering in the middle: the use is given back by the
// next sweep, and not before the old token is known to open nothing.
func TestGivingBackIsFinishedLater(t *testing.T) {
	t.Parallel()
	real := New(t)
	s, arm := newIntercepted(t, real)
	room, code := roomForOne(t, s)
	a := mustRedeem(t, s, code)
	arm("RemoveParticipant", func() {
		arm("GetParticipant", breakOff) // by which it would be known that nobody is there
		breakOff()
	})
	err := s.HandleMediaEvent(t.Context(), connectionAborted(s, room, a.Identity, "1"))
	wantCode(t, "handle", err, meet.CodeUnavailable)
	wantUses(t, s, room, 1)
	s.Clock.Advance(3 * time.Minute)
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	wantUses(t, s, room, 0)
}

// Many want a code for few, some get inside and some give up, all at once: never
// does it let one too many in.
func TestGivingBackLetsNobodyTooManyIn(t *testing.T) {
	t.Parallel()
	s := New(t)
	const seats, callers = 2, 16
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{MaxUses: Of(seats)}).Code
	var (
		all    sync.WaitGroup
		mu     sync.Mutex
		inside []string
	)
	for i := range callers {
		all.Go(func() {
			for try := range 5 {
				a, err := s.Join(t.Context(), Bob, meet.JoinCall{Code: &code})
				if meet.IsCode(err, meet.CodeGone) {
					continue
				}
				if err != nil {
					t.Errorf("join: %v", err)
					return
				}
				if (i+try)%3 == 0 {
					handle(t, s, mediaEvent(s, meet.MediaParticipantJoined, "", room.ID, "RM_1", a.Identity, "PA_"+a.Identity))
					mu.Lock()
					inside = append(inside, a.Identity)
					mu.Unlock()
					return
				}
				handle(t, s, connectionAborted(s, room, a.Identity, ""))
			}
		})
	}
	all.Wait()
	wantUses(t, s, room, len(inside))
	if len(inside) > seats {
		t.Errorf("%d are inside by a code for %d", len(inside), seats)
	}
	for _, identity := range inside {
		if _, err := s.AuthorizeConnection(t.Context(), room.ID, identity); err != nil {
			t.Errorf("%s was inside and may be there no more: %v", identity, err)
		}
	}
}
