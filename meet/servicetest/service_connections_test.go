package servicetest

import (
	"fmt"
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// admitted is a join token by a code.
func admitted(t *testing.T, s *meettest.System, code string) string {
	t.Helper()
	a, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code})
	if err != nil {
		t.Fatalf("Exchange: %v", err)
	}
	return a.Token
}

// places are taken until one is refused.
type places struct {
	t       *testing.T
	s       *meettest.System
	release []func()
}

func (p *places) take(address, token string) error {
	p.t.Helper()
	release, err := p.s.ReserveConnection(p.t.Context(), address, token)
	if err == nil {
		p.release = append(p.release, release)
	}
	return err
}

func (p *places) refused(name, address, token, message string) {
	p.t.Helper()
	err := p.take(address, token)
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
	p := &places{t: t, s: s}
	for n := range 3 {
		if err := p.take(fmt.Sprint("address ", n), admitted(t, s, guest.Code)); err != nil {
			t.Fatalf("connection %d: %v", n, err)
		}
	}
	tooMany := func(what, address, token, where string) {
		t.Helper()
		p.refused(what, address, token, "There are too many connections "+where+" at the moment")
	}
	tooMany("a fourth by one code", "another", admitted(t, s, guest.Code), "by the way that you came")
	for range 2 {
		if err := p.take("hosts", admitted(t, s, host.Code)); err != nil {
			t.Fatal(err)
		}
	}
	tooMany("a sixth in one room", "another", admitted(t, s, host.Code), "into this room")
	for range 2 {
		if err := p.take("hosts", "no token at all"); err != nil {
			t.Fatal(err)
		}
	}
	tooMany("a fifth from one address", "hosts", "no token at all", "from your address")
	if got := fmt.Sprint(limited); got != "[signalling_per_code signalling_per_room signalling_per_address]" {
		t.Errorf("counted are %s", got)
	}

	p.release[0]()
	p.release[0]() // once more does nothing
	if err := p.take("another", admitted(t, s, guest.Code)); err != nil {
		t.Errorf("in the place of somebody who left: %v", err)
	}
	tooMany("and no second one", "another", admitted(t, s, guest.Code), "by the way that you came")
}

// A whole class behind one address, with one code, comes in at once.
func TestAClassConnects(t *testing.T) {
	t.Parallel()
	s := meettest.New(t)
	code := s.NewCode(t, s.NewRoom(t, meet.RoomChange{}), meet.RoleGuest, meet.CodeChange{}).Code
	p := &places{t: t, s: s}
	for n := range 300 {
		if err := p.take("school", admitted(t, s, code)); err != nil {
			t.Fatalf("pupil %d: %v", n, err)
		}
	}
}

// One admission is not for connecting again and again.
func TestReconnectingIsBounded(t *testing.T) {
	t.Parallel()
	s := meettest.New(t)
	code := s.NewCode(t, s.NewRoom(t, meet.RoomChange{}), meet.RoleGuest, meet.CodeChange{}).Code
	token, other := admitted(t, s, code), admitted(t, s, code)
	p := &places{t: t, s: s}
	for n := range 60 {
		if err := p.take("here", token); err != nil {
			t.Fatalf("connection %d: %v", n, err)
		}
		p.release[n]()
	}
	p.refused("the next one", "here", token, "You have connected too often in the last minute")
	if err := p.take("here", other); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	s.Clock.Advance(time.Minute)
	if err := p.take("here", token); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}
