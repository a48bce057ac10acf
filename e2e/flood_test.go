package e2e_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"

	"roomkey/livekit/livekittest"
)

// A flood of webhooks leaves the roster right, and roomkey as big as it was.
// It has the machine to itself: nothing here is parallel.
func TestFlood(t *testing.T) {
	for _, m := range []mode{inside, foreign} {
		t.Run(string(m), func(t *testing.T) {
			// GOGC: roomkey collects rarely otherwise, and garbage would look like growth.
			testFlood(t, start(t, m, nil, "GOGC=100"))
		})
	}
}

func testFlood(t *testing.T, s *system) {
	const (
		events   = 10_000
		senders  = 8
		promised = 10 * time.Second
		growth   = 64 << 20
	)
	ada, bob := s.guest("ada"), s.guest("bob")
	s.waitEvents(2, "participant.joined")
	bob.Leave() // earlier, the server might not know yet that his media stands
	s.waitEvents(1, "participant.left")
	hooks := make([]hook, events)
	for n := range hooks {
		hooks[n] = s.sign(s.floodEvent(n, ada.pass.Identity, ada.Room().LocalParticipant.SID(), bob.pass.Identity))
	}
	const rss = "process_resident_memory_bytes"
	kinds := []string{"participant.joined", "participant.left", "participant.removed", "room.cleared"}
	before, stored := s.counter(rss), len(s.events(kinds...))

	began := time.Now()
	var (
		all    sync.WaitGroup
		next   atomic.Int64
		failed atomic.Int64
	)
	for range senders {
		all.Go(func() {
			for n := next.Add(1) - 1; n < events; n = next.Add(1) - 1 {
				if status := s.tell(hooks[n]); status != 200 && status != 409 {
					failed.Add(1)
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	s.within("13 flood of 10,000 signed webhooks", took, promised)
	if n := failed.Load(); n > 0 {
		t.Errorf("webhooks that failed: got %d, want none", n)
	}
	s.waitInside(ada)
	if !ada.Connected() {
		t.Error("ada was removed")
	}
	livekittest.Wait(t, fmt.Sprintf("memory to have grown by at most %d MB", growth>>20), func() bool {
		return s.counter(rss)-before <= growth
	})
	if more := len(s.events(kinds...)) - stored; more > 4 {
		t.Errorf("events: %d more, want those about the two connections that nobody had heard of", more)
	}
}

// floodEvent is one of a mixture: repeated ones, ones about rooms and people that are
// not ours, late ones about people who are.
func (s *system) floodEvent(n int, here, sid, gone string) *livekit.WebhookEvent {
	id := fmt.Sprintf("EV_flood_%d", n)
	switch n % 6 {
	case 0:
		return s.hookAbout("participant_joined", fmt.Sprintf("EV_flood_same_%d", n%30), here, sid)
	case 1:
		e := s.hookAbout("participant_joined", id, "stranger", "PA_stranger")
		e.Room.Name = fmt.Sprintf("room-of-others-%d", n)
		return e
	case 2:
		return s.hookAbout("participant_joined", id, fmt.Sprintf("stranger-%d", n), fmt.Sprintf("PA_stranger_%d", n))
	case 3:
		return s.hookAbout("participant_joined", id, here, sid)
	case 4:
		return s.hookAbout("participant_joined", id, gone, "PA_unheard_of_1")
	}
	// What LiveKit tells of a connection that nobody had heard of is believed, once.
	return s.hookAbout("participant_left", id, here, "PA_unheard_of_2")
}
