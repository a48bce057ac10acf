package main

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"time"

	"roomkey/bench/load"
)

// measureScale asks two roomkeys for the codes of random rooms, one with few
// rooms and one with very many. A single connection asks, so that the figure
// is the way through the program and not the queue before it.
func measureScale(ctx context.Context, l *lab) ([]row, error) {
	sizes := []int{1_000, pick(l, 1_000_000, 20_000)}
	plans := make([]load.Plan, len(sizes))
	for i, size := range sizes {
		r, id, err := l.startFull(ctx, fmt.Sprintf("scale-%d", size), size)
		if err != nil {
			return nil, fmt.Errorf("with %d rooms: %w", size, err)
		}
		defer r.stop()
		plan := throughput(l, r.endpoint, roomCodes(func() string { return lookalike(id, 1+rand.Int64N(int64(size))) }))
		plan.Conns, plan.Check = 1, checkCodes
		plans[i] = plan
	}
	runs, err := interleave(ctx, pick(l, 9, 3), plans...)
	if err != nil {
		return nil, err
	}
	p50 := func(r load.Result) float64 { return milliseconds(r.P50) }
	few, many := medianRun(runs[0]), medianRun(runs[1])
	return []row{{
		name:   fmt.Sprintf("get_room_codes p50, %d rooms ÷ %d rooms", sizes[1], sizes[0]),
		value:  medianRatio(runs[1], runs[0], p50),
		format: "%.2f",
		target: target{atMost, 1.5},
		note: fmt.Sprintf("%.3f ms ÷ %.3f ms; p99 %.2f and %.2f ms; %d codes in the larger",
			p50(many), p50(few), milliseconds(many.P99), milliseconds(few.P99), codesPerRoom*sizes[1]),
	}}, nil
}

// startFull starts a roomkey of its own name with that many rooms, and gives the
// id that theirs are lookalikes of. Roomkey makes its own database and the first room;
// the others are put into the file while it is stopped.
func (l *lab) startFull(ctx context.Context, name string, rooms int) (*roomkey, string, error) {
	r, err := l.startRoomkey(ctx, name) // rooms are not made without LiveKit
	if err != nil {
		return nil, "", err
	}
	made, err := r.createRoom(ctx, "bench-aaaaaaaaaaaa")
	r.stop()
	if err != nil {
		return nil, "", err
	}
	started := time.Now()
	if err := growDatabase(ctx, l.dataDir(name), made.id, rooms); err != nil {
		return nil, "", err
	}
	log.Printf("filled in %d rooms in %v", rooms, time.Since(started).Round(time.Millisecond))
	r, err = l.startRoomkey(ctx, name, foreignLiveKit()...) // out of the way of the database, and of a second roomkey
	return r, made.id, err
}
