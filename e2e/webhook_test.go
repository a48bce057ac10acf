package e2e_test

import (
	"testing"
	"time"

	"roomkey/livekit/livekittest"
)

// These tests lose, repeat, delay and reorder the webhooks of a foreign LiveKit.
// Nobody has access to those of the LiveKit inside; TestRepeatedWebhooks has what is
// repeated or late there.

// connections counts how often somebody came or left, as LiveKit has told.
func (s *system) connections(kind, identity string) int {
	sids := map[string]bool{}
	for _, h := range s.webhooksAbout(kind, identity) {
		sids[h.Message.GetParticipant().GetSid()] = true
	}
	return len(sids)
}

// joinedBefore says whether list_rooms has the room among those a subject joined.
func (s *system) joinedBefore(subject string) bool {
	s.t.Helper()
	var out struct {
		Rooms []struct{ ID, Relationship string }
	}
	s.must(subject, "list_rooms", arg{"scope": "joined"}, &out)
	return len(out.Rooms) == 1 && out.Rooms[0].ID == s.room.ID && out.Rooms[0].Relationship == "participant"
}

// Without any webhook roomkey finds out by asking.
func TestWebhooksLost(t *testing.T) {
	t.Parallel()
	s := start(t, foreign, nil)
	s.hooks.Treat(livekittest.Drop)
	nina, bob, carl := s.enter(s.joinAs("nina")), s.guest("bob"), s.guest("carl")
	came := time.Now()
	s.waitEvents(3, "participant.joined")
	s.within("10 all webhooks lost: who came", time.Since(came), 30*time.Second)
	if !s.joinedBefore("nina") {
		t.Error("list_rooms of nina: want the room as participant")
	}

	s.do("kick_participant", arg{"identity": carl.pass.Identity}, nil)
	carl.WaitDisconnected()
	nina.Leave()
	left := time.Now()
	back := s.enter(carl.pass)
	s.waitInside(bob, carl) // the media server knows nothing of kicks
	back.WaitDisconnected()
	s.within("10 all webhooks lost: who was kicked and came back", time.Since(left), 15*time.Second)
	livekittest.Wait(t, "who has left to be on record", func() bool {
		return s.eventsAbout("participant.left", nina.pass.Identity) == 1
	})
	s.within("10 all webhooks lost: who left", time.Since(left), 30*time.Second)
	s.waitInside(bob)
	if n := len(s.events("participant.joined")); n < 3 || n > 4 { // and carl's second coming, perhaps
		t.Errorf("events of who came: got %d, want 3 or 4", n)
	}
}

// Whatever happens to the webhooks on their way, each coming and each going is on
// record once.
func TestWebhooksTamperedWith(t *testing.T) {
	t.Parallel()
	for name, treat := range map[string]func(*livekittest.Webhooks){
		"twice": func(h *livekittest.Webhooks) { h.Treat(livekittest.Double) },
		"late": func(h *livekittest.Webhooks) { // mostly after they have left
			h.Treat(livekittest.Delay(1500*time.Millisecond), "participant_joined")
		},
		"reversed": func(h *livekittest.Webhooks) { h.Treat(livekittest.Hold) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, foreign, nil)
			treat(s.hooks)
			ada, bob := s.enter(s.joinAs("ada")), s.enter(s.joinAs("bob"))
			s.waitTold(map[string]int{ada.pass.Identity: 1, bob.pass.Identity: 1}, nil)
			bob.Restart()
			ada.Leave()
			gone := map[string]int{ada.pass.Identity: 1, bob.pass.Identity: 1}
			s.waitTold(map[string]int{bob.pass.Identity: 2}, gone)
			if name == "reversed" {
				s.hooks.ReleaseReversed()
			}
			livekittest.Wait(t, "all webhooks to be passed on", func() bool { return s.hooks.Undelivered() == 0 })
			livekittest.Wait(t, "that ada left to be on record", func() bool {
				return s.eventsAbout("participant.left", ada.pass.Identity) > 0
			})
			for _, p := range []person{ada, bob} {
				for _, what := range []string{"joined", "left"} {
					got := s.eventsAbout("participant."+what, p.pass.Identity)
					if want := s.connections("participant_"+what, p.pass.Identity); got != want {
						t.Errorf("%s, events %s: got %d, want %d", p.pass.Identity, what, got, want)
					}
				}
			}
			s.waitInside(bob)
			if !s.joinedBefore("ada") || !s.joinedBefore("bob") {
				t.Error("list_rooms: want the room as participant for both")
			}
		})
	}
}

// waitTold waits until LiveKit has told so many comings and goings, by identity.
func (s *system) waitTold(joined, left map[string]int) {
	s.t.Helper()
	for kind, want := range map[string]map[string]int{"participant_joined": joined, "participant_left": left} {
		for identity, n := range want {
			livekittest.Wait(s.t, "LiveKit to tell "+kind+" of "+identity, func() bool {
				return s.connections(kind, identity) == n
			})
		}
	}
}

// Somebody whose coming was not told yet is not removed together with a blocked
// person who came by the same code.
func TestBlockBeforeWebhooks(t *testing.T) {
	t.Parallel()
	s := start(t, foreign, nil)
	s.hooks.Treat(livekittest.Hold)
	ada, bob := s.guest("ada"), s.guest("bob")
	s.do("kick_participant", arg{"identity": ada.pass.Identity, "block": true}, nil)
	s.waitTold(map[string]int{bob.pass.Identity: 1}, map[string]int{ada.pass.Identity: 1})
	s.hooks.ReleaseReversed()
	s.waitInside(bob)
	bob.Restart()
	s.waitTold(map[string]int{bob.pass.Identity: 2}, nil)
	livekittest.Wait(t, "all webhooks to be passed on", func() bool { return s.hooks.Undelivered() == 0 })
	s.waitInside(bob)
	if n := s.eventsAbout("participant.removed", bob.pass.Identity); n != 0 || !bob.Connected() {
		t.Error("bob was removed, want ada alone")
	}
}
