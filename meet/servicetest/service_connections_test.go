package servicetest

import (
	"fmt"
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// joinToken is a join token by a code.
func joinToken(t *testing.T, s *meettest.System, code string) string {
	t.Helper()
	a, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code})
	if err != nil {
		t.Fatalf("Exchange: %v", err)
	}
	return a.Token
}

// connections are reserved until one is refused.
type connections struct {
	t       *testing.T
	s       *meettest.System
	release []func()
}

func (p *connections) reserve(address, token string) error {
	p.t.Helper()
	release, err := p.s.ReserveConnection(p.t.Context(), address, token)
	if err == nil {
		p.release = append(p.release, release)
	}
	return err
}

func (p *connections) refused(name, address, token, message string) {
	p.t.Helper()
	err := p.reserve(address, token)
	if e := meet.AsError(err); err == nil || e.Code != meet.CodeRateLimited || e.Message != message || e.RetryAfter <= 0 {
		p.t.Errorf("%s: %v, want %q", name, err, message)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	var limited []string
	s := meettest.New(t, func(c *meet.Config) {
		c.Connections = meet.ConnectionLimits{PerAddress: 4, PerCode: 3, PerRoom: 5}
		c.OnLimit = func(limit string) { limited = append(limited, limit) }
	})
	room := s.NewRoom(t, meet.RoomChange{})
	guest := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	host := s.NewCode(t, room, meet.RoleHost, meet.CodeChange{})
	p := &connections{t: t, s: s}
	for n := range 3 {
		if err := p.reserve(fmt.Sprint("address ", n), joinToken(t, s, guest.Code)); err != nil {
			t.Fatalf("connection %d: %v", n, err)
		}
	}
	tooMany := func(what, address, token, where string) {
		t.Helper()
		p.refused(what, address, token, "There are too many connections "+where+" at the moment")
	}
	tooMany("a fourth by one code", "another", joinToken(t, s, guest.Code), "by the way that you came")
	for range 2 {
		if err := p.reserve("hosts", joinToken(t, s, host.Code)); err != nil {
			t.Fatal(err)
		}
	}
	tooMany("a sixth in one room", "another", joinToken(t, s, host.Code), "into this room")
	for range 2 {
		if err := p.reserve("hosts", "no token at all"); err != nil {
			t.Fatal(err)
		}
	}
	tooMany("a fifth from one address", "hosts", "no token at all", "from your address")
	if got := fmt.Sprint(limited); got != "[signalling_per_code signalling_per_room signalling_per_address]" {
		t.Errorf("counted are %s", got)
	}

	p.release[0]()
	p.release[0]() // once more does nothing
	if err := p.reserve("another", joinToken(t, s, guest.Code)); err != nil {
		t.Errorf("in the place of somebody who left: %v", err)
	}
	tooMany("and no second one", "another", joinToken(t, s, guest.Code), "by the way that you came")
}

// A whole class behind one address, with one code, comes in at once.
func TestAClassConnects(t *testing.T) {
	t.Parallel()
	s := meettest.New(t)
	code := s.NewCode(t, s.NewRoom(t, meet.RoomChange{}), meet.RoleGuest, meet.CodeChange{}).Code
	p := &connections{t: t, s: s}
	for n := range 300 {
		if err := p.reserve("school", joinToken(t, s, code)); err != nil {
			t.Fatalf("pupil %d: %v", n, err)
		}
	}
}

// One admission is not for connecting again and again.
func TestReconnectingIsBounded(t *testing.T) {
	t.Parallel()
	s := meettest.New(t)
	code := s.NewCode(t, s.NewRoom(t, meet.RoomChange{}), meet.RoleGuest, meet.CodeChange{}).Code
	token, other := joinToken(t, s, code), joinToken(t, s, code)
	p := &connections{t: t, s: s}
	for n := range 60 {
		if err := p.reserve("here", token); err != nil {
			t.Fatalf("connection %d: %v", n, err)
		}
		p.release[n]()
	}
	p.refused("the next one", "here", token, "You have connected too often in the last minute")
	if err := p.reserve("here", other); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	s.Clock.Advance(time.Minute)
	if err := p.reserve("here", token); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}
