package meet

import (
	"cmp"
	"context"
	"sync"
	"time"
)

// ConnectionLimits bound the connections to rooms that are open at a time. 0 is
// the default.
type ConnectionLimits struct {
	PerAddress int `yaml:"signalling_per_address"` // from one address, into all rooms
	PerCode    int `yaml:"signalling_per_code"`    // of all who came by one code, or with one access token
	PerRoom    int `yaml:"signalling_per_room"`    // into one room
}

// DefaultConnectionLimits let a class of 300 in at once, from one address and by
// one code, while some of them reload.
var DefaultConnectionLimits = ConnectionLimits{PerAddress: 500, PerCode: 500, PerRoom: 1000}

// One admission is for one connection, which may break and be made anew.
const (
	connectWindow = time.Minute
	connectTries  = 60
)

// connectionRetry is when somebody is to try again who found too many
// connections. One of them ends when somebody leaves.
const connectionRetry = 15 * time.Second

// connections counts the open ones. They are those to the LiveKit inside, which
// runs in one instance, so no other instance has any to count.
type connections struct {
	limits ConnectionLimits
	now    func() time.Time

	mu    sync.Mutex
	open  map[string]int // by what they have in common
	since time.Time      // when the present window began
	tries map[string]int // in that window, by identity
}

func newConnections(l ConnectionLimits, now func() time.Time) *connections {
	d := DefaultConnectionLimits
	limits := ConnectionLimits{PerAddress: cmp.Or(max(l.PerAddress, 0), d.PerAddress),
		PerCode: cmp.Or(max(l.PerCode, 0), d.PerCode), PerRoom: cmp.Or(max(l.PerRoom, 0), d.PerRoom)}
	return &connections{limits: limits, now: now, open: map[string]int{}, tries: map[string]int{}}
}

// share is something that connections have in common, and how many may have it.
type share struct {
	key   string
	limit int
	name  string // of the limit, as OnLimit counts it
	where string // for the message to those who are refused
}

// take counts one more connection, until release is called. A limit that is
// reached is named with the error.
func (c *connections) take(identity string, shares []share) (release func(), limit string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range shares {
		if c.open[s.key] >= s.limit {
			return nil, s.name, &Error{Code: CodeRateLimited, RetryAfter: connectionRetry,
				Message: "There are too many connections " + s.where + " at the moment",
				Hint:    "Try again when somebody has left."}
		}
	}
	if err := c.try(identity); err != nil {
		return nil, "signalling_per_identity", err
	}
	for _, s := range shares {
		c.open[s.key]++
	}
	return sync.OnceFunc(func() { c.release(shares) }), "", nil
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

// try counts that an identity connects, and refuses one that does so all the
// time. The mutex is held.
func (c *connections) try(identity string) error {
	now := c.now()
	if now.Sub(c.since) >= connectWindow {
		c.since = now
		clear(c.tries)
	}
	if identity != "" && c.tries[identity] >= connectTries {
		return &Error{Code: CodeRateLimited, Message: "You have connected too often in the last minute",
			RetryAfter: max(c.since.Add(connectWindow).Sub(now).Round(time.Second), time.Second),
			Hint:       "Wait a minute, then join again."}
	}
	c.tries[identity]++
	return nil
}

// ReserveConnection counts a connection from an address by the bearer of a join
// token, until release is called. An error says that there are too many. Whether
// the token is good, [Enforcer.BeforeConnect] says.
func (e *Enforcer) ReserveConnection(ctx context.Context, address, joinToken string) (release func(), err error) {
	limits := e.connections.limits
	shares := []share{{key: "address " + address, limit: limits.PerAddress, name: "signalling_per_address",
		where: "from your address"}}
	var admission Admission // zero for a recorder or an agent with the operator's key
	if roomID, identity, ok := e.media.ReadToken(joinToken); ok {
		if admission, _, err = e.findAdmission(ctx, roomID, identity); err != nil {
			return nil, err
		}
	}
	if admission.Identity != "" {
		shares = append(shares,
			share{key: entryKey(admission), limit: limits.PerCode, name: "signalling_per_code",
				where: "by the way that you came"},
			share{key: "room " + admission.RoomID, limit: limits.PerRoom, name: "signalling_per_room",
				where: "into this room"})
	}
	release, limit, err := e.connections.take(admission.Identity, shares)
	if err != nil {
		e.onLimit(limit)
	}
	return release, err
}

// entryKey says by which way a person was admitted.
func entryKey(admission Admission) string {
	switch {
	case admission.Code != "":
		return "code " + admission.Code
	case admission.Subject != "":
		return "subject " + admission.Subject
	}
	return "page " + admission.RoomID
}
