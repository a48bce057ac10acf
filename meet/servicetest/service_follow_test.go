package servicetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// changeRoom makes a change that leaves one event.
func changeRoom(t *testing.T, s *System, room meet.Room) {
	t.Helper()
	current, err := s.Store.RoomByID(t.Context(), room.ID)
	if err == nil {
		_, err = s.UpdateRoom(t.Context(), Root, room.ID, meet.RoomChange{IsPublic: Of(!current.IsPublic)}, false)
	}
	wantCode(t, "change", err, "")
}

func actionsOf(events []meet.Event) []meet.EventAction {
	actions := make([]meet.EventAction, len(events))
	for i, e := range events {
		actions[i] = e.Action
	}
	return actions
}

// Who follows misses nothing and is told nothing twice, oldest first.
func TestFollowEvents(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	changeRoom(t, s, room)
	f := meet.EventFilter{RoomID: &room.ID, Limit: Of(2)}
	next := func(after string) meet.Followed {
		t.Helper()
		got, err := s.FollowEvents(t.Context(), Ada, f, meet.Follow{After: after})
		wantCode(t, "follow", err, "")
		return got
	}
	first := next("0")
	if diff := cmp.Diff([]meet.EventAction{meet.RoomCreated, meet.CodesCreated}, actionsOf(first.Events)); diff != "" ||
		!first.More {
		t.Errorf("first %+v (-want +got):\n%s", first, diff)
	}
	second := next(first.After)
	if diff := cmp.Diff([]meet.EventAction{meet.RoomUpdated}, actionsOf(second.Events)); diff != "" || second.More {
		t.Errorf("second %+v (-want +got):\n%s", second, diff)
	}
	s.NewRoom(t, meet.RoomChange{}) // of another room, and past already
	third := next(second.After)
	before, _ := strconv.Atoi(second.After)
	if after, _ := strconv.Atoi(third.After); len(third.Events) > 0 || third.More || after <= before {
		t.Errorf("third %+v; want nothing, and to go on behind the other room's event", third)
	}
	beyond := next("1000000") // as after a backup was brought back
	changeRoom(t, s, room)
	for what, after := range map[string]string{"from there": third.After, "from beyond": beyond.After} {
		if got := next(after); len(got.Events) != 1 || got.Events[0].Action != meet.RoomUpdated {
			t.Errorf("%s: %+v; want the change", what, got)
		}
	}
	for _, bad := range []string{"-1", "x", "99999999999999999999", "1.5", " 1"} {
		_, err := s.FollowEvents(t.Context(), Ada, f, meet.Follow{After: bad})
		if got := meet.AsError(err); got.Code != meet.CodeInvalid || got.Field != "after" {
			t.Errorf("after %q: %v; want invalid", bad, err)
		}
	}
	f.Cursor = "x"
	_, err := s.FollowEvents(t.Context(), Ada, f, meet.Follow{After: "1"})
	wantCode(t, "with a cursor", err, meet.CodeInvalid)
}

// followedResult is what a call that waits has answered.
type followedResult struct {
	meet.Followed
	err error
}

// follow makes a call that waits, and gives its answer. It returns when the call
// waits.
func follow(t *testing.T, s *System, p meet.Principal, f meet.EventFilter, call meet.Follow) <-chan followedResult {
	t.Helper()
	answered, held := make(chan followedResult, 1), s.HeldCalls()
	call.Wait = 2 * time.Minute
	go func() {
		got, err := s.FollowEvents(t.Context(), p, f, call)
		answered <- followedResult{got, err}
	}()
	livekittest.Wait(t, "the call to wait", func() bool { return s.HeldCalls() > held })
	return answered
}

// An event ends the wait of those whom it concerns, at the instance where it
// happens and at every other one.
func TestWaitingForEvents(t *testing.T) {
	t.Parallel()
	one := New(t)
	several := Instances(t, 2)
	for name, systems := range map[string][]*System{"one instance": {one, one}, "two instances": several} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			waits, acts := systems[0], systems[1]
			room, other := acts.NewRoom(t, meet.RoomChange{}), acts.NewRoom(t, meet.RoomChange{})
			calls := map[string]<-chan followedResult{}
			for what, c := range map[string]struct {
				p meet.Principal
				f meet.EventFilter
			}{
				"of the room":       {Ada, meet.EventFilter{RoomID: &room.Name}},
				"of a kind":         {Ada, meet.EventFilter{RoomID: &room.ID, Kind: "room"}},
				"of all her rooms":  {Ada, meet.EventFilter{}},
				"of all rooms":      {Root, meet.EventFilter{}},
				"of a room, for it": {Root, meet.EventFilter{RoomID: &room.ID}},
				"since":             {Ada, meet.EventFilter{RoomID: &room.ID, Since: room.CreatedAt, Kind: "request"}},
			} {
				calls[what] = follow(t, waits, c.p, c.f, meet.Follow{})
			}
			elsewhere := follow(t, waits, Ada, meet.EventFilter{RoomID: &other.ID}, meet.Follow{})
			code := acts.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
			for what, want := range map[string]meet.EventAction{
				"of the room": meet.CodesCreated, "of all her rooms": meet.CodesCreated, "of all rooms": meet.CodesCreated,
				"of a room, for it": meet.CodesCreated,
			} {
				got := <-calls[what]
				if got.err != nil || len(got.Events) != 1 || got.Events[0].Action != want {
					t.Errorf("%s: %+v; want %s alone", what, got, want)
				}
			}
			changeRoom(t, acts, room)
			if got := <-calls["of a kind"]; got.err != nil || len(got.Events) != 1 || got.Events[0].Action != meet.RoomUpdated {
				t.Errorf("of a kind: %+v; want the change of the room alone", got)
			}
			_, err := acts.UpdateRoom(t.Context(), Ada, room.ID,
				meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: Of(true)}}, false)
			wantCode(t, "update", err, "")
			askToJoin(t, acts, code, "")
			if got := <-calls["since"]; got.err != nil || len(got.Events) != 1 || got.Events[0].Action != meet.Requested {
				t.Errorf("since: %+v; want the request alone", got)
			}
			select {
			case got := <-elsewhere:
				t.Errorf("of another room: answered with %+v", got)
			default:
			}
			changeRoom(t, acts, other)
			if got := <-elsewhere; got.err != nil || len(got.Events) != 1 || got.Events[0].RoomID != other.ID {
				t.Errorf("of another room: %+v; want its change", got)
			}
		})
	}
}

// What else ends a wait: nothing that came, the caller, the end of the access
// token, the program's stop.
func TestTheEndsOfWaitingForEvents(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	f := meet.EventFilter{RoomID: &room.ID}
	got, err := s.FollowEvents(t.Context(), Ada, f, meet.Follow{Wait: time.Millisecond})
	if err != nil || len(got.Events) > 0 || got.After == "" {
		t.Errorf("after a wait without events: %+v, %v; want no events and where to go on", got, err)
	}
	ctx, hangUp := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = s.FollowEvents(ctx, Ada, f, meet.Follow{Wait: time.Hour})
	}()
	livekittest.Wait(t, "the call to wait", func() bool { return s.HeldCalls() == 1 })
	hangUp()
	<-ended

	var over atomic.Bool
	errOver := errors.New("the token has ended")
	stillMay := func() error {
		if over.Load() {
			return errOver
		}
		return nil
	}
	told := follow(t, s, Ada, f, meet.Follow{StillMay: stillMay})
	quiet := follow(t, s, Ada, meet.EventFilter{Kind: "request"}, meet.Follow{StillMay: stillMay})
	over.Store(true)
	changeRoom(t, s, room)
	for what, call := range map[string]<-chan followedResult{"told": told, "without an event": quiet} {
		if got := <-call; !errors.Is(got.err, errOver) || len(got.Events) > 0 {
			t.Errorf("%s, after the end of the token: %+v; want its error alone", what, got)
		}
	}
	stopped := follow(t, s, Ada, f, meet.Follow{})
	s.StopWaiting()
	if got := <-stopped; got.err != nil || len(got.Events) > 0 || got.After == "" {
		t.Errorf("at the stop: %+v; want no events and where to go on", got)
	}
	if n := s.HeldCalls(); n != 0 {
		t.Errorf("%d calls still wait", n)
	}
}

// A user's calls that wait are bounded, for that user alone.
func TestWaitingCallsAreBounded(t *testing.T) {
	t.Parallel()
	s, stopped := newLimited(t, meet.Limits{WaitsPerUser: 2})
	room := s.NewRoom(t, meet.RoomChange{})
	f := meet.EventFilter{RoomID: &room.ID}
	calls := []<-chan followedResult{follow(t, s, Ada, f, meet.Follow{}), follow(t, s, Ada, f, meet.Follow{})}
	_, err := s.FollowEvents(t.Context(), Ada, f, meet.Follow{Wait: time.Minute})
	if wantCode(t, "a third call", err, meet.CodeRateLimited); stopped.count("waits_per_user") != 1 {
		t.Error("the limit was not counted")
	}
	_, err = s.FollowEvents(t.Context(), Ada, f, meet.Follow{After: "0"})
	wantCode(t, "a call that does not wait", err, "")
	calls = append(calls, follow(t, s, Bob, meet.EventFilter{}, meet.Follow{}))
	for range 3 {
		calls = append(calls, follow(t, s, Root, f, meet.Follow{}))
	}
	changeRoom(t, s, room)
	for i, call := range calls {
		if i == 2 { // Bob has no rooms
			continue
		}
		if got := <-call; got.err != nil || len(got.Events) != 1 {
			t.Errorf("call %d: %+v; want the change", i, got)
		}
	}
	again := follow(t, s, Ada, f, meet.Follow{})
	s.StopWaiting()
	<-again
	<-calls[2]
}

// Whom events are about: an identity, or what stands for one person inside.
func TestEventsAboutSomebody(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, elsewhere := s.NewRoom(t, meet.RoomChange{}), s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	eve, other := s.EnterByCode(t, code, "Eve"), s.EnterByCode(t, code, "Carl")
	_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: other.Identity()})
	wantCode(t, "kick", err, "")
	for _, c := range []struct {
		p     meet.Principal
		f     meet.EventFilter
		whose string
	}{
		{Ada, meet.EventFilter{RoomID: &room.ID, Identity: " " + eve.Identity() + " "}, eve.Identity()},
		{Ada, meet.EventFilter{RoomID: &room.ID, Identity: "eve"}, eve.Identity()},
		{Ada, meet.EventFilter{Identity: eve.Identity()}, eve.Identity()},
		{Root, meet.EventFilter{Identity: other.Identity(), Kind: "participant"}, other.Identity()},
	} {
		events, _, err := s.Events(t.Context(), c.p, c.f)
		wantCode(t, fmt.Sprintf("%+v", c.f), err, "")
		if len(events) == 0 {
			t.Errorf("no events about %s", c.f.Identity)
		}
		for _, e := range events {
			if e.Target != c.whose {
				t.Errorf("about %s: %+v", c.f.Identity, e)
			}
		}
	}
	for what, c := range map[string]struct {
		p    meet.Principal
		f    meet.EventFilter
		want meet.ErrorCode
	}{
		"nobody":                {Ada, meet.EventFilter{RoomID: &room.ID, Identity: "nobody"}, meet.CodeNotFound},
		"somebody who has left": {Ada, meet.EventFilter{RoomID: &room.ID, Identity: "Carl"}, meet.CodeNotFound},
		"a name without a room": {Ada, meet.EventFilter{Identity: "Eve"}, meet.CodeNotFound},
		"from another room": {Ada, meet.EventFilter{RoomID: &elsewhere.ID, Identity: eve.Identity()},
			meet.CodeNotFound},
		"a stranger's participant": {Bob, meet.EventFilter{Identity: eve.Identity()}, meet.CodeNotFound},
		"a stranger's room":        {Bob, meet.EventFilter{RoomID: &room.ID, Identity: eve.Identity()}, meet.CodeForbidden},
		"white space":              {Ada, meet.EventFilter{Identity: "  "}, meet.CodeInvalid},
		"an empty span": {Ada, meet.EventFilter{Since: room.CreatedAt, Until: room.CreatedAt},
			meet.CodeInvalid},
	} {
		_, _, err := s.Events(t.Context(), c.p, c.f)
		wantCode(t, what, err, c.want)
	}
}
