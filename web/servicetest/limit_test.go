package servicetest

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	. "roomkey/web/webtest"
)

var wrong = map[string]any{"code": "aaa-aaaa-aaa"}

// fail sends n wrong codes from an address at once; all have to be told that
// they open nothing.
func (s *testServer) fail(t *testing.T, address string, n int) {
	t.Helper()
	Together(n, func(i int) {
		s.exchange(t, wrong, From(address)).Refused(t, fmt.Sprintf("failure %d from %s", i, address), 404)
	})
}

func TestGuessersHaveToWait(t *testing.T) {
	t.Parallel()
	s := setup(t)
	good := map[string]any{"code": s.guestCode(t)}
	s.redeem(t, good, From("192.0.2.1"))
	s.fail(t, "192.0.2.1", 9)
	s.redeem(t, good, From("192.0.2.1")) // nine are borne, and success counts for nothing
	s.Clock.Advance(20 * time.Second)
	s.fail(t, "192.0.2.1", 1)
	for range 3 {
		s.exchange(t, wrong, From("192.0.2.1")).Limited(t, "an eleventh failure")
		s.exchange(t, good, From("192.0.2.1")).Limited(t, "a good code after ten failures")
		s.exchange(t, map[string]any{"code": "?"}, From("192.0.2.1")).Limited(t, "a malformed code after ten failures")
	}
	s.redeem(t, good, From("192.0.2.2"))
	s.exchange(t, wrong, From("192.0.2.2")).Refused(t, "the neighbour's first failure", 404)

	wait, err := strconv.Atoi(s.exchange(t, good, From("192.0.2.1")).Header.Get("Retry-After"))
	if err != nil || wait != 40 {
		t.Errorf("Retry-After is %d, %v, want 40: the oldest failures are 20 s old", wait, err)
	}
	s.Clock.Advance(time.Duration(wait-1) * time.Second)
	s.exchange(t, good, From("192.0.2.1")).Limited(t, "a second too early")
	s.Clock.Advance(time.Second)
	s.redeem(t, good, From("192.0.2.1"))
}

// Codes of every kind that open nothing count, also those that are known.
func TestEveryKindOfFailureCounts(t *testing.T) {
	t.Parallel()
	s := setup(t)
	disabled := s.guestCode(t)
	s.disable(t, disabled)
	kinds := []string{"aaa-aaaa-aaa", "", "malformed", disabled, disabled}
	Together(10, func(i int) {
		code := kinds[i%len(kinds)]
		s.exchange(t, map[string]any{"code": code}, From("192.0.2.1")).Refused(t, "kind "+code, 404)
	})
	s.exchange(t, wrong, From("192.0.2.1")).Limited(t, "an eleventh failure")
}
