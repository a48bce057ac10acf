package meet

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// How many wrong codes a caller may try. A code has 26^10 values, so that nobody
// finds one by guessing, not even all callers together.
const (
	guessWindow   = time.Minute
	guessesPerKey = 10  // failures of one caller in a window
	guessesOfAll  = 300 // failures of all callers together
)

// guesses counts wrong codes, also those that other instances announce. So a
// caller who asks all instances in turn finds out no more than at one.
type guesses struct {
	now      func() time.Time
	announce func(ctx context.Context, key string) // tells the other instances of one; nil is nobody

	mu    sync.Mutex
	byKey boundedCounts // failures of each caller, by countKey; an entry is over when its window is
	all   callCount     // failures of everybody
}

// check refuses a caller who has failed too often. After guessesOfAll failures of
// all callers together, every caller who has failed once has to wait; people with a
// good code still get in. A caller for whom there is no memory left may not try.
func (g *guesses) check(key string) error {
	key = countKey(key)
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	count, known := g.byKey.get(key, now)
	switch {
	case known && (count.n >= guessesPerKey || g.total(now).n >= guessesOfAll):
		return g.limited(count, now)
	case !known && g.byKey.full(now):
		return g.limited(callCount{until: g.byKey.freeAt}, now)
	}
	return nil
}

// countWrong records a wrong code, and announces it before the caller gets an
// answer. Its error, when that was one too many, replaces the answer that the code
// is wrong.
func (g *guesses) countWrong(ctx context.Context, key string) error {
	key = countKey(key)
	err := g.count(key)
	if err == nil && g.announce != nil { // one too many is announced no more, so there are guessesOfAll at most
		g.announce(ctx, key)
	}
	return err
}

func (g *guesses) count(key string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	count, known := g.byKey.get(key, now)
	if !known {
		if g.byKey.full(now) {
			return g.limited(callCount{until: g.byKey.freeAt}, now)
		}
		count.until = now.Add(guessWindow)
	}
	over := count.n >= guessesPerKey || g.total(now).n >= guessesOfAll
	if count.n < guessesPerKey {
		count.n++
		g.all.n++
		g.byKey.put(key, count)
	}
	if over {
		return g.limited(count, now)
	}
	return nil
}

// countElsewhere records n wrong codes that another instance has counted.
func (g *guesses) countElsewhere(key string, n int) {
	n = min(max(n, 0), guessesPerKey)
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	g.total(now)
	g.all.n += n
	count, known := g.byKey.get(key, now)
	if !known && g.byKey.full(now) {
		return
	}
	if !known {
		count.until = now.Add(guessWindow)
	}
	count.n += n
	g.byKey.put(key, count)
}

// total gives the failures of all callers in the present window.
func (g *guesses) total(now time.Time) callCount {
	if !now.Before(g.all.until) {
		g.all = callCount{until: now.Add(guessWindow)}
	}
	return g.all
}

// limited tells the caller to wait until its window is over.
func (g *guesses) limited(count callCount, now time.Time) error {
	wait := max(count.until.Sub(now).Round(time.Second), time.Second)
	return &Error{Code: CodeRateLimited, Message: "Too many codes that open nothing", RetryAfter: wait,
		Hint: fmt.Sprintf("Wait %d seconds, and check the code with the person who gave it out.", wait/time.Second)}
}
