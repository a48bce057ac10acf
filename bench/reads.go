package main

import (
	"context"
	"fmt"

	"roomkey/bench/load"
)

// measureReads compares get_room_codes, which asks the database after an
// authorization, with servers that do nothing. Roomkey runs between the two
// peers in every round, so that it has either as a neighbour.
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
	id, err := r.createRoom(ctx, "bench-reads")
	if err != nil {
		return nil, err
	}

	var rows []row
	for _, era := range load.Eras {
		endpoint := r.endpoint
		endpoint.Era = era
		plan := throughput(l, endpoint, roomCodes(func() string { return id }))
		plan.Check, plan.ServerCPU = checkCodes, r.cpu

		runs, err := interleave(ctx, pick(l, 9, 3), mcpgo.echo(l, era), plan, gosdk.echo(l, era))
		if err != nil {
			return rows, fmt.Errorf("era %s: %w", era, err)
		}
		ours := medianRun(runs[1])
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
			})
	}
	return rows, nil
}
