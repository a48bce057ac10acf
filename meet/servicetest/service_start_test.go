package servicetest

import (
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// startsIn is a room of Ada's that starts after a while by the clock of the test,
// and a guest's code to it.
func startsIn(t *testing.T, s *System, d time.Duration, change meet.RoomChange) (meet.Room, meet.RoomCode) {
	t.Helper()
	change.StartsAt = Of(s.Clock.Now().Add(d))
	room := s.NewRoom(t, change)
	return room, s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{MaxUses: Of(1)})
}

// Before the start those come in who could let others in. Nobody else does, and
// nothing is kept of them.
func TestWhoComesInBeforeTheStart(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, guest := startsIn(t, s, time.Hour, meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: Of(true)}})
	open, _ := startsIn(t, s, time.Hour, meet.RoomChange{IsPublic: Of(true)})
	viewer := s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{})
	host := s.NewCode(t, room, meet.RoleHost, meet.CodeChange{})
	for name, c := range map[string]struct {
		p     meet.Principal
		call  meet.JoinCall
		waits bool
	}{
		"superadmin":                {Root, meet.JoinCall{RoomID: &room.ID}, false},
		"admin":                     {Ada, meet.JoinCall{RoomID: &room.ID}, false},
		"admin for somebody":        {Ada, meet.JoinCall{RoomID: &room.ID, UserID: "eve"}, false},
		"by a host's code":          {Anon, meet.JoinCall{Code: &host.Code}, false},
		"user":                      {Bob, meet.JoinCall{RoomID: &room.ID}, true},
		"guest":                     {Gus, meet.JoinCall{RoomID: &room.ID}, true},
		"by a guest's code":         {Anon, meet.JoinCall{Code: &guest.Code}, true},
		"user by a guest's code":    {Bob, meet.JoinCall{Code: &guest.Code}, true},
		"by a viewer's code":        {Anon, meet.JoinCall{Code: &viewer.Code}, true},
		"into a room for everybody": {Bob, meet.JoinCall{RoomID: &open.ID}, true},
	} {
		a, err := s.Join(t.Context(), c.p, c.call)
		wantCode(t, name, err, "")
		if a.Waiting != c.waits || (a.Token == "") != c.waits || a.RequestID != "" || a.Room.Name == "" {
			t.Errorf("%s: %+v; want waiting %t, no request, and a token only to go with it", name, a, c.waits)
		}
		if c.waits && (!a.StartsAt.Equal(room.StartsAt) || a.RetryAfter != 30*time.Second) {
			t.Errorf("%s: starts at %v, again in %v; want %v, and soon", name, a.StartsAt, a.RetryAfter, room.StartsAt)
		}
	}
	details, err := s.Room(t.Context(), Ada, room.ID)
	wantCode(t, "show", err, "")
	if len(details.Requests) != 0 {
		t.Errorf("requests %v; want none", details.Requests)
	}
	for _, code := range details.Codes {
		if code.Uses != 0 && code.Role != meet.RoleHost {
			t.Errorf("the code of a %s was used %d times", code.Role, code.Uses)
		}
	}
	stranger, err := s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &room.ID})
	if wantCode(t, "stranger", err, ""); !stranger.Room.IsBrief() {
		t.Errorf("a stranger is told of %+v; want only its name", stranger.Room)
	}
	s.Clock.Advance(time.Hour - 300*time.Millisecond)
	if a := askToJoin(t, s, guest, ""); a.RetryAfter != time.Second {
		t.Errorf("shortly before the start: again in %v; want a second", a.RetryAfter)
	}
	s.Clock.Advance(300 * time.Millisecond)
	if a := askToJoin(t, s, guest, ""); !a.Waiting || a.RequestID == "" || !a.StartsAt.IsZero() {
		t.Errorf("at the start: %+v; want a host to be asked", a)
	}
	if _, err := s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &open.ID}); err != nil {
		t.Errorf("at the start, into the room for everybody: %v", err)
	}
}

// What ends the wait of somebody who is early, and what comes of it.
func TestWaitingForTheStart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		happens func(t *testing.T, s *System, room meet.Room, code meet.RoomCode)
		want    meet.ErrorCode
		enters  bool
	}{
		"the start": {func(_ *testing.T, s *System, _ meet.Room, _ meet.RoomCode) {
			s.Clock.Advance(time.Second) // the calls look again after a second, because the start was so near
		}, "", true},
		"an earlier start": {func(t *testing.T, s *System, room meet.Room, _ meet.RoomCode) {
			_, err := s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{StartsAt: Of(s.Clock.Now())}, false)
			wantCode(t, "update", err, "")
		}, "", true},
		"a later start": {func(t *testing.T, s *System, room meet.Room, _ meet.RoomCode) {
			_, err := s.UpdateRoom(t.Context(), Ada, room.ID,
				meet.RoomChange{StartsAt: Of(s.Clock.Now().Add(time.Hour))}, false)
			wantCode(t, "update", err, "")
		}, "", false},
		"the end": {func(t *testing.T, s *System, room meet.Room, _ meet.RoomCode) {
			_, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
			wantCode(t, "end", err, "")
		}, meet.CodeNotFound, false},
		"a disabled code": {func(t *testing.T, s *System, _ meet.Room, code meet.RoomCode) {
			_, err := s.UpdateCode(t.Context(), Ada, code.Code, meet.CodeChange{Enabled: Of(false)}, false)
			wantCode(t, "disable", err, "")
		}, meet.CodeNotFound, false},
		"the stop of the program": {func(_ *testing.T, s *System, _ meet.Room, _ meet.RoomCode) {
			s.StopWaiting()
		}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(t)
			room, code := startsIn(t, s, time.Second, meet.RoomChange{})
			type outcome struct {
				a   meet.JoinResult
				err error
			}
			waited := make(chan outcome, 1)
			go func() {
				a, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, Name: "Eve", Wait: time.Hour})
				waited <- outcome{a, err}
			}()
			livekittest.Wait(t, "the call to wait", func() bool { return s.Waiters(room.ID) == 1 })
			c.happens(t, s, room, code)
			select {
			case o := <-waited:
				if wantCode(t, "wait", o.err, c.want); (o.a.Token != "") != c.enters {
					t.Errorf("got %+v; want to get in %t", o.a, c.enters)
				}
			case <-time.After(time.Minute):
				t.Fatal("still waiting")
			}
			if n := s.Waiters(room.ID); n != 0 {
				t.Errorf("%d still wait", n)
			}
		})
	}
}

// Many can wait for one start, and not without bound: who is too many is answered at
// once, and asks again.
func TestWaitingForTheStartIsBounded(t *testing.T) {
	t.Parallel()
	s := New(t, func(c *meet.Config) { c.Limits = &meet.Limits{RequestsPerAddress: 2, RequestsPerRoom: 3} })
	room, code := startsIn(t, s, time.Hour, meet.RoomChange{})
	wait := func(address string) meet.JoinResult {
		a, err := s.Exchange(t.Context(), address, meet.JoinCall{Code: &code.Code, Wait: time.Hour})
		wantCode(t, "exchange", err, "")
		return a
	}
	done := make(chan bool, 3)
	for i, address := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.2"} {
		go func() {
			wait(address)
			done <- true
		}()
		livekittest.Wait(t, "the call to wait", func() bool { return s.Waiters(room.ID) == i+1 })
		if i == 1 {
			if a := wait("192.0.2.1"); !a.Waiting {
				t.Errorf("a third one of the address: %+v", a)
			}
		}
	}
	if a := wait("192.0.2.3"); !a.Waiting || a.StartsAt.IsZero() {
		t.Errorf("a fourth one in the room: %+v; want to be told when it starts", a)
	}
	s.StopWaiting()
	for range 3 {
		<-done
	}
}

// A weekly meeting is one room: the links stay, everybody waits for the next time,
// and who is inside stays.
func TestAWeeklyMeeting(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	s := New(t)
	room, _ := startsIn(t, s, time.Hour, meet.RoomChange{Title: Of("Team")})
	code := s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{})
	for range 3 {
		if a := askToJoin(t, s, code, ""); !a.Waiting || !a.StartsAt.Equal(room.StartsAt) {
			t.Errorf("before %v: %+v; want to wait", room.StartsAt, a)
		}
		s.Clock.Advance(room.StartsAt.Sub(s.Clock.Now()))
		inside := s.EnterByCode(t, code, "Eve")
		next := meet.RoomChange{StartsAt: Of(room.StartsAt.Add(week))}
		updated, err := s.UpdateRoom(t.Context(), Ada, room.ID, next, false)
		wantCode(t, "update", err, "")
		room = updated.Room
		wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
		if people, err := s.Roster(t.Context(), Ada, room.ID); err != nil || len(people.Participants) != 1 {
			t.Errorf("inside after the next time was given: %+v, %v; want Eve", people, err)
		}
		inside.Leave()
	}
}

// A room that ends by default some time after it was made does so after its start.
func TestDefaultEndsCountFromTheStart(t *testing.T) {
	t.Parallel()
	s := New(t, func(c *meet.Config) { c.Defaults.ExpiresIn = time.Hour })
	room, _ := startsIn(t, s, 48*time.Hour, meet.RoomChange{})
	if want := room.StartsAt.Add(time.Hour); !room.ExpiresAt.Equal(want) {
		t.Errorf("ends at %v, want %v", room.ExpiresAt, want)
	}
	if never := s.NewRoom(t, meet.RoomChange{ExpiresIn: new(time.Duration)}); !never.ExpiresAt.IsZero() {
		t.Errorf("a room without an end ends at %v", never.ExpiresAt)
	}
}

// A room that has expired is opened again and given more time by one call.
func TestReopenAndExtend(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{ExpiresIn: Of(time.Minute)})
	s.Clock.Advance(time.Hour)
	longer := meet.RoomChange{ExtendBy: Of(10 * time.Minute)}
	_, err := s.UpdateRoom(t.Context(), Ada, room.ID, longer, false)
	wantCode(t, "extend a room that is over", err, meet.CodeInvalid)
	updated, err := s.UpdateRoom(t.Context(), Ada, room.ID, longer, true)
	wantCode(t, "extend and open again", err, "")
	want := updated.UpdatedAt.Add(10 * time.Minute)
	if !updated.Reopened || !s.IsActive(updated.Room) || !updated.ExpiresAt.Equal(want) {
		t.Errorf("%+v; want it open until %v", updated, want)
	}
	updated, err = s.UpdateRoom(t.Context(), Ada, room.ID, longer, false)
	wantCode(t, "extend", err, "")
	if !updated.ExpiresAt.Equal(want.Add(10*time.Minute)) || updated.HadNoEnd {
		t.Errorf("%+v; want ten more minutes", updated)
	}
}
