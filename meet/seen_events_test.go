package meet

import (
	"fmt"
	"testing"
)

// Of events without end only the last ones are remembered.
func TestSeenEventsAreBounded(t *testing.T) {
	t.Parallel()
	var seen seenEvents
	for i := range 3 * seenEventsMemory {
		seen.add(fmt.Sprint(i))
	}
	if n := len(seen.young) + len(seen.older); n > 2*seenEventsMemory {
		t.Errorf("%d events are remembered; want %d at most", n, 2*seenEventsMemory)
	}
	if last := fmt.Sprint(3*seenEventsMemory - 1); !seen.before(last) {
		t.Errorf("the last event, %s, is not remembered", last)
	}
}
