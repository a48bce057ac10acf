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

// contender is something whose rate is measured: it carries out one round.
type contender func(context.Context) (load.Result, error)

// fullLoad is the plan of one round on that many connections.
func fullLoad(l *lab, conns int, e load.Endpoint, m load.Message) load.Plan {
	return load.Plan{
		Endpoint: e,
		Message:  m,
		Conns:    conns,
		Warmup:   pick(l, 300*time.Millisecond, 100*time.Millisecond),
		Duration: pick(l, 1200*time.Millisecond, 300*time.Millisecond),
	}
}

// callers makes a contender of a plan. Every answer must be a success: a
// server that refuses half of the calls is not twice as fast.
func callers(p load.Plan) contender {
	return func(ctx context.Context) (load.Result, error) {
		result, err := load.Run(ctx, p)
		if err != nil {
			return result, err
		}
		if result.Errors > 0 || result.Requests == 0 {
			return result, fmt.Errorf("%d successes and %d errors, such as %s",
				result.Requests, result.Errors, result.Example)
		}
		return result, nil
	}
}

// interleave lets the contenders run in turn, round after round, so that other
// load on the machine meets all of them. Every second round runs in the other
// direction, so that none always follows the same one. It gives the results
// contender by contender, round by round.
func interleave(ctx context.Context, rounds int, contenders ...contender) ([][]load.Result, error) {
	results := make([][]load.Result, len(contenders))
	for round := range rounds {
		for i := range contenders {
			if round%2 == 1 {
				i = len(contenders) - 1 - i
			}
			result, err := contenders[i](ctx)
			if err != nil {
				return nil, err
			}
			results[i] = append(results[i], result)
		}
	}
	return results, nil
}

// medianRatio divides a figure of the two series round by round and gives the
// median. What slows down a whole round does not change its ratio.
func medianRatio(over, under []load.Result, figure func(load.Result) float64) float64 {
	ratios := make([]float64, len(over))
	for i := range over {
		ratios[i] = figure(over[i]) / figure(under[i])
	}
	return load.Median(ratios)
}

// medianRun is the run with the median rate.
func medianRun(runs []load.Result) load.Result {
	byRate := func(a, b load.Result) int { return cmp.Compare(a.Rate(), b.Rate()) }
	return slices.SortedFunc(slices.Values(runs), byRate)[(len(runs)-1)/2]
}

// describe gives what the table says about a run besides its rate.
func describe(r load.Result) string {
	machine := r.Elapsed * time.Duration(runtime.NumCPU())
	return fmt.Sprintf("p50 %.2f ms, p99 %.2f ms, %d µs CPU/request, generator %.0f %% of the machine",
		milliseconds(r.P50), milliseconds(r.P99), r.CPUPerRequest().Microseconds(),
		100*float64(r.ClientCPU)/float64(machine))
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
