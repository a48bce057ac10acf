package e2e_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// A media server that dies loses nothing: the room stays, people come back,
// also with a fresh token from the same code, locks and blocks hold. The LiveKit
// inside dies with roomkey.
func TestLiveKitKilled(t *testing.T) {
	eachAlone(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		ada, bob, carl := s.guest("ada"), s.guest("bob"), s.enter(s.joinAs("carl", nil))
		s.do("kick_participant", arg{"identity": carl.pass.Identity, "block": true}, nil)
		s.do("mute_participant", arg{"identity": ada.pass.Identity, "lock": true}, nil)
		ada.WaitMayPublish(meet.Microphone, false)

		began := time.Now()
		if s.mode == inside {
			w.restart()
		} else {
			s.livekit.Kill()
			s.refuses("unavailable", s.admin, "kick_participant", arg{"room_id": s.room.ID, "identity": bob.pass.Identity})
			s.livekit.Restart()
		}
		back := time.Now()
		fresh := s.guest("ada")
		s.saw("6 LiveKit killed and restarted: fresh token by the same code", "inside", time.Since(back))
		s.waitRoster(ada, bob, fresh) // the SDK comes back by itself
		s.saw("6 LiveKit killed and restarted: who was inside, from the kill", "back by themselves", time.Since(began))
		s.saw("6 LiveKit killed and restarted: lock", "holds", fresh.WaitMayPublish(meet.Microphone, false).Sub(back))
		ada.WaitMayPublish(meet.Microphone, false)
		s.checkLocked(meet.Microphone, ada, fresh)
		s.refuses("forbidden", "carl", "join_room", arg{"code": s.code[meet.RoleGuest]})
		table.add("6 LiveKit killed and restarted: block", s.mode, "holds")
		livekittest.Wait(t, "bob to publish, who is listed before his SDK is done", func() bool {
			return bob.Connected() && bob.TryPublish(meet.Microphone) == nil
		})
		livekittest.Wait(t, "ada to hear bob", func() bool { return fresh.Receives(bob.pass.Identity, meet.Microphone) })
		s.staysOut("6 LiveKit killed and restarted: the kicked token", carl.pass, carl.pass.Token)
	})
}

// What roomkey has answered holds after kill -9.
func TestRoomkeyKilledAfterKick(t *testing.T) {
	eachAlone(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		ada, bob := s.guest("ada"), s.guest("bob")
		s.do("kick_participant", arg{"identity": ada.pass.Identity, "block": true}, nil)
		w.kill()
		const row = "7 roomkey killed after a kick: the kicked token"
		if s.mode == inside { // whose LiveKit may have died before it told ada
			w.run()
			s.staysOut(row, ada.pass, ada.pass.Token)
		} else { // nobody keeps them out while roomkey is dead
			ada.WaitDisconnected()
			back := s.enter(ada.pass)
			w.run()
			ready := time.Now()
			back.WaitDisconnected()
			s.saw(row+", used meanwhile: after the restart", "removed", back.GoneAt().Sub(ready))
			s.staysOut(row, ada.pass, ada.pass.Token)
		}
		s.exchangeGives(http.StatusForbidden, "ada")
		s.exchangeGives(http.StatusForbidden, "")
		if _, blocks := s.roster(); len(blocks) != 1 {
			t.Errorf("blocks: got %v, want one", blocks)
		}
		table.add("7 roomkey killed after a kick: block", s.mode, "holds")
		s.waitRoster(bob)
		if n := s.about("participant.kicked", ada.pass.Identity); n != 1 {
			t.Errorf("events of the kick: got %d, want 1", n)
		}
	})
}

func TestRoomkeyKilledAfterLock(t *testing.T) {
	eachAlone(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		ada, witness := s.guest("ada"), s.guest("witness")
		publish(t, ada, meet.Microphone)
		s.do("mute_participant", arg{"identity": ada.pass.Identity, "lock": true}, nil)
		w.restart()
		s.waitRoster(ada, witness)
		s.checkLocked(meet.Microphone, ada)
		ada.ShowToken(ada.pass.Token)
		began := time.Now()
		ada.Restart()
		s.saw("7 roomkey killed after a lock: back with the original token", "still locked", ada.WaitMayPublish(meet.Microphone, false).Sub(began))
		s.cannotPublish(meet.Microphone, witness, ada)
		s.do("mute_participant", arg{"identity": ada.pass.Identity, "lock": false}, nil)
		ada.WaitMayPublish(meet.Microphone, true)
		publish(t, ada, meet.Microphone)
	})
}

func TestRoomkeyKilledAfterEnd(t *testing.T) {
	eachAlone(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		ada := s.guest("ada")
		s.do("end_room", arg{"confirm_name": s.room.Name}, nil)
		w.kill()
		if s.mode == inside { // whose LiveKit may have died before it told ada
			w.run()
		} else {
			ada.WaitDisconnected()
			back := s.enter(ada.pass) // brings the media room back
			w.run()
			ready := time.Now()
			back.WaitDisconnected()
			s.saw("7 roomkey killed after end_room: a token used meanwhile, after the restart", "removed", back.GoneAt().Sub(ready))
			s.wait("the media room to be gone", func() bool { return s.mediaRoom() == nil })
			s.wait("that to be on record", func() bool { return len(s.events("room.cleared")) > 0 })
		}
		s.staysShut("7 roomkey killed after end_room: back with the same token", ada.pass)
		s.exchangeGives(http.StatusNotFound, "ada")
	})
}

// Who comes and goes while roomkey is dead is known after it: people inside a
// foreign LiveKit notice nothing.
func TestRoomkeyKilledWithPeopleInside(t *testing.T) {
	t.Parallel()
	w := start(t, foreign)
	s := w.open(t, nil)
	ada, bob, later := s.guest("ada"), s.guest("bob"), s.exchange(meet.RoleGuest, "carl")
	s.wait("both to be on record", func() bool { return len(s.events("participant.joined")) == 2 })
	w.kill()
	bob.Leave()
	carl := s.enter(later)
	w.run()
	ready := time.Now()
	s.waitRoster(ada, carl)
	s.wait("what happened meanwhile to be on record", func() bool {
		return s.about("participant.joined", carl.pass.Identity) == 1 && s.about("participant.left", bob.pass.Identity) == 1
	})
	s.within("7 roomkey killed with people inside: who came and went meanwhile", "on record", time.Since(ready), 10*time.Second)
	if !ada.Connected() || len(s.events("participant.joined")) != 3 || len(s.events("participant.left")) != 1 {
		t.Errorf("events: got %v, want three who came and one who left", slices.Concat(s.events("participant.joined"), s.events("participant.left")))
	}
}
