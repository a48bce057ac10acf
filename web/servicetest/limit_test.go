package servicetest

import (
	"testing"

	. "roomkey/web/webtest"
)

var wrong = map[string]any{"code": "aaa-aaaa-aaa"}

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
