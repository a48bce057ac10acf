package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"roomkey/meet"
)

// Instances with clocks that are five minutes fast and slow decide like one whose clock
// is right.
func TestClocksApart(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	fast, slow, right := c.instances[0], c.instances[1], c.instances[2]
	fast.program, slow.program = withClock(t, 5*time.Minute), withClock(t, -5*time.Minute)
	for _, s := range c.instances {
		s.launch()
	}
	for _, s := range c.instances {
		s.waitReady()
	}
	fast.createRoom(arg{"expires_in_seconds": 240})
	for _, s := range c.instances {
		p := s.exchange(meet.RoleGuest, "ada")
		if left := time.Until(p.ExpiresAt); left < 8*time.Minute || left > 11*time.Minute {
			t.Errorf("a join token expires in %v, want in ten minutes", left)
		}
		ada := s.enter(p)
		for _, other := range c.instances {
			other.waitInside(ada)
		}
		slow.do("kick_participant", arg{"identity": p.Identity}, nil)
		ada.WaitDisconnected()
		right.staysOut("15 clocks apart: back with the token", http.StatusForbidden, p)
	}
	slow.do("update_room", arg{"expires_in_seconds": 1}, nil)
	c.waitEvents(1, "room.expired")
	for _, s := range c.instances {
		s.exchangeGives(http.StatusNotFound, "ada")
	}
}
