package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"roomkey/bench/load"
)

// manyRooms is more rooms than roomkey remembers (4,096), so that nearly every
// read of a random one goes to SQLite.
const manyRooms = 20_000

// measureReads compares get_room_codes, after token check and authorization,
// with servers that do nothing: once asking for one room again and again, which
// roomkey remembers, and once for random ones of many, which it has to read
// from SQLite. Roomkey runs between the two peers in every round, so that it
// has either as a neighbour.
func measureReads(ctx context.Context, l *lab) ([]row, error) {
	mcpgo, gosdk, stop, err := startPeers(ctx, l)
	if err != nil {
		return nil, err
	}
	defer stop()
	r, err := l.startRoomkey(ctx, "reads")
	if err != nil {
		return nil, err
	}
	defer r.stop()
	made, err := r.createRoom(ctx, "bench-reads")
	if err != nil {
		return nil, err
	}

	many, template, err := l.startFull(ctx, "reads-many", manyRooms)
	if err != nil {
		return nil, err
	}
	defer many.stop()

	var rows []row
	for _, era := range load.Eras {
		endpoint := r.endpoint
		endpoint.Era = era
		plan := throughput(l, endpoint, roomCodes(func() string { return made.id }))
		plan.Check, plan.ServerCPU = checkCodes, r.cpu

		endpoint = many.endpoint
		endpoint.Era = era
		cold := throughput(l, endpoint, roomCodes(func() string { return lookalike(template, 1+rand.Int64N(manyRooms)) }))
		cold.Check, cold.ServerCPU = checkCodes, many.cpu

		runs, err := interleave(ctx, pick(l, 9, 3), mcpgo.echo(l, era), plan, gosdk.echo(l, era), cold)
		if err != nil {
			return rows, fmt.Errorf("era %s: %w", era, err)
		}
		ours, fromDisk := medianRun(runs[1]), medianRun(runs[3])
		rows = append(rows,
			row{
				name:   fmt.Sprintf("get_room_codes ÷ bare mcp-go echo, %s", era),
				value:  medianRatio(runs[1], runs[0], load.Result.Rate),
				format: "%.2f",
				target: target{atLeast, 0.8},
				note:   fmt.Sprintf("%.0f/s ÷ %.0f/s; %s", ours.Rate(), medianRun(runs[0]).Rate(), describe(ours)),
			},
			row{
				name:   fmt.Sprintf("get_room_codes ÷ bare go-sdk echo, %s", era),
				value:  medianRatio(runs[1], runs[2], load.Result.Rate),
				format: "%.2f",
				target: target{atLeast, 2},
				note:   fmt.Sprintf("%.0f/s ÷ %.0f/s", ours.Rate(), medianRun(runs[2]).Rate()),
			},
			row{
				name:   fmt.Sprintf("the same, random ones of %d rooms ÷ bare mcp-go echo, %s", manyRooms, era),
				value:  medianRatio(runs[3], runs[0], load.Result.Rate),
				format: "%.2f",
				note:   fmt.Sprintf("%.0f/s; %s", fromDisk.Rate(), describe(fromDisk)),
			})
	}
	return rows, nil
}
