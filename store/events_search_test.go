package store

import (
	"math"
	"testing"
	"time"
)

// The search finds the place among ids with gaps, with few reads.
func TestSearchEvents(t *testing.T) {
	t.Parallel()
	times := map[int64]int64{} // by id
	last := int64(0)
	for i := range int64(500) {
		last = i*7 + i%5 + 1
		times[last] = i / 3 * 1000 // several at a time
	}
	for at := int64(-500); at < 170_000; at += 500 {
		reads := 0
		got, err := searchEvents(time.UnixMilli(at), func(text string, args ...any) (int64, error) {
			if reads++; text == selectLastEvent {
				return last, nil
			}
			for id := int64(args[0].(int)); id <= last; id++ {
				if found, ok := times[id]; ok {
					return found, nil
				}
			}
			return math.MaxInt64, nil
		})
		if err != nil || reads > 14 {
			t.Fatalf("%d: %d reads, %v", at, reads, err)
		}
		for id, when := range times {
			if (id >= got) != (when >= at) {
				t.Fatalf("%d: got %d, where event %d is of %d", at, got, id, when)
			}
		}
	}
	none := func(string, ...any) (int64, error) { return 0, nil }
	if got, err := searchEvents(epoch, none); got != 1 || err != nil {
		t.Errorf("without events: got %d, %v; want 1", got, err)
	}
}
