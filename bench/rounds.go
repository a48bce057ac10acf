package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"roomkey/bench/load"
)

// conns is the number of connections wherever throughput is measured.
const conns = 16

// throughput is one round of full load.
func throughput(l *lab, e load.Endpoint, m load.Message) load.Plan {
	return load.Plan{
		Endpoint: e,
		Message:  m,
		Conns:    conns,
		Warmup:   pick(l, 300*time.Millisecond, 100*time.Millisecond),
		Duration: pick(l, 1500*time.Millisecond, 300*time.Millisecond),
	}
}

// interleave carries out the plans in turn, round after round, so that a noisy
// neighbour meets them all. It gives the results plan by plan, round by round.
func interleave(ctx context.Context, rounds int, plans ...load.Plan) ([][]load.Result, error) {
	results := make([][]load.Result, len(plans))
	for range rounds {
		for i, plan := range plans {
			result, err := runClean(ctx, plan)
			if err != nil {
				return nil, err
			}
			results[i] = append(results[i], result)
		}
	}
	return results, nil
}

// runClean runs a plan in which every answer must be a success: a server that
// refuses half of the calls is not twice as fast.
func runClean(ctx context.Context, p load.Plan) (load.Result, error) {
	result, err := load.Run(ctx, p)
	if err != nil {
		return result, err
	}
	if result.Errors > 0 || result.Requests == 0 {
		return result, fmt.Errorf("%d successes and %d errors, such as %s", result.Requests, result.Errors, result.Example)
	}
	return result, nil
}

// medianRatio divides round by round what a figure is in the two series, and
// gives the median: what slows down a whole round cancels out.
func medianRatio(over, under []load.Result, figure func(load.Result) float64) float64 {
	ratios := make([]float64, len(over))
	for i := range over {
		ratios[i] = figure(over[i]) / figure(under[i])
	}
	return load.Median(ratios)
}

// medianRun is the run with the median rate.
func medianRun(runs []load.Result) load.Result {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b load.Result) int { return cmp.Compare(a.Rate(), b.Rate()) })
	return sorted[(len(sorted)-1)/2]
}

// describe says what is worth knowing about a run besides its rate.
func describe(r load.Result) string {
	machine := r.Elapsed * time.Duration(runtime.NumCPU())
	return fmt.Sprintf("p50 %.2f ms, p99 %.2f ms, %d µs CPU/request, generator %.0f %% of the machine",
		milliseconds(r.P50), milliseconds(r.P99), r.CPUPerRequest().Microseconds(),
		100*float64(r.ClientCPU)/float64(machine))
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
