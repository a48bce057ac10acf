package e2e_test

import (
	"context"
	"fmt"
	"time"
)

// client is one of a load: an agent with a room of its own, and its books.
type client struct {
	*load
	subject string
	turn    int

	room   string // its id
	guest  string // the guests' code, which stays
	viewer string // the viewers' code, which is rotated; empty is not known
	joins  tally  // by the guests' code

	rooms map[string]outcome // further ones that were made, by name
	open  []room             // of those, the ones to be ended

	limit  int          // the room's max_participants, as it was acknowledged last
	limits map[int]bool // those of which it is not known
}

func newClient(l *load, subject string) *client {
	c := &client{load: l, subject: subject, rooms: map[string]outcome{subject: done}, limits: map[int]bool{0: true}}
	var made struct {
		Room  room
		Codes []struct{ Code, Role string }
	}
	l.s.must(subject, "create_room", arg{"name": subject, "create_codes": true}, &made)
	c.room, c.guest = made.Room.ID, l.s.keepSecret(made.Codes[1].Code)
	return c
}

// work goes on until ctx is done, with one call after the other.
func (c *client) work(ctx context.Context) {
	steps := []func(){c.makeRoom, c.join, c.changeLimit, c.joinShared, c.rotate, c.join, c.endRoom}
	for ; c.pace.Wait(ctx) == nil; c.turn++ {
		steps[c.turn%len(steps)]()
	}
}

// read calls a tool that only reads, and says whether there was an answer.
func (c *client) read(s *system, tool string, arguments arg, out any) bool {
	err := s.call(c.subject, tool, arguments, out)
	if err == nil {
		return true
	}
	if _, wrong := c.judge(err); wrong {
		c.t.Errorf("%s by %s: got %v, want an answer or unavailable", tool, c.subject, err)
	}
	return false
}

// change calls a tool that changes something. expected are the codes of errors that
// may come.
func (c *client) change(tool string, arguments arg, out any, expected ...string) outcome {
	err := c.s.call(c.subject, tool, arguments, out)
	if err == nil {
		c.acknowledged()
		return done
	}
	o, wrong := c.judge(err, expected...)
	if wrong {
		c.t.Errorf("%s by %s: got %v, want success, unavailable or one of %v", tool, c.subject, err, expected)
	}
	return o
}

func (c *client) makeRoom() {
	name := fmt.Sprintf("%s-%d", c.subject, c.turn)
	var made struct{ Room room }
	c.rooms[name] = c.change("create_room", arg{"name": name}, &made)
	if c.rooms[name] == done {
		c.open = append(c.open, made.Room)
	}
}

// endRoom ends one of the further rooms. From then on nobody gets in.
func (c *client) endRoom() {
	if len(c.open) == 0 {
		return
	}
	r := c.open[0]
	o := c.change("end_room", arg{"room_id": r.ID, "confirm_name": r.Name}, nil, "gone")
	if o == unknown || o == refused {
		return // another time
	}
	c.open = c.open[1:]
	if c.change("join_room", arg{"room_id": r.ID}, nil, "gone") == done {
		c.t.Errorf("join_room by %s: got a token for %s, which has ended", c.subject, r.Name)
	}
}

func (c *client) join() { c.joins.count(c.change("join_room", arg{"code": c.guest}, nil)) }

func (c *client) joinShared() {
	o := c.change("join_room", arg{"code": c.shared.code}, nil, "gone")
	c.shared.mu.Lock()
	defer c.shared.mu.Unlock()
	c.shared.uses.count(o)
}

// changeLimit changes the room, and looks whether every instance knows.
func (c *client) changeLimit() {
	limit := 100 + c.turn
	switch c.change("update_room", arg{"room_id": c.room, "max_participants": limit}, nil) {
	case done:
		c.limit = limit
		delete(c.limits, 0)
	case unknown:
		c.limits[limit] = true
	case refused, over:
	}
	one := c.each[c.turn/7%len(c.each)]
	for deadline := time.Now().Add(learnsWithin); ; {
		limit, answered := c.readLimit(func(tool string, arguments arg, out any) bool {
			return c.read(one, tool, arguments, out)
		})
		if !answered || c.knows(limit) {
			return
		}
		c.failed("old room")
		if time.Now().After(deadline) {
			c.t.Errorf("max_participants of %s: got %d, want %d as it was acknowledged, or one of %v",
				c.subject, limit, c.limit, c.limits)
			return
		}
	}
}

// learnsWithin is how long an instance may take to hear of what another one has
// changed where security does not depend on it. That is a matter of milliseconds, but
// a machine may be very busy.
const learnsWithin = 5 * time.Second

// readLimit gives the room's max_participants.
func (c *client) readLimit(read func(tool string, arguments arg, out any) bool) (limit int, answered bool) {
	var got struct {
		Room struct {
			MaxParticipants int `json:"max_participants"`
		}
	}
	answered = read("get_room", arg{"room_id": c.room}, &got)
	return got.Room.MaxParticipants, answered
}

// knows says whether a limit is the one that was acknowledged, or may be.
func (c *client) knows(limit int) bool { return limit == c.limit || c.limits[limit] }

// rotate replaces the viewers' code. From then on nobody gets in by the old one.
func (c *client) rotate() {
	old := c.viewer
	if old == "" {
		var found struct{ Codes []struct{ Code string } }
		if c.read(c.s, "get_room_codes", arg{"room_id": c.room, "role": "viewer", "enabled": true}, &found) {
			c.viewer = c.s.keepSecret(found.Codes[0].Code)
		}
		return
	}
	var replaced struct{ Code struct{ Code string } }
	switch c.change("rotate_room_code", arg{"code": old}, &replaced, "gone") {
	case done:
		c.viewer = c.s.keepSecret(replaced.Code.Code)
		if c.change("join_room", arg{"code": old}, nil, "gone") == done {
			c.t.Errorf("join_room by %s: got a token by a code that was replaced", c.subject)
		}
	case unknown, over:
		c.viewer = ""
	case refused:
	}
}

// check holds the books against what an instance says.
func (c *client) check(s *system) {
	s.t.Helper()
	there := map[string]bool{}
	s.pages(c.subject, "list_rooms", arg{"scope": "mine"}, func(p page) {
		for _, r := range p.Rooms {
			there[r.Name] = true
			if o, asked := c.rooms[r.Name]; !asked || o == refused {
				s.t.Errorf("room %s of %s is there, and was refused", r.Name, c.subject)
			}
		}
	})
	for name, o := range c.rooms {
		if o == done && !there[name] {
			s.t.Errorf("room %s of %s was acknowledged and is lost", name, c.subject)
		}
	}
	uses, admitted := s.uses(c.subject, c.room, "guest"), s.admissions(c.subject, c.room)
	if uses != admitted || !c.joins.agrees(uses) {
		s.t.Errorf("the code of %s: got %d uses and %d admissions, want as many, %d and perhaps %d more",
			c.subject, uses, admitted, c.joins.done, c.joins.unknown)
	}
	limit, _ := c.readLimit(func(tool string, arguments arg, out any) bool {
		s.must(c.subject, tool, arguments, out)
		return true
	})
	if !c.knows(limit) {
		s.t.Errorf("max_participants of %s: got %d, want %d as it was acknowledged, or one of %v",
			c.subject, limit, c.limit, c.limits)
	}
}
