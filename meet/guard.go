package meet

import (
	"fmt"
	"sync"
	"time"
)

// How many wrong codes are borne. A code has 26^10 values, so even the
// ceiling leaves a guesser without a chance.
const (
	guardWindow  = time.Minute
	guardPerKey  = 10   // failures of one caller in a window
	guardCeiling = 300  // failures of all callers together that are answered as such
	guardMemory  = 9000 // failures that are remembered, so that a flood costs no more
)

// guard counts wrong codes.
type guard struct {
	now func() time.Time

	mu       sync.Mutex
	failures []failure      // oldest first, none older than guardWindow
	byKey    map[string]int // how many of them are whose
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
	count := g.byKey[key]
	if count >= guardPerKey || count > 0 && len(g.failures) >= guardCeiling {
		return g.limited(key)
	}
	return nil
}

// fail records a wrong code. It is an error when that was one too many, which
// is then the answer in place of the verdict on the code.
func (g *guard) fail(key string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget()
	if g.byKey[key] >= guardPerKey {
		return g.limited(key)
	}
	over := len(g.failures) >= guardCeiling
	if len(g.failures) < guardMemory {
		if g.byKey == nil {
			g.byKey = map[string]int{}
		}
		g.failures = append(g.failures, failure{g.now(), key})
		g.byKey[key]++
	}
	if over {
		return g.limited(key)
	}
	return nil
}

func (g *guard) forget() {
	since := g.now().Add(-guardWindow)
	n := 0
	for n < len(g.failures) && !g.failures[n].at.After(since) {
		key := g.failures[n].key
		if g.byKey[key]--; g.byKey[key] == 0 {
			delete(g.byKey, key)
		}
		n++
	}
	g.failures = g.failures[n:]
}

// limited tells the caller to wait until its oldest failure is forgotten.
func (g *guard) limited(key string) error {
	oldest := g.now()
	for _, f := range g.failures {
		if f.key == key {
			oldest = f.at
			break
		}
	}
	wait := max(oldest.Add(guardWindow).Sub(g.now()).Round(time.Second), time.Second)
	return &Error{Code: CodeRateLimited, Message: "Too many codes that open nothing", RetryAfter: wait,
		Hint: fmt.Sprintf("Wait %d seconds, and check the code with whoever gave it out.", wait/time.Second)}
}
