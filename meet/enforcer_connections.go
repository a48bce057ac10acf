package meet

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ConnectionLimits bound the connections to rooms that are open at a time. 0 is
// the default.
type ConnectionLimits struct {
	PerAddress int // from one address, into whatever rooms
	PerCode    int // of all who came by one code, or with one access token
	PerRoom    int // into one room
}

// DefaultConnectionLimits let a class of 300 in at once, from one address and by
// one code, while some of them reload.
var DefaultConnectionLimits = ConnectionLimits{PerAddress: 500, PerCode: 500, PerRoom: 1000}

func (l ConnectionLimits) complete() ConnectionLimits {
	if l.PerAddress <= 0 {
		l.PerAddress = DefaultConnectionLimits.PerAddress
	}
	if l.PerCode <= 0 {
		l.PerCode = DefaultConnectionLimits.PerCode
	}
	if l.PerRoom <= 0 {
		l.PerRoom = DefaultConnectionLimits.PerRoom
	}
	return l
}

// One admission is for one connection, which may break and be made anew.
const (
	connectWindow = time.Minute
	connectTries  = 60
)

// connections counts those that are open.
type connections struct {
	limits ConnectionLimits
	now    func() time.Time

	mu    sync.Mutex
	open  map[string]int // by what they have in common
	since time.Time      // when the window began in which tries are counted
	tries map[string]int // by identity
}

func newConnections(limits ConnectionLimits, now func() time.Time) *connections {
	return &connections{limits: limits.complete(), now: now, open: make(map[string]int), tries: make(map[string]int)}
}

// share is something that connections have in common, and how many may have.
type share struct {
	key   string
	limit int
	name  string // of the limit, as OnLimit counts it
	what  string // is said to who is refused
}

// take counts one more connection, or says which limit is reached.
func (c *connections) take(shares []share) (release func(), full *share) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range shares {
		if c.open[s.key] >= s.limit {
			return nil, &shares[i]
		}
	}
	for _, s := range shares {
		c.open[s.key]++
	}
	return sync.OnceFunc(func() { c.release(shares) }), nil
}

func (c *connections) release(shares []share) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range shares {
		if c.open[s.key]--; c.open[s.key] <= 0 {
			delete(c.open, s.key)
		}
	}
}

// try counts that somebody connects; an error if they do it all the time.
func (c *connections) try(identity string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if now.Sub(c.since) >= connectWindow {
		c.since = now
		clear(c.tries)
	}
	if c.tries[identity] >= connectTries {
		return &Error{Code: CodeRateLimited, Message: "You have connected too often in the last minute",
			RetryAfter: max(c.since.Add(connectWindow).Sub(now).Round(time.Second), time.Second),
			Hint:       "Wait a minute, then join again."}
	}
	c.tries[identity]++
	return nil
}

// connectionRetry is when somebody who found no place is to try again. A place
// comes free when somebody leaves.
const connectionRetry = 15 * time.Second

// ReserveConnection takes a place for a connection from that address by the bearer of a
// join token, until release is called. An error says that there are too many.
// Whether the token is any good is not asked here (see [Enforcer.BeforeConnect]).
func (e *Enforcer) ReserveConnection(ctx context.Context, address, joinToken string) (release func(), err error) {
	limits := e.connections.limits
	shares := []share{{"address " + address, limits.PerAddress, "signalling_per_address", "from your address"}}
	who := ""
	if roomID, identity, ok := e.media.ReadToken(joinToken); ok {
		join, err := e.admissionOf(ctx, roomID, identity)
		switch {
		case errors.Is(err, ErrNotFound): // a recorder or an agent, with a key of the operator's
		case err != nil:
			return nil, e.storeError(err, "")
		default:
			who = join.Identity
			shares = append(shares, share{entryKey(join), limits.PerCode, "signalling_per_code", "by the way that you came"},
				share{"room " + roomID, limits.PerRoom, "signalling_per_room", "into this room"})
		}
	}
	release, full := e.connections.take(shares)
	if full != nil {
		e.onLimit(full.name)
		return nil, &Error{Code: CodeRateLimited, Message: "There are too many connections " + full.what + " at the moment",
			RetryAfter: connectionRetry, Hint: "Try again when somebody has left."}
	}
	if who != "" {
		if err := e.connections.try(who); err != nil {
			release()
			e.onLimit("signalling_per_identity")
			return nil, err
		}
	}
	return release, nil
}

// entryKey says by which way somebody was admitted.
func entryKey(join Admission) string {
	switch {
	case join.Code != "":
		return "code " + join.Code
	case join.Subject != "":
		return "subject " + join.Subject
	}
	return "page " + join.RoomID
}
