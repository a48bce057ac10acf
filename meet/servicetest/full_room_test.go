package servicetest

import (
	"testing"

	"roomkey/livekit"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// The limit shuts out no admin, and an admin takes nobody's seat: who was inside
// can also connect anew.
func TestAnAdminComesIntoAFullRoom(t *testing.T) {
	t.Parallel()
	s := withSessionGate(t)
	room := s.NewRoom(t, meet.RoomChange{MaxParticipants: Of(1)})
	bobsToken, gusToken := s.Admit(t, Bob, room), s.Admit(t, Gus, room)
	s.EnterWith(t, bobsToken)
	if _, err := livekittest.TryJoin(t, s.URL, gusToken.Token); err == nil {
		t.Error("somebody else came into the full room")
	}
	ada, root := s.Enter(t, Ada, room), s.Enter(t, Root, room)
	bob := s.EnterWith(t, bobsToken)
	livekittest.Wait(t, "all of them to be on record or removed", func() bool {
		wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
		return countEvents(t, s, room, meet.Joined)+countEvents(t, s, room, meet.Removed) == 3
	})
	if n := countEvents(t, s, room, meet.Removed); n != 0 || !bob.Connected() || !ada.Connected() || !root.Connected() {
		t.Errorf("%d were removed; want all of them inside", n)
	}
	_, err := s.Join(t.Context(), Gus, meet.JoinCall{RoomID: &room.ID})
	wantCode(t, "join by another", err, meet.CodeConflict)
}

// A foreign LiveKit cannot tell admins from others. Its media rooms have seats for
// admins, and others who take one are removed.
func TestAnAdminComesIntoAFullRoomOfAForeignLiveKit(t *testing.T) {
	t.Parallel()
	url := livekittest.StartServer(t, livekittest.ServerOptions{}).URL()
	s := NewOn(t, url, func(c *meet.Config) {
		c.Media = livekit.New(livekit.Config{
			URL: url, APIKey: livekittest.APIKey, APISecret: livekittest.APISecret, AdminSeats: 2,
		})
	})
	room := s.NewRoom(t, meet.RoomChange{MaxParticipants: Of(1)})
	bobsToken, gusToken := s.Admit(t, Bob, room), s.Admit(t, Gus, room)
	bob, ada, gus := s.EnterWith(t, bobsToken), s.Enter(t, Ada, room), s.EnterWith(t, gusToken)
	livekittest.Wait(t, "somebody to be removed", func() bool {
		wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
		return countEvents(t, s, room, meet.Removed) > 0
	})
	gus.WaitDisconnected()
	if n := countEvents(t, s, room, meet.Removed); n != 1 || !bob.Connected() || !ada.Connected() {
		t.Errorf("%d were removed; want only who took the seat of an admin", n)
	}
}
