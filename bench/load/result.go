package load

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Result is what happened after the warm-up.
type Result struct {
	Requests  int           // answered with success
	Successes int           // the same, the warm-up included
	Errors    int           // answered otherwise, the warm-up included
	Example   string        // the first answer that was an error
	Elapsed   time.Duration // from the end of the warm-up to the last answer
	P50, P99  time.Duration
	Max       time.Duration // the slowest answer
	ClientCPU time.Duration // what the generator took
	ServerCPU time.Duration // what the server took, if the plan can tell
}

// Rate is successful requests per second.
func (r Result) Rate() float64 { return float64(r.Requests) / r.Elapsed.Seconds() }

// CPUPerRequest is what one request cost the server.
func (r Result) CPUPerRequest() time.Duration {
	return r.ServerCPU / time.Duration(max(r.Requests, 1))
}

func summarize(workers []*worker, begin time.Time) Result {
	var r Result
	var all []time.Duration
	end := begin
	for _, w := range workers {
		all = append(all, w.latencies...)
		r.Successes += w.successes
		r.Errors += w.failures
		if r.Example == "" {
			r.Example = w.example
		}
		if w.last.After(end) {
			end = w.last
		}
	}
	slices.Sort(all)
	r.Requests, r.Elapsed = len(all), end.Sub(begin)
	r.P50, r.P99, r.Max = Percentile(all, 50), Percentile(all, 99), Percentile(all, 100)
	return r
}

// Percentile gives the smallest value that at least p percent of the values do
// not exceed (nearest rank), and zero if there are none. The values are sorted
// already.
func Percentile[T cmp.Ordered](sorted []T, p float64) T {
	if len(sorted) == 0 {
		var zero T
		return zero
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Median is the middle of the values, of two middles the lower one.
func Median[T cmp.Ordered](values []T) T {
	return Percentile(slices.Sorted(slices.Values(values)), 50)
}
