package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"roomkey/bench/load"
)

// measureRooms makes many rooms and takes memory and CPU of the idle program,
// then lets people join all of them, and takes the highest memory while more of
// them join random ones. Nobody connects with the tokens: where a join makes the
// media room, all of them live then.
func measureRooms(ctx context.Context, l *lab, program string) ([]row, error) {
	rooms := pick(l, 4_000, 400)
	r, err := l.startRoomkey(ctx, program, l.folder("rooms"))
	if err != nil {
		return nil, err
	}
	defer r.stop()
	create := load.CallTool("create_room", numberedName())
	if err := r.callTimes(ctx, create, rooms); err != nil {
		return nil, err
	}
	pause := pick(l, 10*time.Second, 2*time.Second)
	if _, err := r.idleMemory(ctx, pause); err != nil {
		return nil, err
	}
	began, used := time.Now(), r.cpu()
	memory, err := r.idleMemory(ctx, pause)
	if err != nil {
		return nil, err
	}
	share := 100 * float64(r.cpu()-used) / float64(time.Since(began))

	var joined atomic.Int64
	if err := r.callTimes(ctx, joinRoom(func() int64 { return joined.Add(1) }), rooms); err != nil {
		return nil, err
	}
	result, err := callers(load.Plan{
		Endpoint: r.endpoint, Message: joinRoom(func() int64 { return 1 + rand.Int64N(int64(rooms)) }),
		Conns: 16, Duration: pick(l, 10*time.Second, time.Second),
	})(ctx)
	if err != nil {
		return nil, err
	}
	peak, err := r.memory("VmHWM:")
	what := fmt.Sprintf("%d rooms that nobody has entered", rooms)
	return []row{
		{
			name: "idle memory, " + what, values: []float64{memory}, format: "%.0f MB", target: target{atMost: 100},
			note: fmt.Sprintf("resident after %v", 2*pause),
		},
		{
			name: "idle CPU, " + what, values: []float64{share}, format: "%.1f %%", target: target{atMost: 2},
			note: fmt.Sprintf("of one core, in %v", pause),
		},
		{
			name:   fmt.Sprintf("highest memory in joins of %d rooms, all joined before", rooms),
			values: []float64{peak}, format: "%.0f MB", target: target{atMost: 1200},
			note: fmt.Sprintf("%d joins in %v", result.Requests, result.Elapsed.Round(time.Second)),
		},
	}, err
}

// callTimes sends a message so often, on 16 connections.
func (r *roomkey) callTimes(ctx context.Context, m load.Message, times int) error {
	_, err := callers(load.Plan{Endpoint: r.endpoint, Message: m, Conns: 16, Requests: times})(ctx)
	return err
}

// joinRoom joins one of the rooms that numberedName has named.
func joinRoom(number func() int64) load.Message {
	return load.Post("/api/room/join", func(dst []byte) []byte {
		return fmt.Appendf(dst, `{"roomName":"bench-%012d"}`, number())
	}, "token")
}
