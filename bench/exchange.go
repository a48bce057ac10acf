package main

import (
	"context"
	"encoding/json"
	"fmt"

	"roomkey/bench/load"
)

// measureExchange redeems one guest code again and again, as people do who
// come to one meeting, and compares it with an echo that does nothing. What is
// asked for is either of the two targets: the rate, or the ratio. No answer may
// come before its use of the code is on record: the code counts them all.
func measureExchange(ctx context.Context, l *lab) ([]row, error) {
	mcpgo, err := startPeer(ctx, l, "mcpgo")
	if err != nil {
		return nil, err
	}
	defer mcpgo.stop()
	r, err := l.startRoomkey(ctx, "exchange")
	if err != nil {
		return nil, err
	}
	defer r.stop()
	made, err := r.createRoom(ctx, "bench-exchange")
	if err != nil {
		return nil, err
	}
	code := made.codes["guest"]
	plan := throughput(l, load.Endpoint{Addr: r.endpoint.Addr}, exchange(code))
	plan.ServerCPU = r.cpu

	runs, err := interleave(ctx, pick(l, 9, 3), mcpgo.echo(l, load.Legacy), plan)
	if err != nil {
		return nil, err
	}
	answered := 0
	for _, run := range runs[1] {
		answered += run.Successes
	}
	if err := r.checkUses(ctx, made.id, code, answered); err != nil {
		return nil, err
	}
	ours, echo := medianRun(runs[1]), medianRun(runs[0])
	const either = "one of these two is asked for"
	return []row{
		{
			name: "exchange by code", value: ours.Rate(), format: "%.0f/s", target: target{atLeast, 4000},
			note: fmt.Sprintf("%s; %s; the code counts all %d", either, describe(ours), answered),
		},
		{
			name: "exchange by code ÷ bare mcp-go echo", value: medianRatio(runs[1], runs[0], load.Result.Rate), format: "%.2f",
			target: target{atLeast, 0.5}, note: fmt.Sprintf("%s; %.0f/s ÷ %.0f/s", either, ours.Rate(), echo.Rate()),
		},
	}, nil
}

// exchange redeems a room code for somebody without an access token. A token
// in the answer is what makes it a success.
func exchange(code string) load.Message {
	return load.Post("/v2/token", load.Fixed(fmt.Sprintf(`{"code":%q,"name":"Bench"}`, code)), "token")
}

// checkUses looks whether roomkey has counted so many uses of a room's code.
func (r *roomkey) checkUses(ctx context.Context, roomID, code string, want int) error {
	result, err := load.Do(ctx, r.endpoint, roomCodes(func() string { return roomID }))
	if err != nil {
		return fmt.Errorf("get_room_codes: %w", err)
	}
	uses, err := usesOf(code, result)
	if err == nil && uses != want {
		err = fmt.Errorf("%d exchanges were answered, and the code counts %d uses", want, uses)
	}
	return err
}

// usesOf finds the uses of a code in the result of get_room_codes.
func usesOf(code string, result json.RawMessage) (int, error) {
	var got struct {
		Content struct {
			Codes []struct {
				Code string `json:"code"`
				Uses *int   `json:"uses"`
			} `json:"codes"`
		} `json:"structuredContent"`
	}
	if err := json.Unmarshal(result, &got); err != nil {
		return 0, fmt.Errorf("not codes: %.300s", result)
	}
	for _, c := range got.Content.Codes {
		if c.Code == code && c.Uses != nil {
			return *c.Uses, nil
		}
	}
	return 0, fmt.Errorf("no uses of the code in %.300s", result)
}
