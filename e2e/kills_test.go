package e2e_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// roundsOfKills is how often something is killed: each part twice, or as often as
// ROOMKEY_TEST_ROUNDS says (make nightly).
func roundsOfKills(t *testing.T, parts int) int {
	t.Helper()
	text := os.Getenv("ROOMKEY_TEST_ROUNDS")
	if text == "" {
		return 2 * parts
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("ROOMKEY_TEST_ROUNDS: %v", err)
	}
	return n
}

// Whatever dies while 50 clients work and people meet: what was acknowledged is
// there, who was removed stays out, and every code has as many uses as there were
// admissions by it.
func TestKilledInRounds(t *testing.T) {
	t.Parallel()
	c := startCluster(t, withoutLimits...)
	l := startLoad(t, c.system, c.instances, 50, 100)
	m := &meeting{cluster: c}
	m.settle()
	parts := c.parts()
	c.rounds(l, m, parts, roundsOfKills(t, len(parts)))
}

// rounds kills one part after the other.
func (c *cluster) rounds(l *load, m *meeting, parts []part, n int) {
	c.t.Helper()
	var table kills
	for n := range n {
		p := parts[n%len(parts)]
		l.await(50)
		l.look()
		p.kill()
		if p.alone { // nothing takes its place
			p.restart()
		}
		r := round{what: p.name}
		began := time.Now()
		if m.remove(m.inside[0]) {
			r.removed = time.Since(began)
		}
		began = time.Now()
		m.arrive()
		r.arrived = time.Since(began)
		if !p.alone {
			p.restart()
		}
		for _, s := range c.instances {
			s.waitReady()
		}
		l.await(50)
		r.seen = l.look()
		table = append(table, r)
		m.settle()
		c.t.Logf("round %d: %s", n+1, r)
	}
	l.stop()
	l.check(c.instances...)
	m.check()
	c.t.Logf("what was killed:\n%s", table)
}

// withoutLimits lets clients do as much as they can.
var withoutLimits = []string{"ROOMKEY_LIMITS_ROOMS_PER_USER=0", "ROOMKEY_LIMITS_ROOMS_PER_MINUTE=0",
	"ROOMKEY_LIMITS_JOINS_PER_ADDRESS=0", "ROOMKEY_LIMITS_JOINS_PER_CODE=0", "ROOMKEY_LIMITS_JOINS_PER_USER=0",
	"ROOMKEY_LIMITS_CHANGES_PER_USER=0", "ROOMKEY_LIMITS_BLOCKS_PER_ROOM=0"}

// meeting are the people in the cluster's room.
type meeting struct {
	*cluster
	came    int      // how many so far
	inside  []person // in the order in which they came
	removed []person
}

func (p person) subject() string {
	return p.pass.Identity[:strings.LastIndexByte(p.pass.Identity, '_')]
}

// arrive has somebody come in, who tries until they are inside and publish.
func (m *meeting) arrive() {
	m.t.Helper()
	m.came++
	subject := fmt.Sprintf("person-%d", m.came)
	livekittest.Wait(m.t, subject+" to come in", func() bool {
		var p pass
		if err := m.call(subject, "join_room", arg{"room_id": m.room.ID}, &p); err != nil {
			m.t.Logf("join_room by %s: %v", subject, err)
			return false
		}
		m.keepSecret(p.Token)
		someone, err := livekittest.TryJoinFor(m.t, p.url(), p.Token, 10*time.Second)
		if err == nil {
			if err = someone.TryPublish(meet.Microphone); err != nil {
				someone.Leave() // another connection is tried
			}
		}
		if err != nil {
			m.t.Logf("connect as %s: %v", subject, err)
			return false
		}
		m.inside = append(m.inside, person{someone, p})
		return true
	})
}

// remove kicks and blocks somebody, and tries until that is acknowledged. From then on
// no instance lets them in. It is false if they were gone before.
func (m *meeting) remove(p person) bool {
	m.t.Helper()
	m.inside = slices.DeleteFunc(m.inside, func(other person) bool { return other == p })
	var err error
	livekittest.Wait(m.t, "somebody to be removed", func() bool {
		err = m.call(admin, "kick_participant", arg{"room_id": m.room.ID, "identity": p.pass.Identity, "block": true}, nil)
		e, ok := err.(*toolError)
		if ok && e.Code != "not_found" && e.Code != "unavailable" {
			m.t.Fatalf("kick_participant: %v", err)
		}
		return err == nil || ok && e.Code == "not_found"
	})
	if err != nil {
		return false
	}
	m.removed = append(m.removed, p)
	m.refused(p)
	return true
}

// refused checks that no instance lets somebody in who was removed. An instance that
// is dead does not either.
func (m *meeting) refused(p person) {
	m.t.Helper()
	for _, s := range m.instances {
		if s != m.paused && s.call(p.subject(), "join_room", arg{"room_id": m.room.ID}, nil) == nil {
			m.t.Errorf("%s was removed, and is let in again", p.pass.Identity)
		}
	}
}

// settle forgets people who have lost their connection for good, and has others come
// in their place.
func (m *meeting) settle() {
	m.inside = slices.DeleteFunc(m.inside, person.Gone)
	for len(m.inside) < 3 {
		m.arrive()
	}
}

// check looks whether those are inside who ought to be, and everybody else stays out.
func (m *meeting) check() {
	m.t.Helper()
	var running sync.WaitGroup
	back := make([]*livekittest.Person, len(m.removed))
	for n, p := range m.removed {
		p.WaitDisconnected()
		m.refused(p)
		running.Go(func() { back[n], _ = livekittest.TryJoinFor(m.t, p.pass.url(), p.pass.Token, 5*time.Second) })
	}
	running.Wait()
	for _, p := range back {
		if p != nil { // LiveKit has let them in
			p.WaitDisconnected()
		}
	}
	m.settle()
	want := identities(m.inside...)
	livekittest.Wait(m.t, fmt.Sprintf("exactly %v to be inside", want), func() bool {
		var got struct{ Participants []participant }
		if err := m.call(admin, "list_participants", arg{"room_id": m.room.ID}, &got); err != nil {
			m.t.Logf("list_participants: %v", err)
			return false
		}
		there := []string{}
		for _, p := range got.Participants {
			there = append(there, p.Identity)
		}
		slices.Sort(there)
		return slices.Equal(there, want)
	})
}
