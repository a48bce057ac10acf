package meet

import (
	"sync"
	"time"
)

// How many wrong codes are borne. A code has 26^10 values, so even the
// ceiling leaves a guesser without a chance.
const (
	guardWindow  = time.Minute
	guardPerKey  = 10  // failures of one caller in a window
	guardCeiling = 300 // failures of all callers together in a window
)

// guard counts wrong codes. What it remembers is bounded by guardCeiling.
type guard struct {
	now func() time.Time

	mu       sync.Mutex
	failures []failure // oldest first, none older than guardWindow
}

type failure struct {
	at  time.Time
	key string
}

// admit says whether the caller may try a code: an error once it has failed
// too often. At the ceiling everybody who has failed at all has to wait, but
// people who come with a good code still get in.
func (g *guard) admit(key string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget()
	count, oldest := g.count(key)
	if count >= guardPerKey || count > 0 && len(g.failures) >= guardCeiling {
		return g.limited(oldest)
	}
	return nil
}

// fail records a wrong code. It is an error when that was one too many, which
// is then the answer in place of the verdict on the code.
func (g *guard) fail(key string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget()
	count, oldest := g.count(key)
	if count >= guardPerKey {
		return g.limited(oldest)
	}
	if len(g.failures) >= guardCeiling {
		return g.limited(g.failures[0].at)
	}
	g.failures = append(g.failures, failure{g.now(), key})
	return nil
}

func (g *guard) forget() {
	since := g.now().Add(-guardWindow)
	n := 0
	for n < len(g.failures) && !g.failures[n].at.After(since) {
		n++
	}
	g.failures = g.failures[n:]
}

func (g *guard) count(key string) (n int, oldest time.Time) {
	for _, f := range g.failures {
		if f.key == key {
			if n == 0 {
				oldest = f.at
			}
			n++
		}
	}
	return n, oldest
}

func (g *guard) limited(oldest time.Time) error {
	wait := oldest.Add(guardWindow).Sub(g.now()).Round(time.Second)
	return &Error{Code: CodeRateLimited, Message: "Too many codes that open nothing",
		Hint: "Wait and check the code with whoever gave it out.", RetryAfter: max(wait, time.Second)}
}
