package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"roomkey/bench/load"
)

// withPostgres gives a measurement of the present program a server of its own.
func withPostgres(measure func(context.Context, *lab, *postgres) ([]row, error)) func(
	context.Context, *lab) ([]row, error) {
	return func(ctx context.Context, l *lab) ([]row, error) {
		server, err := l.startPostgres(ctx)
		if errors.Is(err, errNoPostgres) {
			return []row{{name: "PostgreSQL", note: err.Error()}}, nil
		}
		if err != nil {
			return nil, err
		}
		defer server.stop()
		return measure(ctx, l, server)
	}
}

// compared are the workloads that are compared between databases.
func compared() (chosen []workload) {
	for _, w := range workloads {
		if w.name == "exchange" || w.name == "reads" || w.name == "database-reads" {
			chosen = append(chosen, w)
		}
	}
	return chosen
}

// measurePostgres compares a Roomkey on PostgreSQL with one on a file.
func measurePostgres(ctx context.Context, l *lab, server *postgres) ([]row, error) {
	var rows []row
	for _, w := range compared() {
		var contenders []contender
		var running []*roomkey
		for _, database := range []string{"postgres", "file"} {
			var env []string
			if database == "postgres" {
				var err error
				if env, err = server.environment(ctx); err != nil {
					return rows, err
				}
			}
			r, err := l.startWithRooms(ctx, l.program, l.folder(w.name+"-"+database), w.rooms, env...)
			if err != nil {
				return rows, err
			}
			defer r.stop()
			message, err := w.prepare(ctx, l, r)
			if err != nil {
				return rows, err
			}
			r.endpoint.Era = w.eras[0]
			running = append(running, r)
			contenders = append(contenders, callers(fullLoad(l, w.conns[0], r.endpoint, message)))
		}
		runs, err := w.held(ctx, l, running, contenders)
		if err != nil {
			return rows, err
		}
		rows = append(rows, ratioOf(w.call+", PostgreSQL ÷ SQLite", runs, target{atLeast: 0.5}))
	}
	return rows, nil
}

// held runs the contenders and holds what they have left in the database against
// their answers, where each Roomkey has a database and a contender of its own.
func (w workload) held(ctx context.Context, l *lab, running []*roomkey, contenders []contender) (
	[][]load.Result, error) {
	before := make([]int, len(running))
	for i, r := range running {
		var err error
		if before[i], err = w.countCommitted(ctx, r); err != nil {
			return nil, err
		}
	}
	runs, err := interleave(ctx, pick(l, 7, 3), contenders...)
	for i, r := range running {
		if err == nil {
			err = w.checkCommitted(ctx, r, before[i], runs[i])
		}
	}
	return runs, err
}

func ratioOf(name string, runs [][]load.Result, t target) row {
	over, under := medianRun(runs[0]), medianRun(runs[1])
	return row{name: name, values: []float64{medianRatio(runs[0], runs[1], load.Result.Rate)}, format: "%.2f", target: t,
		note: fmt.Sprintf("%.0f/s, p50 %.2f ms; the latter %.0f/s, p50 %.2f ms", over.Rate(), milliseconds(over.P50),
			under.Rate(), milliseconds(under.P50))}
}

// measureInstances asks two Roomkeys on one database with as many connections
// together as one of them alone.
func measureInstances(ctx context.Context, l *lab, server *postgres) ([]row, error) {
	media, addr, err := l.startLiveKit(ctx)
	if err != nil {
		return nil, err
	}
	defer media.stop()
	var rows []row
	for _, w := range compared() {
		if w.rooms > 0 {
			continue
		}
		env, err := server.environment(ctx)
		if err != nil {
			return rows, err
		}
		env = append(env, onLiveKit(addr)...)
		first, second, message, err := l.startTwo(ctx, w, env)
		if err != nil {
			return rows, err
		}
		defer first.stop()
		defer second.stop()
		half := w.conns[0] / 2
		runs, err := interleave(ctx, pick(l, 7, 3),
			together(callers(fullLoad(l, half, first.endpoint, message)),
				callers(fullLoad(l, half, second.endpoint, message))),
			callers(fullLoad(l, w.conns[0], first.endpoint, message)))
		if err != nil {
			return rows, err
		}
		rows = append(rows, ratioOf(w.call+", two instances ÷ one", runs, target{atLeast: 0.9}))
	}
	return rows, nil
}

// startTwo starts two Roomkeys on one database, and prepares a workload.
func (l *lab) startTwo(ctx context.Context, w workload, env []string) (
	first, second *roomkey, message load.Message, err error) {
	if first, err = l.startRoomkey(ctx, l.program, l.folder(w.name+"-first"), env...); err != nil {
		return nil, nil, message, err
	}
	if second, err = l.startRoomkey(ctx, l.program, l.folder(w.name+"-second"), env...); err != nil {
		first.stop()
		return nil, nil, message, err
	}
	if message, err = w.prepare(ctx, l, first); err != nil {
		first.stop()
		second.stop()
		return nil, nil, message, err
	}
	second.endpoint.Token = first.endpoint.Token
	first.endpoint.Era, second.endpoint.Era = w.eras[0], w.eras[0]
	return first, second, message, nil
}

// together lets two contenders run at the same time, and adds their requests.
func together(one, other contender) contender {
	return func(ctx context.Context) (load.Result, error) {
		var result load.Result
		var err error
		done := make(chan struct{})
		go func() {
			defer close(done)
			result, err = other(ctx)
		}()
		sum, failed := one(ctx)
		<-done
		sum.Requests += result.Requests
		sum.Elapsed = max(sum.Elapsed, result.Elapsed)
		sum.ClientCPU += result.ClientCPU
		return sum, errors.Join(failed, err)
	}
}

// measureIdleInstance counts what a Roomkey asks of the database while nobody asks
// it anything.
func measureIdleInstance(ctx context.Context, l *lab) ([]row, error) {
	server, err := l.startPostgres(ctx, "shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track=all")
	if errors.Is(err, errNoPostgres) {
		return []row{{name: "statements of an idle instance", note: err.Error()}}, nil
	}
	if err != nil {
		return nil, err
	}
	defer server.stop()
	env, err := server.environment(ctx)
	if err != nil {
		return nil, err
	}
	if err := execAt(ctx, urlIn(env), `CREATE EXTENSION pg_stat_statements`); err != nil {
		return nil, err
	}
	const instances = 2
	for range instances {
		r, err := l.startRoomkey(ctx, l.program, l.folder("idle-instance"), append(env, foreignLiveKit...)...)
		if err != nil {
			return nil, err
		}
		defer r.stop()
	}
	const asked = `SELECT CAST(SUM(calls) AS BIGINT) FROM pg_stat_statements`
	before, err := countAt(ctx, urlIn(env), asked)
	if err != nil {
		return nil, err
	}
	pause := pick(l, 30*time.Second, 10*time.Second)
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(pause):
	}
	after, err := countAt(ctx, urlIn(env), asked)
	return []row{{
		name: "statements of an idle instance", values: []float64{float64(after-before) / instances / pause.Seconds()},
		format: "%.1f/s", target: target{atMost: 2}, note: fmt.Sprintf("%d instances, in %v", instances, pause),
	}}, err
}

// measureMove moves a database of many rooms to PostgreSQL.
func measureMove(ctx context.Context, l *lab, server *postgres) ([]row, error) {
	rooms := pick(l, 100_000, 10_000)
	r, err := l.startWithRooms(ctx, l.program, l.folder("move"), rooms)
	if err != nil {
		return nil, err
	}
	r.stop()
	env, err := server.environment(ctx)
	if err != nil {
		return nil, err
	}
	cmd := command(l.program, r.data, nil, "move", "--from", filepath.Join(r.data, "roomkey.db"), "--to", urlIn(env))
	started := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("roomkey move: %w: %.500s", err, out)
	}
	took := time.Since(started)
	size, err := countAt(ctx, urlIn(env), `SELECT pg_database_size(current_database())`)
	return []row{{
		name:   fmt.Sprintf("roomkey move of %d rooms and %d codes to PostgreSQL", rooms, 3*rooms),
		values: []float64{took.Seconds()}, format: "%.1f s",
		note: fmt.Sprintf("%.0f rows/s, read again and compared; %.0f MB there", 4*float64(rooms)/took.Seconds(),
			float64(size)/1e6),
	}}, err
}
