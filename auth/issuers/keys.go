package issuers

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// How old the keys of an issuer may be.
const (
	renewAfter = 10 * time.Minute // they are fetched again, and count until that is done
	waitAfter  = 30 * time.Minute // those who need them wait for that
	dropAfter  = 24 * time.Hour   // they count no more, though the issuer is down

	retryAfter  = 10 * time.Second // after an attempt to fetch them, whatever came of it
	fetchWithin = 6 * time.Second
	maxWaiting  = 64 // who wait for an attempt at the same time
)

// keySet is the keys that were fetched at one time.
type keySet struct{ find jwt.Keyfunc }

// keys are those of one issuer. They are fetched when somebody needs them: one attempt
// at a time, and not more often than every [retryAfter].
type keys struct {
	ctx     context.Context // of the attempts
	fetch   func(context.Context) (*keySet, error)
	now     func() time.Time
	log     *slog.Logger
	running *sync.WaitGroup

	mu      sync.Mutex
	current *keySet // nil before the first success
	fetched time.Time
	tried   time.Time
	attempt chan struct{} // closed when it is over; nil while there is none
	waiting int
	failing bool // the last attempt has failed
}

// ready gives the keys; false if there are none, or only ones that are too old.
func (k *keys) ready() (*keySet, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current == nil || !k.isWithin(k.fetched, renewAfter) {
		attempt := k.start()
		if k.current == nil || !k.isWithin(k.fetched, waitAfter) {
			k.wait(attempt)
		}
	}
	return k.current, k.current != nil && k.isWithin(k.fetched, dropAfter)
}

// newer gives keys that were fetched after some others; false if there are none.
func (k *keys) newer(old *keySet) (*keySet, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current == old {
		k.wait(k.start())
	}
	return k.current, k.current != old
}

// begin begins to fetch the keys.
func (k *keys) begin() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.start()
}

// end makes sure that no attempt begins after this, once ctx is done.
func (k *keys) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
}

// start gives the attempt that runs, and begins one if it may; else nil. It is called
// with the lock held.
func (k *keys) start() <-chan struct{} {
	if k.attempt != nil {
		return k.attempt
	}
	if k.ctx.Err() != nil || k.isWithin(k.tried, retryAfter) {
		return nil
	}
	done := make(chan struct{})
	k.attempt, k.tried = done, k.now()
	k.running.Go(func() { k.try(done) })
	return done
}

// wait waits for the end of an attempt, unless too many do. It is called with the lock
// held, and gives it up meanwhile.
func (k *keys) wait(attempt <-chan struct{}) {
	if attempt == nil || k.waiting >= maxWaiting {
		return
	}
	k.waiting++
	k.mu.Unlock()
	<-attempt
	k.mu.Lock()
	k.waiting--
}

// try fetches the keys.
func (k *keys) try(done chan struct{}) {
	ctx, cancel := context.WithTimeout(k.ctx, fetchWithin)
	defer cancel()
	keys, err := k.fetch(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.attempt = nil
	close(done)
	switch {
	case err == nil:
		k.current, k.fetched = keys, k.now()
		if k.failing {
			k.log.Info("the keys of an issuer could be fetched again")
		}
	case !k.failing && k.ctx.Err() == nil:
		k.log.Warn("the keys of an issuer cannot be fetched, so only its tokens of known keys count for a while",
			"err", err)
	}
	k.failing = err != nil
}

// isWithin says whether something was less than a time ago. It is false if the clock was
// set back.
func (k *keys) isWithin(at time.Time, most time.Duration) bool {
	passed := k.now().Sub(at)
	return passed >= 0 && passed < most
}
