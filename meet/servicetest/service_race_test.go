package servicetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// newIntercepted gives a system that runs something just before LiveKit is asked to do
// call, for example CreateRoom: a proxy stands before the LiveKit of real. With breakOff,
// do has the call fail.
func newIntercepted(t *testing.T, real *System, options ...Option) (s *System, arm func(call string, do func())) {
	t.Helper()
	target, err := url.Parse(real.URL)
	if err != nil {
		t.Fatal(err)
	}
	type hook struct {
		call string
		do   func()
	}
	var armed atomic.Pointer[hook]
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := armed.Load(); h != nil && strings.HasSuffix(r.URL.Path, "/"+h.call) && armed.CompareAndSwap(h, nil) {
			runOrBreakOff(w, h.do)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return NewOn(t, server.URL, options...), func(call string, do func()) { armed.Store(&hook{call, do}) }
}

// errBreakOff is what breakOff panics with.
var errBreakOff = errors.New("the connection breaks off")

func breakOff() { panic(errBreakOff) }

// runOrBreakOff runs do. If that breaks off, the connection ends within the answer: a
// call without any answer would be made again.
func runOrBreakOff(w http.ResponseWriter, do func()) {
	defer func() {
		if cause := recover(); cause == errBreakOff { //nolint:errorlint // the very value
			w.Header().Set("Content-Length", "1")
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		} else if cause != nil {
			panic(cause)
		}
	}()
	do()
}

// Somebody joins, or comes back with a token, while the room ends: the media room
// that was made for them does not stay for those with older tokens.
func TestTheRoomEndsMeanwhile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		come func(s *System, room meet.Room, old string) error
		want meet.ErrorCode
	}{
		"join": {func(s *System, room meet.Room, _ string) error {
			_, err := s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &room.ID})
			return err
		}, meet.CodeGone},
		"connect": {func(s *System, _ meet.Room, old string) error { return s.BeforeConnect(t.Context(), old) }, ""},
	} {
		real := New(t)
		s, arm := newIntercepted(t, real)
		room := s.NewRoom(t, meet.RoomChange{})
		old := s.Admit(t, Bob, room).Token
		s.Clock.Advance(3 * time.Second) // or the media room would be taken to be there still
		arm("CreateRoom", func() {
			_, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
			wantCode(t, "end", err, "")
		})
		wantCode(t, name, c.come(s, room, old), c.want)
		wantCode(t, "sweep", s.Sweep(t.Context()), "")
		s.Clock.Advance(3 * time.Second)
		wantCode(t, "connect to an ended room", s.BeforeConnect(t.Context(), old), meet.CodeNotFound)
		if _, err := livekittest.TryJoin(t, real.URL, old); err == nil {
			t.Errorf("%s: an older token opens the room that has ended", name)
		}
		wantCode(t, "connect with nonsense", s.BeforeConnect(t.Context(), "nonsense"), "")
	}
}

// A media server that falls silent halfway: the answer says what is done.
func TestMuteEveryoneHalfway(t *testing.T) {
	t.Parallel()
	real := New(t)
	s, arm := newIntercepted(t, real)
	room := s.NewRoom(t, meet.RoomChange{})
	for _, p := range []meet.Principal{Bob, Gus} {
		person := livekittest.Join(t, real.URL, s.Admit(t, p, room).Token)
		person.PublishMicrophone()
		tracksAtServer(t, s, room, person, 1)
	}
	arm("MutePublishedTrack", func() { arm("MutePublishedTrack", breakOff) })
	_, err := s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: meet.Everyone})
	wantCode(t, "mute", err, meet.CodeUnavailable)
	if e := meet.AsError(err); !strings.Contains(e.Hint, "1 tracks are off already") {
		t.Errorf("hint = %q; want it to say that one is muted", e.Hint)
	}
	muted, err := s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: meet.Everyone})
	if err != nil || len(muted.Tracks) != 1 {
		t.Errorf("muting again = %v, %v; want the one that was left", muted, err)
	}
}

// Somebody joins while everybody is disconnected, and then the room cannot be
// ended after all: the next to join finds a media room.
func TestJoinWhileTheMediaRoomIsDeleted(t *testing.T) {
	t.Parallel()
	real := New(t)
	s, arm := newIntercepted(t, real, func(c *meet.Config) { c.Store = cannotUpdateRooms{c.Store} })
	room := s.NewRoom(t, meet.RoomChange{})
	arm("DeleteRoom", func() { s.Admit(t, Bob, room) })
	_, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
	wantCode(t, "end", err, meet.CodeUnavailable)
	livekittest.Join(t, real.URL, s.Admit(t, Bob, room).Token)
}

// Who leaves while their hand goes up is told the same as who had left before.
func TestLeavesWhileRaisingAHand(t *testing.T) {
	t.Parallel()
	real := New(t)
	s, arm := newIntercepted(t, real)
	room := s.NewRoom(t, meet.RoomChange{})
	token := s.Admit(t, Bob, room).Token
	bob := livekittest.Join(t, real.URL, token)
	arm("UpdateParticipant", func() {
		bob.Leave()
		livekittest.Wait(t, "nobody inside", func() bool {
			people, err := real.Media.Participants(t.Context(), room.ID)
			return err == nil && len(people) == 0
		})
	})
	wantCode(t, "raise", s.RaiseHand(t.Context(), token, true), meet.CodeForbidden)
}

// A room that another instance has ended and opened again stays open, whether the call to
// end it waited for the room's lock meanwhile, or stalled after it had the lock.
func TestAnEndThatIsLateEndsNoOtherOpening(t *testing.T) {
	t.Parallel()
	for _, stalls := range []bool{false, true} {
		locks := &locking{}
		real := New(t)
		s, arm := newIntercepted(t, real, func(c *meet.Config) { locks.Store, c.Store = c.Store, locks })
		room := s.NewRoom(t, meet.RoomChange{})
		bob := livekittest.Join(t, real.URL, s.Admit(t, Bob, room).Token)
		reopen := func() {
			if _, err := s.Store.UpdateRoom(t.Context(), room.ID, func(r *meet.Room) error {
				r.Opening++
				return nil
			}, 0, &meet.Event{Action: meet.RoomReopened}); err != nil {
				t.Error(err)
			}
		}
		if stalls {
			arm("DeleteRoom", reopen)
		} else {
			locks.before = func() error { reopen(); return nil }
		}
		_, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
		wantCode(t, "end", err, meet.CodeConflict)
		if !stalls && !bob.Connected() {
			t.Error("Bob was removed from the next opening")
		}
		locks.before = nil
		livekittest.Join(t, real.URL, s.Admit(t, Gus, room).Token)
		ended, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
		if err != nil || ended.State != meet.RoomEnded {
			t.Errorf("end of the next opening: %v, %v", ended.State, err)
		}
	}
}

// While another instance has the room locked, calls say so.
func TestRoomLockedByAnotherInstance(t *testing.T) {
	t.Parallel()
	locks := &locking{before: func() error { return fmt.Errorf("lock: %w", meet.ErrRoomLocked) }}
	s := New(t, func(c *meet.Config) { locks.Store, c.Store = c.Store, locks })
	room := s.NewRoom(t, meet.RoomChange{})
	_, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
	wantCode(t, "end", err, meet.CodeUnavailable)
	if e := meet.AsError(err); !strings.Contains(e.Message, "changed by another call") {
		t.Errorf("message: got %q, want it to say that another call changes the room", e.Message)
	}
	locks.before = nil
	_, _, err = s.EndRoom(t.Context(), Ada, room.ID, room.Name)
	wantCode(t, "end after the unlock", err, "")
}

// locking is a database that does something before it locks a room, or fails with it.
type locking struct {
	meet.Store
	before func() error
}

func (l *locking) LockRoom(ctx context.Context, roomID string) (unlock func(), err error) {
	if l.before != nil {
		if err := l.before(); err != nil {
			return nil, err
		}
	}
	return l.Store.LockRoom(ctx, roomID)
}

// cannotUpdateRooms is a database that fails where a room is to be changed.
type cannotUpdateRooms struct{ meet.Store }

func (cannotUpdateRooms) UpdateRoom(
	context.Context, string, func(*meet.Room) error, int, *meet.Event,
) (meet.Room, error) {
	return meet.Room{}, errors.New("disk full")
}

// What is taken to be there is made anew after the room has ended, whenever
// somebody joins in between.
func TestReopenedRoomsAreMadeAnew(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	for range 3 {
		s.Admit(t, Bob, room)
		_, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
		wantCode(t, "end", err, "")
		_, err = s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{}, true)
		wantCode(t, "reopen", err, "")
		s.Enter(t, Bob, room).Leave() // fails where there is no media room
	}
}
