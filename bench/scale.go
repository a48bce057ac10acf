package main

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"roomkey/bench/load"
)

// fewRooms is the size that very many rooms are compared with.
const fewRooms = 1_000

// measureScale compares very many rooms with few, in a file.
func measureScale(ctx context.Context, l *lab) ([]row, error) {
	file := func(context.Context) ([]string, error) { return nil, nil }
	return l.compareSizes(ctx, l.programs(), file, "", target{atLeast: 0.8, atMost: 1.2})
}

// measureScaleOnPostgres is measureScale on PostgreSQL.
func measureScaleOnPostgres(ctx context.Context, l *lab, server *postgres) ([]row, error) {
	return l.compareSizes(ctx, []string{l.program}, server.environment, ", on PostgreSQL", target{atMost: 1.3})
}

// compareSizes asks for the codes of rooms that the program has not looked at before,
// with very many rooms of random ones, and with few of each of them once after a
// start. Then it exchanges codes of rooms for which neither the program nor LiveKit has done
// anything since their start. One connection at a time asks, so that the figure is the
// time in the program and not in a queue before it.
func (l *lab) compareSizes(ctx context.Context, programs []string, database func(context.Context) ([]string, error),
	where string, reads target) ([]row, error) {
	rooms := pick(l, 1_000_000, 20_000)
	var exchanges, lookups []contender
	var all []*roomkey
	for _, program := range programs {
		var sizes []*roomkey
		for _, n := range []int{fewRooms, rooms} {
			env, err := database(ctx)
			if err != nil {
				return nil, err
			}
			r, err := l.startWithRooms(ctx, program, l.folder("rooms"), n, env...)
			if err != nil {
				return nil, fmt.Errorf("with %d rooms: %w", n, err)
			}
			defer r.stop()
			sizes = append(sizes, r)
		}
		small, large := sizes[0], sizes[1]
		small.stop()
		all = append(all, large)
		exchanges = append(exchanges, l.exchangeOnceAfterStart(small, counted()),
			l.exchangeOnceAfterStart(large, random(rooms)))
		lookups = append(lookups, l.readOnceAfterStart(small), large.readSingly(large.readRandomRooms(rooms)))
	}
	sizes := fmt.Sprintf("p50%s, %d rooms ÷ %d rooms", where, rooms, fewRooms)
	lookup, err := l.ratioOfP50(ctx, "get_room_codes, not remembered, "+sizes, lookups, reads)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		r.stop()
	}
	exchange, err := l.ratioOfP50(ctx, "exchange by code, "+sizes, exchanges, target{atMost: 1.3})
	return []row{lookup, exchange}, err
}

// ratioOfP50 divides the second of each two contenders by the first.
func (l *lab) ratioOfP50(ctx context.Context, name string, contenders []contender, wanted target) (row, error) {
	runs, err := interleave(ctx, pick(l, 9, 3), contenders...)
	if err != nil {
		return row{}, err
	}
	p50 := func(r load.Result) float64 { return milliseconds(r.P50) }
	few, many := medianRun(runs[0]), medianRun(runs[1])
	ratio := row{name: name, format: "%.2f", target: wanted, note: fmt.Sprintf("%.3f ms ÷ %.3f ms; p99 %.2f and %.2f ms",
		p50(many), p50(few), milliseconds(many.P99), milliseconds(few.P99))}
	for i := 0; i < len(runs); i += 2 {
		ratio.values = append(ratio.values, medianRatio(runs[i+1], runs[i], p50))
	}
	return ratio, nil
}

// exchangeOnceAfterStart starts a stopped Roomkey and a LiveKit, and exchanges the guest
// codes of those copies of the first room whose numbers it is given. Beside a new LiveKit, a
// media room is made for each exchange, however many rooms there are.
func (l *lab) exchangeOnceAfterStart(stopped *roomkey, number func() int64) contender {
	return func(ctx context.Context) (load.Result, error) {
		media, liveKit, err := l.startLiveKit(ctx)
		if err != nil {
			return load.Result{}, err
		}
		defer media.stop()
		return l.started(stopped, onLiveKit(liveKit), func(r *roomkey) contender {
			endpoint := r.endpoint
			endpoint.Token = "" // the exchange needs none
			return r.atRest(callers(load.Plan{Endpoint: endpoint, Conns: 1, Requests: fewRooms,
				Message: load.Post("/v2/token", func(dst []byte) []byte {
					return fmt.Appendf(dst, `{"code":%q,"name":"Bench"}`, lookalike(r.copiedCode, number()))
				}, "token")}))
		})(ctx)
	}
}

// atRest has a contender begin when the Roomkey has nothing of its own to do any more: after
// a start it looks through the pages of its file, for seconds if that is large.
func (r *roomkey) atRest(measure contender) contender {
	return func(ctx context.Context) (load.Result, error) {
		for busy := true; busy; {
			before := r.cpu()
			select {
			case <-ctx.Done():
				return load.Result{}, ctx.Err()
			case <-time.After(time.Second):
			}
			busy = r.cpu()-before > time.Second/10
		}
		return measure(ctx)
	}
}

// counted gives the numbers of the few copies one after the other, and again.
func counted() func() int64 {
	var asked atomic.Int64
	return func() int64 { return 1 + (asked.Add(1)-1)%fewRooms }
}

// random gives random numbers of the first n copies.
func random(n int) func() int64 { return func() int64 { return 1 + rand.Int64N(int64(n)) } }

// readSingly asks on one connection. The room from which the others were copied
// warms the program up.
func (r *roomkey) readSingly(rooms load.Message) contender {
	warm := load.Plan{Endpoint: r.endpoint, Conns: 1, Requests: fewRooms,
		Message: getRoomCodes(func() string { return r.copied })}
	measured := warm
	measured.Message = rooms
	return r.atRest(func(ctx context.Context) (load.Result, error) {
		if _, err := callers(warm)(ctx); err != nil {
			return load.Result{}, err
		}
		return callers(measured)(ctx)
	})
}

// readOnceAfterStart starts a stopped Roomkey again and asks for each of its few
// rooms once.
func (l *lab) readOnceAfterStart(stopped *roomkey) contender {
	return l.started(stopped, foreignLiveKit, func(r *roomkey) contender {
		var asked atomic.Int64
		return r.readSingly(getRoomCodes(func() string { return lookalike(r.copied, asked.Add(1)) }))
	})
}

// started starts a stopped Roomkey again for each run of a contender.
func (l *lab) started(stopped *roomkey, env []string, of func(*roomkey) contender) contender {
	return func(ctx context.Context) (load.Result, error) {
		with := env
		if stopped.url != "" {
			with = append([]string{databaseURL + stopped.url, benchSecret}, env...)
		}
		r, err := l.startRoomkey(ctx, stopped.program, stopped.folder, with...)
		if err != nil {
			return load.Result{}, err
		}
		defer r.stop()
		r.copied, r.copiedCode = stopped.copied, stopped.copiedCode
		return of(r)(ctx)
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
	if r, err = l.startRoomkey(ctx, program, data, slices.Concat(foreignLiveKit, env)...); err != nil {
		return nil, err
	}
	r.copied, r.copiedCode = made.id, made.codes["guest"]
	return r, nil
}
