package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"roomkey/bench/load"
)

// workload is a kind of call whose rate is measured, beside yardsticks.
type workload struct {
	name    string // for -only
	call    string // in the table
	eras    []load.Era
	conns   int
	rooms   int // copies of the first room in the database before the start
	prepare func(ctx context.Context, l *lab, r *roomkey) (load.Message, error)

	// committed is SQL that counts what the answers must have left in the
	// database, "" if they leave nothing. An answer may not come before its
	// commit.
	committed string

	target     target // of the rate
	yardsticks []yardstick
}

// yardstick is what the rate is divided by.
type yardstick struct {
	name   string
	start  func(context.Context, *lab, load.Era) (contender, stopFunc, error)
	target target // of the ratio
}

// manyRooms is more rooms than roomkey remembers (4,096), so that nearly every
// read of a random one goes to SQLite.
const manyRooms = 20_000

var workloads = []workload{
	{
		name: "reads", call: "get_room_codes", eras: load.Eras, conns: 16, prepare: prepareReads,
		yardsticks: []yardstick{
			{"bare mcp-go echo", startEcho("mcpgo"), target{atLeast, 0.8}},
			{"bare go-sdk echo", startEcho("gosdk"), target{atLeast, 2}},
		},
	},
	{
		name: "random-reads", call: fmt.Sprintf("get_room_codes, random ones of %d rooms", manyRooms),
		eras: load.Eras, conns: 16, rooms: manyRooms, prepare: prepareRandomReads,
		yardsticks: []yardstick{{"bare mcp-go echo", startEcho("mcpgo"), target{}}},
	},
	{
		name: "creates", call: "create_room", eras: []load.Era{load.Modern}, conns: 16, prepare: prepareCreates,
		committed:  `SELECT count(*) FROM rooms`,
		yardsticks: []yardstick{{"single-row SQLite commits", startCommits, target{atLeast, 1}}},
	},
	{
		name: "exchange", call: "exchange by code", eras: []load.Era{load.Legacy}, conns: 16, prepare: prepareExchange,
		committed: `SELECT sum(uses) FROM codes`, target: target{atLeast, 4000},
		yardsticks: []yardstick{{"bare mcp-go echo", startEcho("mcpgo"), target{}}},
	},
	{
		name: "joins", call: "POST /api/room/join", eras: []load.Era{load.Legacy}, conns: 8, prepare: prepareJoins,
		committed: `SELECT count(*) FROM joins`, target: target{atLeast, 5000},
		yardsticks: []yardstick{{"bare mcp-go echo", startEcho("mcpgo"), target{}}},
	},
	{
		name: "rest-creates", call: "POST /api/room/create", eras: []load.Era{load.Legacy}, conns: 8,
		prepare: prepareRESTCreates, committed: `SELECT count(*) FROM rooms`,
		yardsticks: []yardstick{{"single-row SQLite commits", startCommits, target{}}},
	},
}

// prepareReads asks for the codes of one room again and again, which roomkey
// remembers.
func prepareReads(ctx context.Context, _ *lab, r *roomkey) (load.Message, error) {
	made, err := r.createRoom(ctx, "bench-reads")
	return getRoomCodes(func() string { return made.id }), err
}

// prepareRandomReads asks for the codes of random rooms, which roomkey has to
// read from SQLite.
func prepareRandomReads(_ context.Context, _ *lab, r *roomkey) (load.Message, error) {
	return r.readRandomRooms(manyRooms), nil
}

// prepareCreates makes rooms of different names.
func prepareCreates(context.Context, *lab, *roomkey) (load.Message, error) {
	return load.CallTool("create_room", numberedName()), nil
}

// prepareRESTCreates makes rooms over the Rooms API. Their media rooms are
// left to the first join.
func prepareRESTCreates(context.Context, *lab, *roomkey) (load.Message, error) {
	return load.Post("/api/room/create", numberedName(), "id"), nil
}

// prepareExchange redeems one guest code again and again, as the people of one
// meeting do.
func prepareExchange(ctx context.Context, _ *lab, r *roomkey) (load.Message, error) {
	made, err := r.createRoom(ctx, "bench-exchange")
	r.endpoint.Token = "" // the exchange needs none
	body := fmt.Sprintf(`{"code":%q,"name":"Bench"}`, made.codes["guest"])
	return load.Post("/v2/token", load.Fixed(body), "token"), err
}

// prepareJoins lets a user who is not the room's admin join it by its name,
// again and again. Every join has a row with an identity of its own.
func prepareJoins(ctx context.Context, l *lab, r *roomkey) (load.Message, error) {
	const name = "bench-joins"
	if _, err := r.createRoom(ctx, name); err != nil {
		return load.Message{}, err
	}
	var err error
	r.endpoint.Token, err = l.accessToken(r.program, r.data, nil, "guest")
	return load.Post("/api/room/join", load.Fixed(fmt.Sprintf(`{"roomName":%q,"name":"Bench"}`, name)), "token"), err
}

// numberedName gives each call the name of a new room.
func numberedName() load.Args {
	var names atomic.Int64
	return func(dst []byte) []byte { return fmt.Appendf(dst, `{"name":"bench-%012d"}`, names.Add(1)) }
}

// getRoomCodes asks for the codes of the room whose id the function gives.
func getRoomCodes(id func() string) load.Message {
	return load.CallTool("get_room_codes", func(dst []byte) []byte {
		dst = append(dst, `{"room_id":"`...)
		dst = append(dst, id()...)
		return append(dst, `"}`...)
	})
}

// readRandomRooms asks for the codes of random ones of the first n copies of
// the room that [lab.startWithRooms] made.
func (r *roomkey) readRandomRooms(n int) load.Message {
	return getRoomCodes(func() string { return lookalike(r.copied, 1+rand.Int64N(int64(n))) })
}

// measure takes the rate of the workload and its ratios, in each era.
func (w workload) measure(ctx context.Context, l *lab) ([]row, error) {
	var rows []row
	for _, era := range w.eras {
		more, err := w.measureEra(ctx, l, era)
		if rows = append(rows, more...); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

func (w workload) measureEra(ctx context.Context, l *lab, era load.Era) ([]row, error) {
	var contenders []contender
	var servers []*roomkey
	for i, program := range l.programs() {
		r, err := l.startWithRooms(ctx, program, fmt.Sprintf("%s-%s-%d", w.name, era, i), w.rooms)
		if err != nil {
			return nil, err
		}
		defer r.stop()
		message, err := w.prepare(ctx, l, r)
		if err != nil {
			return nil, err
		}
		r.endpoint.Era = era
		plan := fullLoad(l, w.conns, r.endpoint, message)
		plan.ServerCPU = r.cpu
		servers, contenders = append(servers, r), append(contenders, callers(plan))
	}
	for _, y := range w.yardsticks {
		contend, stop, err := y.start(ctx, l, era)
		if err != nil {
			return nil, fmt.Errorf("start %s: %w", y.name, err)
		}
		defer stop()
		contenders = append(contenders, contend)
	}
	runs, err := interleave(ctx, pick(l, 9, 3), contenders...)
	if err != nil {
		return nil, err
	}
	if err := w.checkCommitted(ctx, servers[0], runs[0]); err != nil {
		return nil, err
	}
	return w.rows(era, l.before != "", runs), nil
}

// rows are the rate, its ratio to the program of before, and those to the
// yardsticks. runs has them in this order.
func (w workload) rows(era load.Era, before bool, runs [][]load.Result) []row {
	call := w.call
	if len(w.eras) > 1 {
		call = fmt.Sprintf("%s, %s", w.call, era)
	}
	ours, others := medianRun(runs[0]), runs[1:]
	ratio := func(name string, other []load.Result, t target) row {
		median := medianRun(other)
		note := fmt.Sprintf("%.0f/s ÷ %.0f/s", ours.Rate(), median.Rate())
		if median.P50 > 0 { // commits have no latency of their own
			note += ", the latter " + describe(median)
		}
		value := medianRatio(runs[0], other, load.Result.Rate)
		return row{name: call + " ÷ " + name, value: value, format: "%.2f", target: t, note: note}
	}
	rows := []row{{name: call, value: ours.Rate(), format: "%.0f/s", target: w.target, note: describe(ours)}}
	if before {
		cpu := func(r load.Result) float64 { return float64(r.CPUPerRequest()) }
		rows = append(rows, ratio("before", others[0], target{atLeast, 0.95}), row{
			name: call + ", CPU/request ÷ before", value: medianRatio(runs[0], others[0], cpu), format: "%.2f",
			target: target{atMost, 1.05}, note: "other load on the machine changes this less than the rate",
		})
		others = others[1:]
	}
	for i, y := range w.yardsticks {
		rows = append(rows, ratio(y.name, others[i], y.target))
	}
	return rows
}

// checkCommitted looks into the file of the running roomkey, where every
// answer must have left a row. What another process sees has been committed.
func (w workload) checkCommitted(ctx context.Context, r *roomkey, runs []load.Result) error {
	if w.committed == "" {
		return nil
	}
	answered := 0
	for _, run := range runs {
		answered += run.Successes
	}
	file, err := findDatabase(r.data)
	if err != nil {
		return err
	}
	db, err := openSQLite(file, "mode=ro")
	if err != nil {
		return err
	}
	defer db.Close()
	var got int
	if err := db.QueryRowContext(ctx, w.committed).Scan(&got); err != nil {
		return fmt.Errorf("%s: %w", w.committed, err)
	}
	if got != answered {
		return fmt.Errorf("%s: got %d after %d answers", w.committed, got, answered)
	}
	return nil
}
