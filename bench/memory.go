package main

import (
	"context"
	"fmt"
	"time"
)

// measureMemory reads the resident memory of a roomkey that has answered one
// call and then has nothing to do: after 3 s, and once more after a pause in
// which the runtime may give back what the start needed.
func measureMemory(ctx context.Context, l *lab) ([]row, error) {
	pause := pick(l, 15*time.Second, 2*time.Second)
	var rows []row
	for i, v := range []struct {
		name  string
		env   []string
		bound float64
	}{
		{"LiveKit inside", nil, 110},
		{"LiveKit elsewhere", foreignLiveKit(), 45},
	} {
		r, err := l.startRoomkey(ctx, fmt.Sprintf("memory-%d", i), v.env...)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", v.name, err)
		}
		early, late, err := r.idleMemory(ctx, 3*time.Second, pause)
		r.stop()
		if err != nil {
			return rows, fmt.Errorf("%s: %w", v.name, err)
		}
		rows = append(rows, row{
			name:   "idle memory, " + v.name,
			value:  late,
			format: "%.0f MB",
			target: target{below, v.bound},
			note:   fmt.Sprintf("resident after %v more; %.0f MB 3 s after the start", pause, early),
		})
	}
	return rows, nil
}

// idleMemory waits and reads the resident memory, twice.
func (p *process) idleMemory(ctx context.Context, first, second time.Duration) (early, late float64, err error) {
	for i, read := range []*float64{&early, &late} {
		select {
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		case <-time.After([]time.Duration{first, second}[i]):
		}
		if *read, err = p.rss(); err != nil {
			return 0, 0, err
		}
	}
	return early, late, nil
}
