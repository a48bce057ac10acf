package e2e_test

import (
	"cmp"
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

// within is saw for what is promised to take no longer than that. The test
// fails at three times as much: the machine may be busy.
func (s *scene) within(row, what string, took, promised time.Duration) {
	s.t.Helper()
	s.saw(row, what, took)
	switch {
	case took > 3*promised:
		s.t.Errorf("%s: took %v, want %v", row, took, promised)
	case took > promised:
		s.t.Logf("%s: took %v, promised are %v", row, took, promised)
	}
}

// atOnce is within for what has to happen by the call itself. That is asserted
// because reconciliation would make it good within ten seconds.
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
