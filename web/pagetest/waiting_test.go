package pagetest

import (
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

func (s *testServer) waiting(room meet.Room, n int) []meet.JoinRequest {
	s.t.Helper()
	var roster meet.Roster
	livekittest.Wait(s.t, "people to wait", func() bool {
		var err error
		if roster, err = s.Roster(s.t.Context(), meettest.Ada, room.ID); err != nil {
			s.t.Fatal(err)
		}
		return len(roster.Requests) == n
	})
	return roster.Requests
}

// Somebody waits, a host inside lets them in on the page.
func TestAHostLetsSomebodyIn(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: meettest.Of(true)}})
	ada, bob := s.open(wide), s.open(wide)
	ada.join(codes["host"], "Ada")
	bob.knock(codes["guest"], "Bob")
	bob.see("Waiting to be let in")
	ada.readOut("Bob wants to join")
	s.waiting(room, 1)
	if got := s.names(room); len(got) != 1 {
		t.Errorf("inside are %v while Bob waits, want Ada alone", got)
	}
	if eval[int](bob, `performance.getEntriesByType("resource").filter(e => e.name.includes("/rtc")).length`) != 0 {
		t.Error("somebody who waits asks for signalling")
	}
	ada.press("Let in Bob")
	bob.screen("call")
	ada.watches(1)
	bob.watches(1)
	if ada.has("Let in Bob") {
		t.Error("the request is still shown")
	}

	// The approval holds for the next joins.
	bob.press("Leave")
	bob.message("left", "You left the call")
	eval[bool](bob, `(sessionStorage.removeItem("roomkey.call"), true)`) // a fresh token is needed
	bob.visit("/join/" + codes["guest"])
	bob.ask("Bob")
	bob.screen("call")
	ada.quiet()
	bob.quiet()
}

func TestAHostRefusesSomebody(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: meettest.Of(true)}})
	ada, eve := s.open(wide), s.open(wide)
	ada.join(codes["host"], "Ada")
	eve.knock(codes["guest"], "<b>Eve</b>")
	ada.press("Refuse <b>Eve</b>")
	eve.message("refused", "You were not let in")
	s.waiting(room, 0)
	eve.press("Try again")
	eve.ask("Eve")
	eve.screen("waiting")
	s.waiting(room, 1)
	ada.quiet()
	eve.quiet("403")
}

// An agent answers. After a reload, waiting goes on under the same request.
func TestAnAgentLetsSomebodyIn(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: meettest.Of(true)}})
	bob := s.open(phone)
	bob.knock(codes["guest"], "Bob")
	first := s.waiting(room, 1)[0].ID
	bob.visit("/join/" + codes["guest"])
	bob.screen("waiting")
	if again := s.waiting(room, 1)[0].ID; again != first {
		t.Error("a reload made another request")
	}
	if _, err := s.AnswerJoinRequest(t.Context(), meettest.Ada, room.ID, first, true); err != nil {
		t.Fatal(err)
	}
	bob.screen("call")
	bob.quiet()
}

func TestTheRoomEndsWhileSomebodyWaits(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: meettest.Of(true)}})
	bob := s.open(wide)
	bob.knock(codes["guest"], "Bob")
	s.waiting(room, 1)
	s.end(room)
	bob.message("over", "You can no longer join")
	bob.quiet("404")
}

func TestWaitingIsCancelled(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: meettest.Of(true)}})
	bob := s.open(wide)
	bob.knock(codes["guest"], "Bob")
	bob.press("Cancel")
	bob.screen("prejoin")
	bob.press("Join")
	bob.screen("waiting")
	s.waiting(room, 1) // and not twice
	bob.quiet()
}
