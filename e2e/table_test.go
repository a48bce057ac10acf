package e2e_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// table is what was seen, by case and LiveKit.
var table sightings

type sightings struct {
	mu   sync.Mutex
	rows map[string]map[mode]string
}

func (s *sightings) add(row string, m mode, what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = map[string]map[mode]string{}
	}
	if s.rows[row] == nil {
		s.rows[row] = map[mode]string{}
	}
	s.rows[row][m] = what
}

// print writes the table in Markdown to where it was asked for.
func (s *sightings) print() {
	var to io.Writer = os.Stdout
	if name := os.Getenv("ROOMKEY_TEST_TABLE"); name != "" {
		file, err := os.Create(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		defer file.Close()
		to = file
	} else if !testing.Verbose() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(to, "| case | LiveKit inside | foreign LiveKit |\n| --- | --- | --- |\n")
	for _, row := range slices.SortedFunc(maps.Keys(s.rows), func(a, b string) int {
		return cmp.Or(cmp.Compare(number(a), number(b)), strings.Compare(a, b))
	}) {
		seen := s.rows[row]
		fmt.Fprintf(to, "| %s | %s | %s |\n", row, cmp.Or(seen[inside], "–"), cmp.Or(seen[foreign], "–"))
	}
}

// number is what a row begins with.
func number(row string) (n int) {
	_, _ = fmt.Sscanf(row, "%d", &n)
	return n
}

// saw puts what was seen into the table, and how long it took from the call
// until the participant noticed.
func (s *scene) saw(row, what string, took time.Duration) {
	s.t.Helper()
	if took <= 0 { // before the clock was started, as on connecting
		what += ", from the start"
	} else {
		what += ", " + rounded(took)
	}
	s.t.Logf("%s: %s", row, what)
	table.add(row, s.mode, what)
}

// within is saw for what is promised to take no longer than that. Here it only
// has to happen: a busy machine is slower, not wrong. Whether it was in time is
// written down, for bench/ to judge.
func (s *scene) within(row, what string, took, promised time.Duration) {
	s.t.Helper()
	s.saw(row, what, took)
	if took > promised {
		s.t.Logf("%s: took %v, promised are %v", row, took, promised)
	}
	reactions.note(row, s.mode, took, promised)
}

// reactions are what was promised to happen in a time, and how long it took.
var reactions promises

type promises struct {
	mu    sync.Mutex
	lines []byte // JSON
}

func (p *promises) note(row string, m mode, took, promised time.Duration) {
	line, err := json.Marshal(map[string]any{"case": row, "livekit": m,
		"took_ms": float64(took) / float64(time.Millisecond), "promised_ms": float64(promised) / float64(time.Millisecond)})
	if err != nil {
		panic(err) // plain values marshal
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(append(p.lines, line...), '\n')
}

// write writes them to where they were asked for.
func (p *promises) write() {
	name := os.Getenv("ROOMKEY_TEST_REACTIONS")
	if name == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := os.WriteFile(name, p.lines, 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// atOnce is within for what has to happen by the call itself. That it does is
// seen by the tests of meet, where nothing reconciles.
func (s *scene) atOnce(row, what string, took time.Duration) {
	s.t.Helper()
	s.within(row, what, took, time.Second)
}

func rounded(d time.Duration) string {
	if d < 10*time.Millisecond {
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Millisecond).String()
}
