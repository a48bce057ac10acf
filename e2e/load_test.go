package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"roomkey/livekit/livekittest"
)

// load are clients who work at the same time and keep books of what they were
// answered. What contradicts the books fails the test.
type load struct {
	t       *testing.T
	s       *system   // each call goes to another instance
	each    []*system // the instances by themselves
	clients []*client
	shared  shared
	pace    *rate.Limiter
	running sync.WaitGroup
	cancel  context.CancelFunc

	mu    sync.Mutex
	total int       // changes that were acknowledged
	last  time.Time // when the last of them was
	seen  sight
}

// sight is what the clients saw in some time.
type sight struct {
	done    int            // changes that were acknowledged
	failed  map[string]int // calls by what became of them
	longest time.Duration  // without any change that was acknowledged
}

// shared is a code that all clients join by, until it is used up.
type shared struct {
	room, code string
	maxUses    int

	mu   sync.Mutex
	uses tally
}

// outcome is what a client knows of a change.
type outcome int

const (
	unknown outcome = iota // it may have been made or not
	done
	refused // it was certainly not made
	over    // nor can it be: what it is about is over
)

// tally counts changes of one kind.
type tally struct{ done, unknown int }

func (t *tally) count(o outcome) {
	switch o {
	case done:
		t.done++
	case unknown:
		t.unknown++
	case refused, over:
	}
}

// agrees says whether there can be so many.
func (t tally) agrees(n int) bool { return t.done <= n && n <= t.done+t.unknown }

// startLoad starts so many clients. s leads to all instances in turn, each are these.
func startLoad(t *testing.T, s *system, each []*system, clients, callsPerSecond int) *load {
	t.Helper()
	l := &load{t: t, s: s, each: each, pace: rate.NewLimiter(rate.Limit(callsPerSecond), clients)}
	l.shared.maxUses = 100
	var made struct {
		Room  room
		Codes []struct{ Code, Role string }
	}
	s.must(admin, "create_room", arg{"name": "shared", "create_codes": true}, &made)
	l.shared.room, l.shared.code = made.Room.ID, s.keepSecret(made.Codes[1].Code)
	s.must(admin, "update_room_code", arg{"code": l.shared.code, "max_uses": l.shared.maxUses}, nil)
	for n := range clients {
		l.clients = append(l.clients, newClient(l, fmt.Sprintf("client-%d", n)))
	}
	l.look()
	ctx, cancel := context.WithCancel(t.Context())
	l.cancel = cancel
	for _, c := range l.clients {
		l.running.Go(func() { c.work(ctx) })
	}
	t.Cleanup(l.stop)
	return l
}

// stop returns when every client has the answer to its last call.
func (l *load) stop() {
	l.cancel()
	l.running.Wait()
}

// look gives what was seen since the last look.
func (l *load) look() sight {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen
	if !l.last.IsZero() {
		seen.longest = max(seen.longest, time.Since(l.last))
	}
	l.seen, l.last = sight{failed: map[string]int{}}, time.Now()
	return seen
}

// await waits until so many more changes have been acknowledged.
func (l *load) await(changes int) {
	l.t.Helper()
	count := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.total
	}
	before := count()
	livekittest.Wait(l.t, fmt.Sprintf("%d more changes to be acknowledged", changes), func() bool {
		return count() >= before+changes
	})
}

func (l *load) acknowledged() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total++
	l.seen.done++
	l.seen.longest = max(l.seen.longest, time.Since(l.last))
	l.last = time.Now()
}

func (l *load) failed(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen.failed[kind]++
}

// judge says what a failed call means. wrong is an answer that nobody may get while
// parts of the system die; expected are the codes of errors that are none.
func (l *load) judge(err error, expected ...string) (o outcome, wrong bool) {
	var tool *toolError
	var status *statusError
	switch {
	case errors.As(err, &tool):
		for _, code := range expected {
			if tool.Code == code {
				return over, false
			}
		}
		l.failed(tool.Code)
		if strings.HasPrefix(tool.Hint, "Nothing was changed") {
			o = refused
		}
		return o, tool.Code != "unavailable"
	case errors.As(err, &status):
		l.failed(fmt.Sprint(status.status))
		return refused, status.status != http.StatusServiceUnavailable
	}
	l.failed("cut off")
	return unknown, false
}

// check holds the books against what an instance says, once the clients have stopped.
func (l *load) check(instances ...*system) {
	l.t.Helper()
	for n, c := range l.clients {
		c.check(instances[n%len(instances)])
	}
	for _, s := range instances {
		uses, admitted := s.uses(admin, l.shared.room, "guest"), s.admissions(admin, l.shared.room)
		if uses != admitted || !l.shared.uses.agrees(uses) || uses > l.shared.maxUses {
			l.t.Errorf("the shared code: got %d uses of %d and %d admissions, want as many, %d and perhaps %d more",
				uses, l.shared.maxUses, admitted, l.shared.uses.done, l.shared.uses.unknown)
		}
	}
}

// uses are those that a code of a room has.
func (s *system) uses(subject, roomID, role string) (uses int) {
	s.t.Helper()
	var out struct{ Codes []struct{ Uses int } }
	s.must(subject, "get_room_codes", arg{"room_id": roomID, "role": role, "enabled": true}, &out)
	for _, c := range out.Codes {
		uses += c.Uses
	}
	return uses
}

// admissions are the uses that the audit trail of a room has: who was admitted, less
// those whose use was given back.
func (s *system) admissions(subject, roomID string) (n int) {
	s.t.Helper()
	s.pages(subject, "list_events", arg{"room_id": roomID}, func(p page) {
		for _, e := range p.Events {
			switch e.Action {
			case "participant.admitted":
				n++
			case "code.use_returned":
				n--
			}
		}
	})
	return n
}

// page is one of a list of rooms or events.
type page struct {
	Rooms      []room
	Events     []event
	NextCursor string `json:"next_cursor"`
}

// pages reads a whole list.
func (s *system) pages(subject, tool string, arguments arg, read func(page)) {
	s.t.Helper()
	call := maps.Clone(arguments)
	for call["limit"] = 100; ; {
		var p page
		s.must(subject, tool, call, &p)
		read(p)
		if p.NextCursor == "" {
			return
		}
		call["cursor"] = p.NextCursor
	}
}
