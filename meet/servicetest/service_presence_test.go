package servicetest

import (
	"errors"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// mediaEvent makes what a media server says of somebody who was let in.
func mediaEvent(s *System, kind meet.MediaEventKind, id, room, roomSID, identity, sid string) meet.MediaEvent {
	return meet.MediaEvent{ID: id, Kind: kind, RoomID: room, RoomSID: roomSID, At: s.Clock.Now(),
		Participant: meet.Participant{Identity: identity, SID: sid, JoinedAt: s.Clock.Now()}}
}

// handle has an event handled that nothing is wrong with. wantCode ends no
// goroutine, so it may be called in any.
func handle(t *testing.T, s *System, event meet.MediaEvent) {
	t.Helper()
	wantCode(t, "handle "+string(event.Kind), s.HandleMediaEvent(t.Context(), event), "")
}

// In whatever order they are told, and however often, each coming and each
// going is on record once.
func TestPresenceInAnyOrder(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	id := s.Admit(t, Bob, room).Identity
	joined := func(event, sid string) meet.MediaEvent {
		return mediaEvent(s, meet.MediaParticipantJoined, event, room.ID, "RM_1", id, sid)
	}
	left := func(event, sid string) meet.MediaEvent {
		return mediaEvent(s, meet.MediaParticipantLeft, event, room.ID, "RM_1", id, sid)
	}
	finished := func(event, sid string) meet.MediaEvent {
		return meet.MediaEvent{ID: event, Kind: meet.MediaRoomFinished, RoomID: room.ID, RoomSID: sid, At: s.Clock.Now()}
	}
	for _, e := range []struct {
		event        meet.MediaEvent
		joins, lefts int
		repeated     bool
	}{
		{joined("1", "PA_a"), 1, 0, false},
		{joined("1", "PA_a"), 1, 0, true},   // twice
		{joined("1b", "PA_a"), 1, 0, false}, // twice under another id, as after a restart of ours
		{left("2", "PA_b"), 2, 1, false},    // before its joined: both have been
		{joined("3", "PA_b"), 2, 1, false},
		{finished("4", "RM_0"), 2, 1, false}, // of an earlier media room of that name
		{left("5", "PA_a"), 2, 2, false},
		{left("5b", "PA_a"), 2, 2, false},
		{joined("6", "PA_a"), 2, 2, false}, // very late
		{joined("7", "PA_c"), 3, 2, false},
		{finished("8", "RM_1"), 3, 3, false},
		{left("9", "PA_c"), 3, 3, false},
		{mediaEvent(s, meet.MediaConnectionAborted, "9b", room.ID, "RM_1", id, "PA_f"), 3, 3, false}, // nobody came
		{mediaEvent(s, meet.MediaParticipantJoined, "10", room.ID, "RM_1", "recorder", "PA_d"), 3, 3, false},
		{mediaEvent(s, meet.MediaParticipantJoined, "11", "somebody-elses", "RM_2", id, "PA_e"), 3, 3, false},
		{meet.MediaEvent{ID: "12", Kind: "egress_started", RoomID: room.ID}, 3, 3, false},
		{meet.MediaEvent{}, 3, 3, false},
	} {
		err := s.HandleMediaEvent(t.Context(), e.event)
		if errors.Is(err, meet.ErrRepeated) != e.repeated || err != nil && !e.repeated {
			t.Errorf("event %s: %v", e.event.ID, err)
		}
		if j, l := countEvents(t, s, room, meet.Joined), countEvents(t, s, room, meet.Left); j != e.joins || l != e.lefts {
			t.Fatalf("after event %s: %d joined, %d left; want %d, %d", e.event.ID, j, l, e.joins, e.lefts)
		}
	}
}

// What no event told is found out by asking, in both directions.
func TestReconcileFindsOut(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	s.Enter(t, Bob, room)
	gone := s.Admit(t, Gus, room).Identity
	handle(t, s, mediaEvent(s, meet.MediaParticipantJoined, "1", room.ID, "RM_old", gone, "PA_gone"))
	for range 3 { // it changes nothing more
		wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
		if j, l := countEvents(t, s, room, meet.Joined), countEvents(t, s, room, meet.Left); j != 2 || l != 1 {
			t.Fatalf("%d joined, %d left; want both joined, and one of them left", j, l)
		}
	}
}

// A room is joined by who was inside, and by who may still come; not by who had
// a token and let it die.
func TestJoinedRooms(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	joined := func(p meet.Principal) bool {
		t.Helper()
		rooms, _, err := s.Rooms(t.Context(), p, meet.RoomFilter{Scope: meet.ScopeJoined})
		wantCode(t, "rooms", err, "")
		return len(rooms) == 1 && rooms[0].Relationship == meet.RelParticipant
	}
	s.Admit(t, Gus, room)
	inside := s.Admit(t, Bob, room).Identity
	if !joined(Gus) || !joined(Bob) {
		t.Error("who has a token has not joined")
	}
	handle(t, s, mediaEvent(s, meet.MediaParticipantJoined, "1", room.ID, "RM_1", inside, "PA_1"))
	s.Clock.Advance(meet.TokenLifetime)
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	if joined(Gus) || !joined(Bob) {
		t.Errorf("after the tokens have died: joined by who never came %v, by who was inside %v", joined(Gus), joined(Bob))
	}
	s.Admit(t, Bob, room)
	s.Clock.Advance(meet.TokenLifetime)
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	if !joined(Bob) {
		t.Error("another token that was not used took back that Bob was inside")
	}
}

// Events are forgotten when their time is over, and no others.
func TestEventsAreForgotten(t *testing.T) {
	t.Parallel()
	s := New(t, func(c *meet.Config) { c.KeepEvents = time.Hour })
	room := s.NewRoom(t, meet.RoomChange{})
	s.Clock.Advance(time.Hour)
	s.Admit(t, Bob, room)
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	if countEvents(t, s, room, meet.RoomCreated) != 1 {
		t.Error("an event is forgotten too early")
	}
	s.Clock.Advance(time.Second)
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	if countEvents(t, s, room, meet.RoomCreated) != 0 || countEvents(t, s, room, meet.Admitted) != 1 {
		t.Error("want the old event gone and the young one kept")
	}
}

// A removed person stays out, also if they came in so long ago that their
// admission would be forgotten: connected clients hold tokens that are younger.
func TestRemovedAfterTheTrailHasForgottenTheirComing(t *testing.T) {
	t.Parallel()
	s := New(t, func(c *meet.Config) { c.KeepEvents = time.Hour })
	room := s.NewRoom(t, meet.RoomChange{})
	a := s.Admit(t, Bob, room)
	handle(t, s, mediaEvent(s, meet.MediaParticipantJoined, "1", room.ID, "RM_1", a.Identity, "PA_1"))
	s.EnterWith(t, a)
	s.Clock.Advance(2 * time.Hour)
	_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: a.Identity})
	wantCode(t, "kick", err, "")
	handle(t, s, mediaEvent(s, meet.MediaParticipantLeft, "2", room.ID, "RM_1", a.Identity, "PA_1"))
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	if _, err := s.AuthorizeConnection(t.Context(), room.ID, a.Identity); !meet.IsCode(err, meet.CodeForbidden) {
		t.Errorf("coming back: %v; want forbidden", err)
	}
}

// Each coming has its going, however somebody goes, also if no webhook ever told
// of them.
func TestEachComingHasItsGoing(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(*testing.T, *System, meet.Room, string, meet.RoomCode) error{
		"kick": func(t *testing.T, s *System, room meet.Room, identity string, _ meet.RoomCode) error {
			_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: identity})
			return err
		},
		"removal by code": func(t *testing.T, s *System, _ meet.Room, _ string, code meet.RoomCode) error {
			_, err := s.UpdateCode(t.Context(), Ada, code.Code, meet.CodeChange{Enabled: Of(false)}, true)
			return err
		},
		"end": func(t *testing.T, s *System, room meet.Room, _ string, _ meet.RoomCode) error {
			_, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(t)
			room := s.NewRoom(t, meet.RoomChange{})
			code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
			eve := s.EnterByCode(t, code, "Eve")
			wantCode(t, name, remove(t, s, room, eve.Identity(), code), "")
			eve.WaitDisconnected()
			wantOneStay(t, s, room, eve.Identity())
		})
	}
}

// wantOneStay waits until one coming and one going of somebody are on record, and
// sees that no more follow.
func wantOneStay(t *testing.T, s *System, room meet.Room, identity string) {
	t.Helper()
	livekittest.Wait(t, "the going to be found out", func() bool {
		wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
		return countEvents(t, s, room, meet.Left) > 0
	})
	wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
	events, _, err := s.Events(t.Context(), Ada, meet.EventFilter{RoomID: &room.ID, Limit: Of(100)})
	wantCode(t, "events", err, "")
	stays := map[meet.EventAction]int{}
	for _, e := range events {
		if e.Target == identity {
			stays[e.Action]++
		}
		if _, err := time.ParseDuration(e.Details["stayed"]); e.Action == meet.Left && err != nil {
			t.Errorf("stayed = %q: %v", e.Details["stayed"], err)
		}
	}
	if stays[meet.Joined] != 1 || stays[meet.Left] != 1 {
		t.Errorf("events about the person = %v; want one joined and one left", stays)
	}
}

// The going is written down also where the coming is told after the end: of the
// room, or of an admission. Of somebody who comes back with a dead token there is
// neither.
func TestGoingAfterTheEnd(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{ExpiresIn: Of(time.Minute)})
	bob, gus, eve := s.Admit(t, Bob, room), s.Admit(t, Gus, room), s.Admit(t, Bob, room)
	came := mediaEvent(s, meet.MediaParticipantLeft, "1", room.ID, "RM_1", bob.Identity, "PA_bob")
	handle(t, s, mediaEvent(s, meet.MediaParticipantJoined, "2", room.ID, "RM_1", gus.Identity, "PA_gus"))
	s.Clock.Advance(time.Second)
	r := meet.Revocation{RoomID: room.ID, Identities: []string{eve.Identity}, At: s.Clock.Now(), By: "ada"}
	wantCode(t, "revoke", s.Store.RevokeAdmissions(t.Context(), r, nil), "")
	s.Clock.Advance(time.Second)
	handle(t, s, mediaEvent(s, meet.MediaParticipantLeft, "3", room.ID, "RM_1", eve.Identity, "PA_eve"))
	s.Clock.Advance(time.Hour)
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	came.At = s.Clock.Now()
	handle(t, s, came)
	for range 2 {
		wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
	}
	handle(t, s, mediaEvent(s, meet.MediaParticipantLeft, "4", room.ID, "RM_1", gus.Identity, "PA_gus"))
	if j, l := countEvents(t, s, room, meet.Joined), countEvents(t, s, room, meet.Left); j != 2 || l != 2 {
		t.Errorf("%d joined, %d left; want Bob's and Gus's", j, l)
	}
}
