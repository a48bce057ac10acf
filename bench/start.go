package main

import (
	"context"
	"fmt"
	"time"

	"roomkey/bench/load"
)

// stopBound is how long a program that is asked to end may take, in
// milliseconds. It is promised for a program with calls under way; this one has none.
const stopBound = 10_000

// measureStart takes the time from starting the program to its first answered
// tool call, tried every 2 ms, and from SIGTERM to its end. The data directory
// exists, as it does at every start but the first.
func measureStart(ctx context.Context, l *lab) ([]row, error) {
	variants := []struct {
		name  string
		env   []string
		bound float64
	}{
		{"LiveKit inside", nil, 1000},
		{"LiveKit elsewhere", foreignLiveKit(), 150},
	}
	times, stops := make([][]float64, len(variants)), make([][]float64, len(variants))
	for round := range 1 + pick(l, 5, 3) {
		for i, v := range variants {
			r, err := l.startRoomkey(ctx, fmt.Sprintf("start-%d", i), v.env...)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", v.name, err)
			}
			asked := time.Now()
			r.stop()
			if round > 0 { // the first start makes the data directory
				times[i] = append(times[i], milliseconds(r.ready))
				stops[i] = append(stops[i], milliseconds(time.Since(asked)))
			}
		}
	}
	var rows []row
	for i, v := range variants {
		rows = append(rows, row{
			name:   "start to first tool call, " + v.name,
			value:  load.Median(times[i]),
			format: "%.0f ms",
			target: target{below, v.bound},
			note:   fmt.Sprintf("%.0f, median", times[i]),
		}, row{
			name:   "SIGTERM to exit, " + v.name,
			value:  load.Median(stops[i]),
			format: "%.0f ms",
			target: target{below, stopBound},
			note:   fmt.Sprintf("%.0f, median", stops[i]),
		})
	}
	return rows, nil
}
