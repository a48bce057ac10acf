package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"roomkey/bench/load"
)

// measureScale asks two Roomkeys for the codes of random rooms, one with few
// rooms and one with very many. One connection asks, so the figure is the time
// in the program and not in a queue before it.
func measureScale(ctx context.Context, l *lab) ([]row, error) {
	sizes := []int{1_000, pick(l, 1_000_000, 20_000)}
	var contenders []contender
	for _, size := range sizes {
		r, err := l.startWithRooms(ctx, l.program, fmt.Sprintf("scale-%d", size), size)
		if err != nil {
			return nil, fmt.Errorf("with %d rooms: %w", size, err)
		}
		defer r.stop()
		contenders = append(contenders, callers(fullLoad(l, 1, r.endpoint, r.readRandomRooms(size))))
	}
	runs, err := interleave(ctx, pick(l, 9, 3), contenders...)
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
			p50(many), p50(few), milliseconds(many.P99), milliseconds(few.P99), 3*sizes[1]),
	}}, nil
}

// startWithRooms starts a Roomkey with that many rooms, all of them copies of
// the one that it makes first: they are put into the file while it is stopped.
// Without rooms it is a new Roomkey.
func (l *lab) startWithRooms(ctx context.Context, program, data string, rooms int) (*roomkey, error) {
	r, err := l.startRoomkey(ctx, program, data)
	if err != nil || rooms == 0 {
		return r, err
	}
	made, err := r.createRoom(ctx, "bench-aaaaaaaaaaaa")
	r.stop()
	if err != nil {
		return nil, err
	}
	started := time.Now()
	if err := growDatabase(ctx, r.data, made.id, rooms); err != nil {
		return nil, err
	}
	log.Printf("added %d rooms in %v", rooms, time.Since(started).Round(time.Millisecond))
	// LiveKit elsewhere: several of these run at the same time.
	if r, err = l.startRoomkey(ctx, program, data, foreignLiveKit...); err != nil {
		return nil, err
	}
	r.copied = made.id
	return r, nil
}
