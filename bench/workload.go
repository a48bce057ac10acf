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
	conns   []int
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
	name string

	// start gets a plan of Roomkey's: what it is asked, and on how many connections.
	start func(context.Context, *lab, load.Plan) (contender, stopFunc, error)

	targets []target // of the ratio, one for each number of connections
}

const (
	rememberedRooms = 20_000  // with their codes, after each was asked for once
	manyRooms       = 200_000 // three quarters of the calls read a random one from the database
)

var workloads = []workload{
	{
		name: "reads", call: "get_room_codes", eras: load.Eras, conns: []int{16}, prepare: prepareReads,
		yardsticks: []yardstick{
			{"bare mcp-go echo", startEcho("mcpgo"), []target{{atLeast: 1.2}}},
			{"bare go-sdk echo", startEcho("gosdk"), []target{{atLeast: 2}}},
		},
	},
	{
		name: "random-reads", call: fmt.Sprintf("get_room_codes, random ones of %d rooms", rememberedRooms),
		eras: load.Eras, conns: []int{16}, rooms: rememberedRooms, prepare: prepareRandomReads(rememberedRooms),
		yardsticks: []yardstick{{"bare mcp-go echo", startEcho("mcpgo"), []target{{atLeast: 0.9}}}},
	},
	{
		name: "database-reads", call: fmt.Sprintf("get_room_codes, random ones of %d rooms", manyRooms),
		eras: []load.Era{load.Modern}, conns: []int{16}, rooms: manyRooms, prepare: prepareRandomReads(manyRooms),
		yardsticks: []yardstick{{"bare mcp-go echo", startEcho("mcpgo"), []target{{}}}},
	},
	{
		name: "creates", call: "create_room", eras: []load.Era{load.Modern}, conns: []int{8, 32},
		prepare: prepareCreates, committed: `SELECT count(*) FROM rooms`,
		yardsticks: []yardstick{{"single-row SQLite commits", startCommits, []target{{atLeast: 1}, {atLeast: 1}}}},
	},
	{
		name: "exchange", call: "exchange by code", eras: []load.Era{load.Legacy}, conns: []int{16},
		prepare: prepareExchange, committed: `SELECT sum(uses) FROM codes`, target: target{atLeast: 4000},
	},
	{
		name: "joins", call: "POST /api/room/join", eras: []load.Era{load.Legacy}, conns: []int{8, 32},
		prepare: prepareJoins, committed: `SELECT count(*) FROM joins`,
		yardsticks: []yardstick{{"bare net/http handler", startHandler, []target{{atLeast: 0.25}, {atLeast: 0.3}}}},
	},
	{
		name: "rest-creates", call: "POST /api/room/create", eras: []load.Era{load.Legacy}, conns: []int{8},
		prepare: prepareRESTCreates, committed: `SELECT count(*) FROM rooms`,
		yardsticks: []yardstick{{"single-row SQLite commits", startCommits, []target{{}}}},
	},
}

// prepareReads asks for the codes of one room again and again, which roomkey
// remembers.
func prepareReads(ctx context.Context, _ *lab, r *roomkey) (load.Message, error) {
	made, err := r.createRoom(ctx, "bench-reads")
	return getRoomCodes(func() string { return made.id }), err
}

// prepareRandomReads asks for the codes of random ones of the first n rooms.
func prepareRandomReads(n int) func(context.Context, *lab, *roomkey) (load.Message, error) {
	return func(_ context.Context, _ *lab, r *roomkey) (load.Message, error) { return r.readRandomRooms(n), nil }
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

// measure takes the rate of the workload and its ratios, in each era and on each
// number of connections.
func (w workload) measure(ctx context.Context, l *lab) ([]row, error) {
	var rows []row
	for _, era := range w.eras {
		for i := range w.conns {
			more, err := w.measureOne(ctx, l, era, i)
			if rows = append(rows, more...); err != nil {
				return rows, err
			}
		}
	}
	return rows, nil
}

func (w workload) measureOne(ctx context.Context, l *lab, era load.Era, conns int) ([]row, error) {
	var contenders []contender
	var servers []*roomkey
	var plans []load.Plan
	for i, program := range l.programs() {
		r, err := l.startWithRooms(ctx, program, fmt.Sprintf("%s-%s-%d-%d", w.name, era, w.conns[conns], i), w.rooms)
		if err != nil {
			return nil, err
		}
		defer r.stop()
		message, err := w.prepare(ctx, l, r)
		if err != nil {
			return nil, err
		}
		r.endpoint.Era = era
		plan := fullLoad(l, w.conns[conns], r.endpoint, message)
		plan.ServerCPU = r.cpu
		servers, plans, contenders = append(servers, r), append(plans, plan), append(contenders, callers(plan))
	}
	for _, y := range w.yardsticks {
		contend, stop, err := y.start(ctx, l, plans[0])
		if err != nil {
			return nil, fmt.Errorf("start %s: %w", y.name, err)
		}
		defer stop()
		contenders = append(contenders, contend)
	}
	var committed []int
	for _, r := range servers {
		n, err := w.countCommitted(ctx, r)
		if err != nil {
			return nil, err
		}
		committed = append(committed, n)
	}
	runs, err := interleave(ctx, pick(l, 7, 3), contenders...)
	if err != nil {
		return nil, err
	}
	for i, r := range servers {
		if err := w.checkCommitted(ctx, r, committed[i], runs[i]); err != nil {
			return nil, err
		}
	}
	return w.rows(era, conns, len(servers), runs), nil
}

// rows are the rate, its ratio to the program of before if there is one, and
// those to the yardsticks. runs has first the programs, then the yardsticks.
func (w workload) rows(era load.Era, conns, programs int, runs [][]load.Result) []row {
	call := w.call
	if len(w.eras) > 1 {
		call = fmt.Sprintf("%s, %s", call, era)
	}
	if len(w.conns) > 1 {
		call = fmt.Sprintf("%s, %d connections", call, w.conns[conns])
	}
	ours := runs[:programs]
	rate := row{name: call, format: "%.0f/s", target: w.target, note: describe(medianRun(ours[0]))}
	for _, run := range ours {
		rate.values = append(rate.values, medianRun(run).Rate())
	}
	rows := []row{rate}
	if programs > 1 {
		cpu := func(r load.Result) float64 { return float64(r.CPUPerRequest()) }
		rows = append(rows, row{
			name: call + " ÷ before", values: []float64{medianRatio(ours[0], ours[1], load.Result.Rate)},
			format: "%.2f", target: target{atLeast: 0.95}, note: "before: " + describe(medianRun(ours[1])),
		}, row{
			name: call + ", CPU/request ÷ before", values: []float64{medianRatio(ours[0], ours[1], cpu)},
			format: "%.2f", target: target{atMost: 1.05}, note: "other load on the machine changes this less than the rate",
		})
	}
	for i, y := range w.yardsticks {
		other := runs[programs+i]
		median := medianRun(other)
		ratio := row{
			name: call + " ÷ " + y.name, format: "%.2f", target: y.targets[conns],
			note: fmt.Sprintf("the latter %.0f/s", median.Rate()),
		}
		if median.P50 > 0 { // commits have no latency of their own
			ratio.note += ", " + describe(median)
		}
		for _, run := range ours {
			ratio.values = append(ratio.values, medianRatio(run, other, load.Result.Rate))
		}
		rows = append(rows, ratio)
	}
	return rows
}

// countCommitted looks into the file of the running roomkey. What another
// process sees there has been committed.
func (w workload) countCommitted(ctx context.Context, r *roomkey) (int, error) {
	if w.committed == "" {
		return 0, nil
	}
	return r.count(ctx, w.committed)
}

// checkCommitted compares with before, what was there before the runs: every
// answer must have left a row.
func (w workload) checkCommitted(ctx context.Context, r *roomkey, before int, runs []load.Result) error {
	if w.committed == "" {
		return nil
	}
	for _, run := range runs {
		before += run.Successes
	}
	got, err := w.countCommitted(ctx, r)
	if err == nil && got != before {
		err = fmt.Errorf("%s: got %d, want %d after all answers", w.committed, got, before)
	}
	return err
}
