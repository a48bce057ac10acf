package load

import (
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	t.Parallel()
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	for _, c := range []struct {
		values []int
		p      float64
		want   int
	}{
		{nil, 50, 0},
		{[]int{7}, 1, 7},
		{[]int{7}, 99, 7},
		{[]int{1, 2, 3}, 50, 2},
		{[]int{1, 2, 3, 4}, 50, 2},
		{hundred, 0, 1},
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 99.1, 100},
		{hundred, 100, 100},
	} {
		if got := Percentile(c.values, c.p); got != c.want {
			t.Errorf("Percentile of %d values at %v: got %d, want %d", len(c.values), c.p, got, c.want)
		}
	}
}

func TestMedianLeavesItsArgumentAlone(t *testing.T) {
	t.Parallel()
	values := []float64{3, 1, 2}
	if got := Median(values); got != 2 {
		t.Errorf("got %v, want 2", got)
	}
	if values[0] != 3 {
		t.Errorf("the values were sorted in place: %v", values)
	}
}

func TestSummarize(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	got := summarize([]*worker{
		{latencies: []time.Duration{4, 1}, successes: 3, last: begin.Add(time.Second)},
		{latencies: []time.Duration{3, 2}, successes: 2, last: begin.Add(2 * time.Second), failures: 2, example: "no"},
	}, begin)
	want := Result{Requests: 4, Successes: 5, Errors: 2, Example: "no", Elapsed: 2 * time.Second, P50: 2, P99: 4, Max: 4}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.Rate() != 2 {
		t.Errorf("got %v requests/s, want 2", got.Rate())
	}
}
