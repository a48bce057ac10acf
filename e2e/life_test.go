package e2e_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// A room whose time has come puts everybody out, and nothing opens it.
func TestExpiry(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		ada, unused := s.guest("ada"), s.exchange(meet.RoleGuest, "cleo")
		var got struct {
			Room struct {
				ExpiresAt time.Time `json:"expires_at"`
			}
		}
		s.do("update_room", arg{"expires_in_seconds": 1}, &got)
		ada.WaitDisconnected()
		s.within("8 expiry with people inside", "out", ada.GoneAt().Sub(got.Room.ExpiresAt), 2*time.Second)
		s.exchangeGives(http.StatusNotFound, "ada")
		s.refuses("gone", "nina", "join_room", arg{"room_id": s.room.ID})
		s.staysShut("8 expiry: back with the same token", ada.pass)
		s.staysShut("8 expiry: with a token not used before", unused)
		if n := len(s.events("room.expired")); n != 1 {
			t.Errorf("events of the expiry: got %d, want 1", n)
		}
	})
}

// A room that has ended stays ended, also when a foreign server makes its media
// room again; tokens from before do not come back with it.
func TestEndAndReopen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		ada, bob := s.guest("ada"), s.guest("bob")
		newest := ada.WaitToken(ada.pass.Token)
		s.keepSecret(newest)
		var out struct{ Removed []string }
		began := s.do("end_room", arg{"confirm_name": s.room.Name}, &out)
		ada.WaitDisconnected()
		bob.WaitDisconnected()
		s.atOnce("9 end_room", "out", ada.GoneAt().Sub(began))
		if slices.Sort(out.Removed); !slices.Equal(out.Removed, sorted(ada, bob)) {
			t.Errorf("removed: got %v, want both", out.Removed)
		}
		s.exchangeGives(http.StatusNotFound, "ada")
		s.staysShut("9 ended: back with the same token", ada.pass)
		s.staysShut("9 ended: back with the token that LiveKit renewed", pass{Token: newest, LiveKitURL: ada.pass.LiveKitURL, Identity: ada.pass.Identity})
		if n := len(s.events("room.cleared")); (n > 0) != (s.mode == foreign) {
			t.Errorf("events room.cleared: got %d; want some where LiveKit makes rooms by itself, else none", n)
		}

		s.do("update_room", arg{"is_active": true}, nil)
		s.staysOutBy(http.StatusNotFound, "9 reopened: the old token", ada.pass, ada.pass.Token)
		s.staysOutBy(http.StatusNotFound, "9 reopened: the old renewed token", ada.pass, newest)
		began = time.Now()
		again := s.guest("ada") // by the same code
		s.waitRoster(again)
		s.saw("9 reopened: a fresh token by the same code", "inside", time.Since(began))
	})
}

// staysShut has somebody connect to a room that is over. Where that brings its
// media room back, it is gone again soon.
func (s *scene) staysShut(row string, p pass) {
	s.t.Helper()
	if s.mode == inside {
		began := time.Now()
		if status := livekittest.Knock(s.t, p.url(), p.Token); status != http.StatusNotFound {
			s.t.Errorf("%s: got status %d, want 404", row, status)
		}
		s.saw(row, "refused", time.Since(began))
		return
	}
	stayed, joined := s.comeBack(p, p.Token)
	s.wait("the media room to be gone", func() bool { return s.mediaRoom() == nil })
	if joined {
		s.within(row, "removed, room deleted", stayed, time.Second)
	} else { // the room's end was faster than their way in
		s.saw(row, "not let in, room deleted", 0)
	}
}

// A limit holds for a media room that LiveKit has made by itself.
func TestLimit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open(t, arg{"max_participants": 2})
		ada, bob, carl := s.exchange(meet.RoleGuest, "ada"), s.exchange(meet.RoleGuest, "bob"), s.exchange(meet.RoleGuest, "carl")
		if s.mode == foreign { // the one inside makes no rooms by itself
			s.deleteMediaRoom()
		}
		one, two := s.enter(ada), s.enter(bob)
		const row = "12 one too many (foreign: in a media room that made itself, without a limit)"
		if s.mode == inside {
			if status := livekittest.Knock(t, carl.url(), carl.Token); status != http.StatusInternalServerError {
				t.Errorf("one too many: got status %d, want 500", status)
			}
			table.add(row, s.mode, "refused (500)")
		} else {
			stayed, joined := s.comeBack(carl, carl.Token)
			if !joined {
				t.Error("one too many was not let in by LiveKit")
			}
			s.within(row, "removed", stayed, time.Second)
		}
		s.waitRoster(one, two)
		if !one.Connected() || !two.Connected() {
			t.Error("somebody lost their seat")
		}
		s.exchangeGives(http.StatusConflict, "dave")
	})
}
