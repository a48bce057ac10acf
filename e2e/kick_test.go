package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// A kicked person does not come back with any token they hold, and does with
// one they ask for anew.
func TestKick(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		ada, bob := s.guest("ada"), s.guest("bob")
		newest := ada.WaitToken(ada.pass.Token)
		s.keepSecret(newest)
		var out struct{ Removed []string }
		began := s.do("kick_participant", arg{"identity": ada.pass.Identity}, &out)
		if reason := ada.WaitDisconnected(); reason != "PARTICIPANT_REMOVED" || !slices.Equal(out.Removed, []string{ada.pass.Identity}) {
			t.Errorf("kick: got %s, removed %v, want ada out", reason, out.Removed)
		}
		s.atOnce("1 kick", "out", ada.GoneAt().Sub(began))
		s.staysOut("1 kick: back with the same token", ada.pass, ada.pass.Token)
		s.staysOut("1 kick: back with the token that LiveKit renewed", ada.pass, newest)

		again := s.guest("ada")
		s.waitRoster(bob, again)
		if n := s.about("participant.kicked", ada.pass.Identity); n != 1 {
			t.Errorf("events of the kick: got %d, want 1", n)
		}
		s.refuses("not_found", s.admin, "kick_participant", arg{"room_id": s.room.ID, "identity": ada.pass.Identity})
	})
}

// Somebody who was cut off while they were kicked is not let in when the SDK
// connects again by itself.
func TestKickWhileAway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		ada, bob := s.guest("ada"), s.guest("bob")
		s.keepSecret(ada.WaitToken(ada.pass.Token))
		ada.Offline()
		s.do("kick_participant", arg{"identity": ada.pass.Identity}, nil)
		began := time.Now()
		ada.Online()
		out := s.wait("ada to be refused, or out", func() bool { return ada.Refused() > 0 || !ada.GoneAt().IsZero() })
		s.saw("1 kick: while the SDK reconnects", "stays out", out.Sub(began))
		s.waitRoster(bob)
	})
}

// staysOut has somebody connect with a token that is dead because they were
// removed. Through our own port they are refused; elsewhere they are removed
// again.
func (s *scene) staysOut(row string, p pass, token string) {
	s.t.Helper()
	s.staysOutBy(http.StatusForbidden, row, p, token)
}

// staysOutBy is staysOut for another status of our own port.
func (s *scene) staysOutBy(want int, row string, p pass, token string) {
	s.t.Helper()
	if s.mode == inside {
		began := time.Now()
		status := livekittest.Knock(s.t, p.url(), token)
		if status != want {
			s.t.Errorf("%s: got status %d, want %d", row, status, want)
		}
		s.saw(row, fmt.Sprintf("refused (%d)", want), time.Since(began))
		return
	}
	stayed, joined := s.comeBack(p, token)
	if !joined {
		s.t.Errorf("%s: they were not let in, want them let in by LiveKit and removed", row)
		return
	}
	s.within(row, "removed", stayed, time.Second)
	s.wait("nobody of that identity inside", func() bool {
		people, _ := s.roster()
		return !slices.Contains(identities(people), p.Identity)
	})
}

// comeBack has somebody connect to a foreign LiveKit until they are removed,
// and says how long LiveKit let them be inside, if it did.
func (s *scene) comeBack(p pass, token string) (stayed time.Duration, joined bool) {
	s.t.Helper()
	before := len(s.hooksAbout("participant_joined", p.Identity))
	back, err := livekittest.TryJoinFor(s.t, p.url(), token, 5*time.Second)
	if err == nil {
		back.WaitDisconnected()
	}
	came := s.hooksAbout("participant_joined", p.Identity)
	if len(came) <= before {
		return 0, false
	}
	if err == nil {
		return back.GoneAt().Sub(came[before].At), true
	}
	// They were out before the SDK had connected, or it was too slow.
	var gone time.Time
	s.wait("LiveKit to tell that they are gone", func() bool {
		for _, h := range s.hooksAbout("participant_left", p.Identity) {
			if !h.At.Before(came[before].At) {
				gone = h.At
				return true
			}
		}
		return false
	})
	return gone.Sub(came[before].At), true
}

// hooksAbout are LiveKit's webhooks of that kind about somebody.
func (s *scene) hooksAbout(kind, identity string) (found []livekittest.Webhook) {
	for _, h := range s.hooks.Arrived() {
		if h.Event == kind && h.Identity == identity {
			found = append(found, h)
		}
	}
	return found
}

// A block is on the person, proven or not, and on the code they came by.
func TestBlock(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		ada, bob := s.guest("ada"), s.guest("bob")
		began := s.do("kick_participant", arg{"identity": ada.pass.Identity, "block": true, "reason": "rude"}, nil)
		ada.WaitDisconnected()
		s.atOnce("2 kick with block", "out", ada.GoneAt().Sub(began))

		asked := time.Now()
		s.exchangeGives(http.StatusForbidden, "ada")
		s.saw("2 blocked: same code, same user_id", "refused (403)", time.Since(asked))
		s.exchangeGives(http.StatusForbidden, "")
		s.exchangeGives(http.StatusForbidden, "somebody")
		erik := s.enter(s.joinAs("erik", arg{"code": s.code[meet.RoleGuest]})) // proven to be another
		s.waitRoster(bob, erik)
		if _, blocks := s.roster(); len(blocks) != 1 || blocks[0].Identity != ada.pass.Identity {
			t.Errorf("blocks: got %v, want ada's", blocks)
		}

		s.do("kick_participant", arg{"identity": ada.pass.Identity, "block": false}, nil)
		if _, blocks := s.roster(); len(blocks) != 0 {
			t.Errorf("blocks after lifting it: got %v, want none", blocks)
		}
		again := s.guest("ada")
		s.waitRoster(bob, erik, again)
		s.staysOut("2 unblocked: back with the old token", ada.pass, ada.pass.Token)
	})
}

// A proven person is blocked with all their connections, by whatever way.
func TestBlockSubject(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		const dora = "dora"
		code := arg{"code": s.code[meet.RoleGuest]}
		one, two, bob := s.enter(s.joinAs(dora, code)), s.enter(s.joinAs(dora, nil)), s.guest("bob")
		var out struct{ Removed []string }
		began := s.do("kick_participant", arg{"identity": one.pass.Identity, "block": true}, &out)
		one.WaitDisconnected()
		two.WaitDisconnected()
		if len(out.Removed) != 2 {
			t.Errorf("removed: got %v, want both connections", out.Removed)
		}
		s.atOnce("2 kick with block: second connection of the same subject", "out", two.GoneAt().Sub(began))
		s.staysOut("2 blocked: second connection with its token", two.pass, two.pass.Token)

		asked := time.Now()
		s.refuses("forbidden", dora, "join_room", code)
		s.saw("2 blocked: same subject", "refused (forbidden)", time.Since(asked))
		s.refuses("forbidden", dora, "join_room", arg{"room_id": s.room.ID})
		s.exchangeGives(http.StatusForbidden, dora)
		s.exchangeGives(http.StatusForbidden, "")
		s.waitRoster(bob)
		s.do("kick_participant", arg{"identity": one.pass.Identity, "block": false}, nil)
		s.waitRoster(bob, s.enter(s.joinAs(dora, code)))
	})
}

// Disabling a code with remove_participants puts out those who came by it.
func TestCodeWithItsPeople(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		ada, bob := s.guest("ada"), s.enter(s.exchange(meet.RoleHost, "bob"))
		unused := s.exchange(meet.RoleGuest, "cleo") // a token that nobody has used yet
		var out struct{ Removed []string }
		began := s.doCode("update_room_code", arg{"code": s.code[meet.RoleGuest], "enabled": false, "remove_participants": true}, &out)
		ada.WaitDisconnected()
		if !slices.Equal(out.Removed, []string{ada.pass.Identity}) {
			t.Errorf("removed: got %v, want ada", out.Removed)
		}
		s.atOnce("3 code disabled with its people", "out", ada.GoneAt().Sub(began))
		s.staysOut("3 code disabled: back with the same token", ada.pass, ada.pass.Token)
		s.staysOut("3 code disabled: with a token not used before", unused, unused.Token)
		s.exchangeGives(http.StatusNotFound, "ada")
		s.waitRoster(bob)
	})
}
