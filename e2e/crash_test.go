package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// A media server that dies loses nothing: the room stays, people come back, also
// with a new token from the same code, and locks and blocks hold. The LiveKit inside
// dies with roomkey.
func TestLiveKitKilled(t *testing.T) {
	each(t, nil, func(t *testing.T, s *system) {
		ada, bob, carl := s.guest("ada"), s.guest("bob"), s.enter(s.joinAs("carl"))
		s.do("kick_participant", arg{"identity": carl.pass.Identity, "block": true}, nil)
		s.do("mute_participant", arg{"identity": ada.pass.Identity, "lock": true}, nil)
		ada.WaitMayPublish(meet.Microphone, false)

		if s.mode == inside {
			s.kill()
			s.run()
		} else {
			s.livekit.Kill()
			s.refuses("unavailable", admin, "kick_participant", arg{"identity": bob.pass.Identity})
			s.livekit.Restart()
		}
		anew := s.guest("ada")
		s.waitInside(ada, bob, anew) // the SDK comes back by itself
		for _, p := range []person{ada, anew} {
			p.WaitMayPublish(meet.Microphone, false)
		}
		s.checkLocked(meet.Microphone, ada, anew)
		s.refuses("forbidden", "carl", "join_room", arg{"code": s.code[meet.RoleGuest]})
		livekittest.Wait(t, "bob to publish, who is listed before his SDK is ready", func() bool {
			return bob.Connected() && bob.TryPublish(meet.Microphone) == nil
		})
		anew.WaitReceives(bob.pass.Identity, meet.Microphone, true)
		s.staysOut("6 LiveKit killed: the kicked token", http.StatusForbidden, carl.pass)
	})
}

// What roomkey has answered holds after kill -9.
func TestRoomkeyKilledAfterKick(t *testing.T) {
	each(t, nil, func(t *testing.T, s *system) {
		ada, bob := s.guest("ada"), s.guest("bob")
		s.do("kick_participant", arg{"identity": ada.pass.Identity, "block": true}, nil)
		s.killAndComeBack(ada)
		s.staysOut("7 roomkey killed after a kick", http.StatusForbidden, ada.pass)
		s.exchangeGives(http.StatusForbidden, "ada", "")
		s.waitInside(bob)
		if n := s.eventsAbout("participant.kicked", ada.pass.Identity); n != 1 {
			t.Errorf("events of the kick: got %d, want 1", n)
		}
	})
}

// killAndComeBack kills roomkey and starts it again. On a foreign LiveKit a removed
// person comes back with their token meanwhile.
func (s *system) killAndComeBack(removed person) {
	s.t.Helper()
	s.kill()
	if s.mode == inside { // LiveKit may have died before it told anybody
		s.run()
		return
	}
	removed.WaitDisconnected()
	back := s.enter(removed.pass)
	s.run()
	back.WaitDisconnected()
}

func TestRoomkeyKilledAfterEnd(t *testing.T) {
	each(t, nil, func(t *testing.T, s *system) {
		ada := s.guest("ada")
		s.do("end_room", arg{"confirm_name": s.room.Name}, nil)
		s.killAndComeBack(ada) // which brings a foreign media room back
		if s.mode == foreign {
			livekittest.Wait(t, "the media room to be gone", func() bool { return !s.hasMediaRoom() })
			livekittest.Wait(t, "that to be on record", func() bool { return len(s.events("room.cleared")) > 0 })
		}
		s.staysShut("7 roomkey killed after end_room", ada.pass)
		s.exchangeGives(http.StatusNotFound, "ada")
	})
}

func TestRoomkeyKilledAfterLock(t *testing.T) {
	each(t, nil, func(_ *testing.T, s *system) {
		ada, witness := s.guest("ada"), s.guest("witness")
		ada.Publish(meet.Microphone)
		s.do("mute_participant", arg{"identity": ada.pass.Identity, "lock": true}, nil)
		s.kill()
		s.run()
		s.waitInside(ada, witness)
		s.checkLocked(meet.Microphone, ada)
		ada.ShowToken(ada.pass.Token)
		ada.Restart()
		ada.WaitMayPublish(meet.Microphone, false)
		s.cannotPublish(meet.Microphone, witness, ada)
		s.do("mute_participant", arg{"identity": ada.pass.Identity, "lock": false}, nil)
		ada.WaitMayPublish(meet.Microphone, true)
		ada.Publish(meet.Microphone)
	})
}

// After a restart roomkey learns who has come and left meanwhile. People inside a
// foreign LiveKit notice nothing.
func TestRoomkeyKilledWithPeopleInside(t *testing.T) {
	t.Parallel()
	s := start(t, foreign, nil)
	ada, bob, later := s.guest("ada"), s.guest("bob"), s.exchange(meet.RoleGuest, "carl")
	s.waitEvents(2, "participant.joined")
	s.kill()
	bob.Leave()
	carl := s.enter(later)
	s.run()
	ready := time.Now()
	s.waitInside(ada, carl)
	s.waitEvents(3, "participant.joined")
	s.waitEvents(1, "participant.left")
	s.within("7 roomkey killed: who came and went meanwhile", time.Since(ready), 10*time.Second)
	if !ada.Connected() || s.eventsAbout("participant.joined", carl.pass.Identity) != 1 ||
		s.eventsAbout("participant.left", bob.pass.Identity) != 1 {
		t.Errorf("events: got %v, want carl to have come and bob to have left",
			s.events("participant.joined", "participant.left"))
	}
}
