package e2e_test

import (
	"encoding/json"
	"os"
	"sync"
	"time"
)

// reactions are what was promised to happen in a time, and how long it took, as
// lines of JSON.
var reactions struct {
	mu    sync.Mutex
	lines []byte
}

// within writes down how long something took that is promised to take no longer
// than that. A busy machine is slower, not wrong, so it only has to happen here.
func (s *system) within(what string, took, promised time.Duration) {
	s.t.Helper()
	s.t.Logf("%s: %v of %v", what, took.Round(time.Millisecond/10), promised)
	line, err := json.Marshal(map[string]any{"case": what, "livekit": s.mode,
		"took_ms": float64(took) / float64(time.Millisecond), "promised_ms": float64(promised) / float64(time.Millisecond)})
	if err != nil {
		s.t.Fatal(err)
	}
	reactions.mu.Lock()
	defer reactions.mu.Unlock()
	reactions.lines = append(append(reactions.lines, line...), '\n')
}

// atOnce is within for what has to happen by the call itself, which began then.
func (s *system) atOnce(what string, began time.Time) {
	s.t.Helper()
	s.within(what, time.Since(began), time.Second)
}

// writeReactions writes them to where they were asked for.
func writeReactions() error {
	name := os.Getenv("ROOMKEY_TEST_REACTIONS")
	if name == "" {
		return nil
	}
	return os.WriteFile(name, reactions.lines, 0o600)
}
