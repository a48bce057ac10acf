package e2e_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/webhooks/webhooktest"
)

// No answer depends on which instance is asked: join by one, kick by another, wait
// at one and be let in by a third.
func TestInstancesAreOne(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	one, two, three := c.instances[0], c.instances[1], c.instances[2]

	ada, bob := one.guest("ada"), two.guest("bob")
	ada.Publish(meet.Microphone)
	bob.WaitReceives(ada.pass.Identity, meet.Microphone, true)
	for _, s := range c.instances {
		s.waitInside(ada, bob)
	}
	began := two.do("kick_participant", arg{"identity": ada.pass.Identity, "block": true}, nil)
	for _, s := range c.instances {
		s.exchangeGives(http.StatusForbidden, "ada")
	}
	ada.WaitDisconnected()
	c.atOnce("14 kick by another instance", began)
	three.staysOut("14 kick by another instance: back with the token", http.StatusForbidden, ada.pass)
	three.do("kick_participant", arg{"identity": ada.pass.Identity, "block": false}, nil)
	for _, s := range c.instances {
		s.waitInside(bob)
		s.exchangeGives(http.StatusOK, "ada")
	}

	two.do("update_room", arg{"settings": arg{"require_approval": true}}, nil)
	knock := arg{"user_id": "eve", "name": "eve"}
	var request struct {
		ID string `json:"request_id"`
	}
	if status := one.ask(knock, &request); status != http.StatusAccepted {
		t.Fatalf("exchange: got status %d, want 202", status)
	}
	knock["request_id"] = request.ID
	answered := make(chan pass, 1)
	go func() {
		var p pass
		for one.ask(knock, &p) == http.StatusAccepted { // it was held open for 25 s
		}
		answered <- p
	}()
	livekittest.Wait(t, "the request to be seen", func() bool { return len(two.requests()) == 1 })
	began = three.do("answer_join_request", arg{"request_id": request.ID, "approve": true}, nil)
	p := <-answered
	c.within("14 waited at one instance, let in by another", time.Since(began), time.Second)
	one.keepSecret(p.Token)
	eve := one.enter(p)
	two.waitInside(bob, eve)

	one.do("end_room", arg{"confirm_name": c.room.Name}, nil)
	eve.WaitDisconnected()
	for _, s := range c.instances {
		s.exchangeGives(http.StatusNotFound, "ada")
	}
}

// An instance that is stopped for longer than its leases last (SIGSTOP) loses what it
// did for all of them to another one. When it goes on, it does nothing twice, and
// knows everything that was decided meanwhile. A receiver of webhooks is told everything
// in order, by whichever of them it is, also when that one is killed in the middle.
func TestPausedInstance(t *testing.T) {
	t.Parallel()
	c := startCluster(t, allowPrivate)
	receiver := c.instances[2].addReceiver()
	paused := c.holder()
	other := c.instances[0]
	if other == paused {
		other = c.instances[1]
	}
	ada, bob := other.guest("ada"), other.guest("bob")
	waiting := make(chan int, 1)
	paused.pause()
	go func() { // this call lies before it until it goes on
		_, status := paused.tryExchange(meet.RoleGuest, "ada")
		waiting <- status
	}()
	var short struct{ Room room }
	// The paused instance may have the turn to write, and the room locked.
	livekittest.Wait(t, "a room to be made", func() bool {
		return other.call(admin, "create_room", arg{"name": "short", "expires_in_seconds": 1}, &short) == nil
	})
	began := time.Now()
	livekittest.Wait(t, "ada to be removed", func() bool {
		kick := arg{"room_id": c.room.ID, "identity": ada.pass.Identity, "block": true}
		return other.call(admin, "kick_participant", kick, nil) == nil
	})
	c.within("16 kick beside a paused instance", time.Since(began), 10*time.Second)
	ada.WaitDisconnected()
	expired := func(s *system) (n int) {
		s.pages(admin, "list_events", arg{"room_id": short.Room.ID}, func(p page) {
			for _, e := range p.Events {
				if e.Action == "room.expired" {
					n++
				}
			}
		})
		return n
	}
	began = time.Now()
	livekittest.Wait(t, "another instance to expire the room", func() bool { return expired(other) == 1 })
	c.within("16 another instance takes over", time.Since(began), 10*time.Second)
	other.do("end_room", arg{"confirm_name": c.room.Name}, nil)
	bob.WaitDisconnected()

	paused.resume()
	paused.exchangeGives(http.StatusNotFound, "ada", "bob")
	paused.refuses("gone", "bob", "join_room", nil)
	if status := <-waiting; status != http.StatusNotFound && status != http.StatusForbidden {
		t.Errorf("exchange that waited for the instance: got status %d, want 404 or 403", status)
	}
	second := c.holder() // somebody has it, and sweeps on
	second.must(admin, "create_room", arg{"name": "second", "expires_in_seconds": 1}, &short)
	livekittest.Wait(t, "the next room to expire", func() bool { return expired(other) == 1 })
	for _, s := range c.instances {
		if n := expired(s) + len(s.events("room.ended")); n != 2 {
			t.Errorf("events of the ends: got %d, want 2", n)
		}
	}
	receiver.Answer(receiver.HangAndTake)
	before := len(receiver.Arrived())
	rooms := []string{c.room.ID, short.Room.ID}
	for i, s := range c.instances {
		var out struct{ Room room }
		s.must(admin, "create_room", arg{"name": "told-" + strconv.Itoa(i)}, &out)
		rooms = append(rooms, out.Room.ID)
	}
	livekittest.Wait(t, "webhooks to be under way", func() bool { return len(receiver.Arrived()) > before })
	killed := c.holder()
	killed.kill()
	receiver.Answer(webhooktest.Take)
	for _, s := range c.instances {
		if s != killed {
			s.checkWebhooks(receiver, rooms...)
		}
	}
}

// ask exchanges the guests' code, and waits if it has to.
func (s *system) ask(body arg, answer any) (status int) {
	body["code"] = s.code[meet.RoleGuest]
	resp, err := s.post("/v2/token", body, http.Header{"Prefer": {"wait=25"}})
	if err != nil {
		s.t.Errorf("exchange: %v", err)
		return 0
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		s.t.Errorf("exchange: %v", err)
	}
	return resp.StatusCode
}

// requests are the people who wait.
func (s *system) requests() []any {
	s.t.Helper()
	var out struct {
		Requests []any `json:"join_requests"`
	}
	s.do("list_participants", nil, &out)
	return out.Requests
}
