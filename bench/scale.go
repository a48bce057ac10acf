package main

import (
	"context"
	"fmt"
	"log"
	"sync/atomic"
	"time"

	"roomkey/bench/load"
)

// fewRooms is the size that very many rooms are compared with.
const fewRooms = 1_000

// measureScale asks for the codes of rooms that the program has not looked at
// before, one connection at a time, so that the figure is the time in the program
// and not in a queue before it. With very many rooms random ones are asked for;
// with few, each of them once after a start.
func measureScale(ctx context.Context, l *lab) ([]row, error) {
	rooms := pick(l, 1_000_000, 20_000)
	var contenders []contender
	for _, program := range l.programs() {
		small, err := l.startWithRooms(ctx, program, l.folder("few-rooms"), fewRooms)
		if err != nil {
			return nil, err
		}
		small.stop()
		large, err := l.startWithRooms(ctx, program, l.folder("many-rooms"), rooms)
		if err != nil {
			return nil, fmt.Errorf("with %d rooms: %w", rooms, err)
		}
		defer large.stop()
		contenders = append(contenders, l.readOnceAfterStart(small), large.readSingly(large.readRandomRooms(rooms)))
	}
	runs, err := interleave(ctx, pick(l, 9, 3), contenders...)
	if err != nil {
		return nil, err
	}
	p50 := func(r load.Result) float64 { return milliseconds(r.P50) }
	few, many := medianRun(runs[0]), medianRun(runs[1])
	ratio := row{
		name:   fmt.Sprintf("get_room_codes p50, not remembered, %d rooms ÷ %d rooms", rooms, fewRooms),
		format: "%.2f",
		target: target{atLeast: 0.8, atMost: 1.2},
		note: fmt.Sprintf("%.3f ms ÷ %.3f ms; p99 %.2f and %.2f ms; %d codes in the larger",
			p50(many), p50(few), milliseconds(many.P99), milliseconds(few.P99), 3*rooms),
	}
	for i := 0; i < len(runs); i += 2 {
		ratio.values = append(ratio.values, medianRatio(runs[i+1], runs[i], p50))
	}
	return []row{ratio}, nil
}

// readSingly asks on one connection. The room from which the others were copied
// warms the program up.
func (r *roomkey) readSingly(rooms load.Message) contender {
	warm := load.Plan{Endpoint: r.endpoint, Conns: 1, Requests: fewRooms,
		Message: getRoomCodes(func() string { return r.copied })}
	measured := warm
	measured.Message = rooms
	return func(ctx context.Context) (load.Result, error) {
		if _, err := callers(warm)(ctx); err != nil {
			return load.Result{}, err
		}
		return callers(measured)(ctx)
	}
}

// readOnceAfterStart starts a stopped Roomkey again and asks for each of its few
// rooms once.
func (l *lab) readOnceAfterStart(stopped *roomkey) contender {
	return func(ctx context.Context) (load.Result, error) {
		env := foreignLiveKit
		if stopped.url != "" {
			env = append([]string{databaseURL + stopped.url, benchSecret}, env...)
		}
		r, err := l.startRoomkey(ctx, stopped.program, stopped.folder, env...)
		if err != nil {
			return load.Result{}, err
		}
		defer r.stop()
		r.copied = stopped.copied
		var asked atomic.Int64
		return r.readSingly(getRoomCodes(func() string { return lookalike(r.copied, asked.Add(1)) }))(ctx)
	}
}

// startWithRooms starts a Roomkey with that many rooms, all of them copies of
// the one that it makes first: they are put into the file while it is stopped.
// Without rooms it is a new Roomkey.
func (l *lab) startWithRooms(ctx context.Context, program, data string, rooms int, env ...string) (*roomkey, error) {
	r, err := l.startRoomkey(ctx, program, data, env...)
	if err != nil || rooms == 0 {
		return r, err
	}
	made, err := r.createRoom(ctx, "bench-aaaaaaaaaaaa")
	r.stop()
	if err != nil {
		return nil, err
	}
	started := time.Now()
	if r.url != "" {
		err = growPostgres(ctx, r.url, made.id, rooms)
	} else {
		err = growDatabase(ctx, r.data, made.id, rooms)
	}
	if err != nil {
		return nil, err
	}
	log.Printf("added %d rooms in %v", rooms, time.Since(started).Round(time.Millisecond))
	// LiveKit elsewhere: several of these run at the same time.
	if r, err = l.startRoomkey(ctx, program, data, append(env, foreignLiveKit...)...); err != nil {
		return nil, err
	}
	r.copied = made.id
	return r, nil
}
