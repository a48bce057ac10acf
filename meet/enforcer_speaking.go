package meet

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"
)

const (
	// heardWithin is how far apart two calls of HearSpeakers may be, so that a person
	// who speaks at the second one has spoken since the first.
	heardWithin = 2 * time.Second

	// lateWithin is for how long a connection may be heard before it is on record.
	// Of one that never will be, such as a recorder's, nothing is kept.
	lateWithin = 30 * time.Second
)

// heard has for how long connections were heard speaking, until it is stored. Its
// entries are the connections that are listened to.
type heard struct {
	mu           sync.Mutex
	byConnection map[string]*heardConnection // by SID
}

type heardConnection struct {
	since, last time.Time     // when it was listened to first and last
	unstored    time.Duration // for how long it was heard since it was stored
	stored      bool          // the database knows that it is listened to
}

// HearSpeakers takes in which connections are listened to, by their SIDs, and whether
// each is speaking. Call it about every second with all to which one part of the
// program listens.
func (e *Enforcer) HearSpeakers(ctx context.Context, speaking map[string]bool) error {
	now := e.now()
	news := e.heard.listen(now, speaking)
	unknown, err := e.store.AddSpeaking(ctx, news)
	switch {
	case errors.Is(err, ErrOutcomeUnknown): // rather not counted than twice
	case err != nil:
		e.heard.putBack(news, time.Time{})
	default:
		late := map[string]time.Duration{}
		for _, sid := range unknown {
			late[sid] = news[sid]
		}
		e.heard.putBack(late, now.Add(-lateWithin))
	}
	return e.storeError(err, "")
}

// listen takes in who is speaking, and gives what is to be stored.
func (h *heard) listen(now time.Time, speaking map[string]bool) map[string]time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.byConnection == nil {
		h.byConnection = map[string]*heardConnection{}
	}
	for sid, speaks := range speaking {
		c := h.byConnection[sid]
		if c == nil {
			c = &heardConnection{since: now, last: now}
			h.byConnection[sid] = c
		}
		if since := now.Sub(c.last); speaks && since > 0 {
			c.unstored += min(since, heardWithin)
		}
		c.last = now
	}
	news := map[string]time.Duration{}
	for sid, c := range h.byConnection {
		if c.unstored > 0 || !c.stored {
			news[sid] = c.unstored
			c.unstored, c.stored = 0, true
		}
	}
	maps.DeleteFunc(h.byConnection, func(_ string, c *heardConnection) bool { return now.Sub(c.last) > lateWithin })
	return news
}

// putBack puts back what could not be stored, to be stored by the next call, of
// connections that are listened to since then or later.
func (h *heard) putBack(news map[string]time.Duration, since time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for sid, spoke := range news {
		if c := h.byConnection[sid]; c != nil && !c.since.Before(since) {
			c.unstored += spoke
			c.stored = false
		}
	}
}
