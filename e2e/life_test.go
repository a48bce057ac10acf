package e2e_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// When a room expires, everybody is removed and nothing opens it.
func TestExpiry(t *testing.T) {
	each(t, nil, func(_ *testing.T, s *system) {
		ada, unused := s.guest("ada"), s.exchange(meet.RoleGuest, "cleo")
		var got struct {
			Room struct {
				ExpiresAt time.Time `json:"expires_at"`
			}
		}
		s.do("update_room", arg{"expires_in_seconds": 1}, &got)
		ada.WaitDisconnected()
		s.within("8 expiry with people inside", time.Since(got.Room.ExpiresAt), 2*time.Second)
		s.exchangeGives(http.StatusNotFound, "ada")
		s.refuses("gone", "nina", "join_room", nil)
		s.staysShut("8 expiry: back with the same token", ada.pass)
		s.staysShut("8 expiry: with a token not used before", unused)
		s.waitEvents(1, "room.expired")
	})
}

// A room that has ended stays ended, also when a foreign server makes its media
// room again. Tokens from before stay dead when the room is opened again.
func TestEndAndReopen(t *testing.T) {
	each(t, nil, func(t *testing.T, s *system) {
		ada, bob := s.guest("ada"), s.guest("bob")
		newest := s.keepSecret(ada.WaitToken(ada.pass.Token))
		var out struct{ Removed []string }
		began := s.do("end_room", arg{"confirm_name": s.room.Name}, &out)
		ada.WaitDisconnected()
		bob.WaitDisconnected()
		s.atOnce("9 end_room", began)
		if slices.Sort(out.Removed); !slices.Equal(out.Removed, identities(ada, bob)) {
			t.Errorf("removed: got %v, want both", out.Removed)
		}
		s.exchangeGives(http.StatusNotFound, "ada")
		s.staysShut("9 ended: back with an old token", ada.pass, newest)
		if n := len(s.events("room.cleared")); (n > 0) != (s.mode == foreign) {
			t.Errorf("events room.cleared: got %d; want some where LiveKit makes rooms by itself, else none", n)
		}

		s.do("update_room", arg{"is_active": true}, nil)
		s.staysOut("9 reopened: an old token", http.StatusNotFound, ada.pass, newest)
		s.waitInside(s.guest("ada")) // by the same code
	})
}

// A limit also holds for a media room that LiveKit has made by itself.
func TestLimit(t *testing.T) {
	each(t, arg{"max_participants": 2}, func(t *testing.T, s *system) {
		var passes []pass
		for _, userID := range []string{"ada", "bob", "carl"} {
			passes = append(passes, s.exchange(meet.RoleGuest, userID))
		}
		if s.mode == foreign { // the one inside makes no rooms by itself
			if _, err := s.rooms.DeleteRoom(t.Context(), &livekit.DeleteRoomRequest{Room: s.room.ID}); err != nil {
				t.Fatalf("DeleteRoom: %v", err)
			}
		}
		one, two := s.enter(passes[0]), s.enter(passes[1])
		if s.mode == inside {
			status := livekittest.SignallingStatus(t, passes[2].url(), passes[2].Token)
			if status != http.StatusInternalServerError {
				t.Errorf("one too many: got status %d, want 500", status)
			}
		} else {
			s.within("12 one too many", s.isRemoved(passes[2], passes[2].Token), time.Second)
		}
		s.waitInside(one, two)
		if !one.Connected() || !two.Connected() {
			t.Error("somebody lost their seat")
		}
		s.exchangeGives(http.StatusConflict, "dave")
	})
}

// A visit by signalling alone has shown who is inside, and is on record: as a visit,
// unless roomkey found the visitor inside meanwhile.
func TestVisitsBySignallingAloneAreOnRecord(t *testing.T) {
	each(t, nil, func(t *testing.T, s *system) {
		s.guest("somebody")
		p := s.exchange(meet.RoleGuest, "visitor")
		livekittest.Signal(t, p.url(), p.Token)()
		livekittest.Wait(t, "the end of the visit to be on record", func() bool {
			return s.eventsAbout("participant.visited", p.Identity)+s.eventsAbout("participant.left", p.Identity) == 1
		})
	})
}
