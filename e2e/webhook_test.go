package e2e_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// These tests tamper with the webhooks of a foreign LiveKit. To those of the
// LiveKit inside nobody has access; what is repeated or late there is in
// TestRepeatedWebhooks.

// tamper decides from now on what becomes of the webhooks about the room.
func (s *scene) tamper(decide func(livekittest.Webhook) livekittest.Fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fates[s.room.ID] = decide
}

// always gives all webhooks one fate.
func always(fate livekittest.Fate) func(livekittest.Webhook) livekittest.Fate {
	return func(livekittest.Webhook) livekittest.Fate { return fate }
}

// connections counts how often somebody came and went, by LiveKit's word.
func (s *scene) connections(kind, identity string) int {
	sids := map[string]bool{}
	for _, h := range s.hooksAbout(kind, identity) {
		sids[h.Message.GetParticipant().GetSid()] = true
	}
	return len(sids)
}

// checkTrail compares the events about somebody with what happened: each
// coming and each going has one.
func (s *scene) checkTrail(identity string) {
	s.t.Helper()
	for kind, action := range map[string]string{"participant_joined": "participant.joined", "participant_left": "participant.left"} {
		if got, want := s.about(action, identity), s.connections(kind, identity); got != want || want == 0 {
			s.t.Errorf("events %s of %s: got %d, want %d", action, identity, got, want)
		}
	}
}

// visited says whether list_rooms has the room among those somebody joined.
func (s *scene) visited(subject string) bool {
	s.t.Helper()
	var out struct {
		Rooms []struct{ ID, Relationship string }
	}
	s.must(subject, "list_rooms", arg{"scope": "joined"}, &out)
	for _, r := range out.Rooms {
		if r.ID == s.room.ID {
			return r.Relationship == "participant"
		}
	}
	return false
}

// Without any webhook the truth is found out by asking.
func TestWebhooksLost(t *testing.T) {
	t.Parallel()
	s := shared[foreign]().open(t, nil)
	s.tamper(always(livekittest.Drop))
	code := arg{"code": s.code[meet.RoleGuest]}
	nina, bob, carl := s.enter(s.joinAs("nina", code)), s.guest("bob"), s.guest("carl")
	came := time.Now()
	s.wait("who is inside to be on record", func() bool { return len(s.events("participant.joined")) == 3 })
	s.within("10 all webhooks lost: who came", "on record", time.Since(came), 30*time.Second)
	if !s.visited("nina") {
		t.Error("list_rooms of nina: want the room as participant")
	}

	s.do("kick_participant", arg{"identity": carl.pass.Identity}, nil)
	carl.WaitDisconnected()
	nina.Leave()
	left := time.Now()
	back := s.enter(carl.pass)
	s.waitRoster(bob, carl) // the media server knows nothing of kicks
	if !eventually(patience, func() bool { return !back.GoneAt().IsZero() }) {
		t.Fatal("who was kicked is still inside")
	}
	s.within("10 all webhooks lost: who was kicked and came back", "removed", back.GoneAt().Sub(left), 15*time.Second)
	s.wait("who has left to be on record", func() bool { return s.about("participant.left", nina.pass.Identity) == 1 })
	s.within("10 all webhooks lost: who left", "on record", time.Since(left), 30*time.Second)
	s.waitRoster(bob)
	if n := len(s.events("participant.joined")); n < 3 || n > 4 { // and carl's second coming, perhaps
		t.Errorf("events of who came: got %d, want 3 or 4", n)
	}
}

// What comes twice happened once.
func TestWebhooksTwice(t *testing.T) {
	t.Parallel()
	s := shared[foreign]().open(t, nil)
	s.tamper(always(livekittest.Double))
	s.comeAndGo("10 webhooks twice")
}

// Those who come are told of late, mostly after they have left.
func TestWebhooksDelayed(t *testing.T) {
	t.Parallel()
	s := shared[foreign]().open(t, nil)
	s.tamper(func(h livekittest.Webhook) livekittest.Fate {
		if h.Event == "participant_joined" {
			return livekittest.Delay(1500 * time.Millisecond)
		}
		return livekittest.Pass
	})
	s.comeAndGo("10 webhooks delayed: joined after left")
}

// All come in the wrong order: left before joined, the old connection's after
// the new one's.
func TestWebhooksReversed(t *testing.T) {
	t.Parallel()
	s := shared[foreign]().open(t, nil)
	s.comeAndGo("10 webhooks reversed", s.hold())
}

// Somebody whose coming was not told yet is not put out with the one who is
// blocked, though both came by the same code.
func TestBlockBeforeWebhooks(t *testing.T) {
	t.Parallel()
	s := shared[foreign]().open(t, nil)
	release := s.hold()
	ada, bob := s.guest("ada"), s.guest("bob")
	s.do("kick_participant", arg{"identity": ada.pass.Identity, "block": true}, nil)
	s.wait("LiveKit to have told of both", func() bool {
		return s.connections("participant_joined", bob.pass.Identity) == 1 && s.connections("participant_left", ada.pass.Identity) == 1
	})
	release()
	s.waitRoster(bob)
	bob.Restart()
	s.wait("LiveKit to have told of the new connection", func() bool {
		return s.connections("participant_joined", bob.pass.Identity) == 2 && s.undelivered() == 0
	})
	s.waitRoster(bob)
	if n := s.about("participant.removed", bob.pass.Identity); n != 0 || !bob.Connected() {
		t.Error("bob was put out, want ada alone")
	}
	table.add("2 blocked by the code of others, before their coming was told", s.mode, "they stay")
}

// hold keeps the webhooks about the room until they are released, the latest
// first.
func (s *scene) hold() (release func()) {
	var (
		mu   sync.Mutex
		held []livekittest.Webhook
	)
	s.tamper(always(func(_ *livekittest.Webhooks, h livekittest.Webhook) int {
		mu.Lock()
		defer mu.Unlock()
		held = append(held, h)
		return http.StatusOK
	}))
	return func() {
		s.tamper(always(livekittest.Pass))
		mu.Lock()
		defer mu.Unlock()
		for _, h := range slices.Backward(held) {
			s.hooks.Deliver(h)
		}
	}
}

// comeAndGo has one person come and go, and another come, lose their connection,
// come again and stay, and checks that the record is right once all webhooks
// were passed on.
func (s *scene) comeAndGo(row string, release ...func()) {
	s.t.Helper()
	code := arg{"code": s.code[meet.RoleGuest]}
	ada, bob := s.enter(s.joinAs("ada-"+s.room.Name, code)), s.enter(s.joinAs("bob-"+s.room.Name, code))
	s.wait("LiveKit to have told that both are there", func() bool {
		return s.connections("participant_joined", ada.pass.Identity) == 1 && s.connections("participant_joined", bob.pass.Identity) == 1
	})
	bob.Restart()
	ada.Leave()
	s.wait("LiveKit to have told everything", func() bool {
		return s.connections("participant_left", ada.pass.Identity) == 1 && s.connections("participant_joined", bob.pass.Identity) == 2 &&
			s.connections("participant_left", bob.pass.Identity) == 1
	})
	told := time.Now()
	for _, f := range release {
		f()
	}
	s.wait("the last webhook to be taken in", func() bool { return len(release) > 0 || s.undelivered() == 0 })
	s.wait("who left to be on record", func() bool { return s.about("participant.left", ada.pass.Identity) > 0 })
	s.saw(row, "each coming and going once", time.Since(told))
	s.checkTrail(ada.pass.Identity)
	s.checkTrail(bob.pass.Identity)
	s.waitRoster(bob)
	if !s.visited("ada-"+s.room.Name) || !s.visited("bob-"+s.room.Name) {
		s.t.Error("list_rooms: want the room as participant for both")
	}
}

// undelivered counts webhooks about the room that were not passed on yet.
func (s *scene) undelivered() int {
	waiting := map[string]bool{}
	for _, h := range s.hooks.Arrived() {
		if h.Room == s.room.ID {
			waiting[h.Message.GetId()] = true
		}
	}
	for _, d := range s.hooks.Delivered() {
		delete(waiting, d.Message.GetId())
	}
	return len(waiting)
}
