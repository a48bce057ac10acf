package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"roomkey/bench/load"
)

const (
	oldEvents   = 10_000          // that become too old at the same moment
	keepEvents  = time.Hour       // how old events get here
	agesEvery   = 6 * time.Second // between two such moments
	sweepWithin = 2300 * time.Millisecond
	pause       = 500 * time.Millisecond // before each such moment
)

var forgettingRow = fmt.Sprintf("slowest join while %d old events are forgotten", oldEvents)

// measureForgetting is compareForgetting, without a figure on a machine that is too
// busy for it.
func measureForgetting(ctx context.Context, l *lab, program string) ([]row, error) {
	rows, err := compareForgetting(ctx, l, program)
	if errors.Is(err, errTooBusy) {
		return []row{{name: forgettingRow, note: err.Error()}}, nil
	}
	return rows, err
}

// compareForgetting compares the slowest of the joins that come while events
// are forgotten with the slowest of those just before. What holds the writer
// makes a join wait. The events grow too old while the program runs, so neither
// its start nor a writer from outside is part of the figure.
func compareForgetting(ctx context.Context, l *lab, program string) ([]row, error) {
	r, err := l.startRoomkey(ctx, program, l.folder("forgetting"))
	if err != nil {
		return nil, err
	}
	message, err := prepareJoins(ctx, l, r)
	r.stop()
	if err != nil {
		return nil, err
	}
	rounds := pick(l, 5, 2)
	first := time.Now().Add(agesEvery)
	if err := r.addOldEvents(ctx, first.Add(-keepEvents), rounds); err != nil {
		return nil, fmt.Errorf("add old events: %w", err)
	}
	guest := r.endpoint.Token
	r, err = l.startRoomkey(ctx, program, r.folder, "ROOMKEY_EVENTS_KEEP="+keepEvents.String())
	if err != nil {
		return nil, err
	}
	defer r.stop()
	r.endpoint.Token = guest
	joins := callers(load.Plan{Endpoint: r.endpoint, Message: message, Conns: 1, Duration: sweepWithin})

	var quiet, forgetting []float64
	for round := range rounds {
		moment := first.Add(time.Duration(round) * agesEvery)
		for _, part := range []struct {
			begin   time.Time
			slowest *[]float64
			left    int // groups of events that are not forgotten afterwards
		}{
			{moment.Add(-sweepWithin - pause), &quiet, rounds - round},
			{moment, &forgetting, rounds - round - 1},
		} {
			if err := sleepUntil(ctx, part.begin); err != nil {
				return nil, err
			}
			result, err := joins(ctx)
			if err != nil {
				return nil, err
			}
			*part.slowest = append(*part.slowest, milliseconds(result.Max))
			left, err := r.count(ctx, `SELECT count(*) FROM events WHERE id < 0`)
			if err != nil {
				return nil, err
			}
			if left != part.left*oldEvents {
				return nil, fmt.Errorf("%w: %d old events are left, want %d", errTooBusy, left, part.left*oldEvents)
			}
		}
	}
	return []row{{
		name:   forgettingRow,
		values: []float64{load.Median(forgetting)}, format: "%.0f ms", target: target{atMost: 30},
		note: fmt.Sprintf("%.0f, median; just before, nothing being forgotten: %.0f", forgetting, quiet),
	}}, nil
}

// errTooBusy says that calls took so long that the moments were missed at which
// something was to be measured.
var errTooBusy = errors.New("the machine is too busy")

// addOldEvents puts groups of events into the file of a stopped Roomkey, all of
// them copies of one that it has written. Those of the first group are from that
// time, each group is younger by agesEvery than the one before.
func (r *roomkey) addOldEvents(ctx context.Context, from time.Time, groups int) error {
	file, err := findDatabase(r.data)
	if err != nil {
		return err
	}
	db, err := openSQLite(file, "")
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `
		WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1 * $2)
		INSERT INTO events (id, at, room_id, room_name, admin_id, actor, via, client, kind, action, target, outcome,
			details, request_id)
		SELECT n.i - $1 * $2, $3 + n.i / $1 * $4, room_id, room_name, admin_id, actor, via, client, kind, action,
			target, outcome, details, request_id
		FROM n, events WHERE events.id = 1`, oldEvents, groups, from.UnixMilli(), agesEvery.Milliseconds())
	return err
}

// sleepUntil waits for a time that has not come yet.
func sleepUntil(ctx context.Context, t time.Time) error {
	left := time.Until(t)
	if left < 0 {
		return fmt.Errorf("%w: too late by %v", errTooBusy, -left)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(left):
		return nil
	}
}
