package e2e_test

import (
	"net/http"
	"slices"
	"testing"

	"roomkey/livekit/livekittest"
)

// A kicked person does not come back with any token they hold, also when they were
// cut off meanwhile or a block on them was lifted, and does with one that they ask
// for anew.
func TestKick(t *testing.T) {
	each(t, nil, func(t *testing.T, s *system) {
		ada, bob, away := s.guest("ada"), s.guest("bob"), s.guest("away")
		newest := s.keepSecret(ada.WaitToken(ada.pass.Token))
		s.waitEvents(3, "participant.joined") // LiveKit forgets who goes offline before it has connected them
		away.Offline()
		s.do("kick_participant", arg{"identity": away.pass.Identity}, nil)
		away.Online()
		livekittest.Wait(t, "away to be refused, or out", func() bool { return away.Refused() > 0 || away.Gone() })
		s.waitInside(ada, bob)

		var out struct{ Removed []string }
		began := s.do("kick_participant", arg{"identity": ada.pass.Identity, "block": true}, &out)
		reason := ada.WaitDisconnected()
		s.atOnce("1 kick", began)
		if reason != "PARTICIPANT_REMOVED" || !slices.Equal(out.Removed, identities(ada)) {
			t.Errorf("kick: got %s, removed %v, want ada out", reason, out.Removed)
		}
		s.exchangeGives(http.StatusForbidden, "ada", "")
		s.refuses("not_found", admin, "kick_participant", arg{"identity": ada.pass.Identity})
		s.do("kick_participant", arg{"identity": ada.pass.Identity, "block": false}, nil)
		s.staysOut("1 kick: back with an old token", http.StatusForbidden, ada.pass, newest)
		s.waitInside(bob, s.guest("ada"))
		if n := s.eventsAbout("participant.kicked", ada.pass.Identity); n != 1 {
			t.Errorf("events of the kick: got %d, want 1", n)
		}
	})
}

// Disabling a code with remove_participants removes the people who came by it, and
// the tokens that it gave are dead.
func TestCodeWithItsPeople(t *testing.T) {
	each(t, nil, func(_ *testing.T, s *system) {
		ada, bob := s.guest("ada"), s.enter(s.exchange("host", "bob"))
		unused := s.exchange("guest", "cleo") // a token that nobody has used yet
		s.must(admin, "update_room_code", arg{"code": s.code["guest"], "enabled": false, "remove_participants": true}, nil)
		ada.WaitDisconnected()
		s.staysOut("3 code disabled: back with its token", http.StatusForbidden, ada.pass)
		s.staysOut("3 code disabled: with a token not used before", http.StatusForbidden, unused)
		s.exchangeGives(http.StatusNotFound, "ada")
		s.waitInside(bob)
	})
}
