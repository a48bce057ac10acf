package servicetest

import (
	"errors"
	"testing"
	"time"

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
	if _, _, err := s.AuthorizeConnection(t.Context(), room.ID, a.Identity); !meet.IsCode(err, meet.CodeForbidden) {
		t.Errorf("coming back: %v; want forbidden", err)
	}
}
