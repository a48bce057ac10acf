package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"roomkey/bench/load"
)

// variant is a way to run Roomkey, with the bounds of its figures.
type variant struct {
	name     string
	env      []string
	maxStart float64 // milliseconds
	maxIdle  float64 // MB
}

var variants = []variant{
	{name: "LiveKit inside", maxStart: 200, maxIdle: 50},
	{name: "LiveKit elsewhere", env: foreignLiveKit, maxStart: 40, maxIdle: 35},
}

// maxStop is how long a program may take to end, in milliseconds. The promise
// is for a program with calls under way; here it has none.
const maxStop = 10_000

// measureStart takes the time from the start of the program to its first
// answered tool call, tried every 2 ms, and from SIGTERM to its end. The data
// folder exists, as it does at every start but the first.
func measureStart(ctx context.Context, l *lab, program string) ([]row, error) {
	var rows []row
	for _, v := range variants {
		data := l.folder("start")
		var starts, stops []float64
		for round := range 1 + pick(l, 9, 3) {
			r, err := l.startRoomkey(ctx, program, data, v.env...)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", v.name, err)
			}
			asked := time.Now()
			r.stop()
			if round > 0 { // the first start makes the data folder
				starts = append(starts, milliseconds(r.ready))
				stops = append(stops, milliseconds(time.Since(asked)))
			}
		}
		rows = append(rows,
			medianRow("start to first tool call, "+v.name, starts, v.maxStart),
			medianRow("SIGTERM to exit, "+v.name, stops, maxStop))
	}
	return rows, nil
}

// medianRow is the median of times in milliseconds.
func medianRow(name string, times []float64, atMost float64) row {
	return row{
		name: name, values: []float64{load.Median(times)}, format: "%.0f ms", target: target{atMost: atMost},
		note: fmt.Sprintf("%.0f, median", times),
	}
}

// measureMemory reads the resident memory of a Roomkey that has answered one
// call and then has nothing to do: after 3 s, and again after a pause in which
// the runtime can give back what the start needed.
func measureMemory(ctx context.Context, l *lab, program string) ([]row, error) {
	pause := pick(l, 15*time.Second, 2*time.Second)
	var rows []row
	for _, v := range variants {
		r, err := l.startRoomkey(ctx, program, l.folder("memory"), v.env...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.name, err)
		}
		early, err := r.idleMemory(ctx, 3*time.Second)
		late := early
		if err == nil {
			late, err = r.idleMemory(ctx, pause)
		}
		own, _ := r.memory("RssAnon:")
		r.stop()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.name, err)
		}
		rows = append(rows, row{
			name: "idle memory, " + v.name, values: []float64{late}, format: "%.0f MB", target: target{atMost: v.maxIdle},
			note: fmt.Sprintf("resident after %v more, %.0f of it not pages of files; %.0f MB 3 s after the start",
				pause, own, early),
		})
	}
	return rows, nil
}

// idleMemory waits and then reads the resident memory in MB.
func (p *process) idleMemory(ctx context.Context, pause time.Duration) (float64, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(pause):
		return p.memory("VmRSS:")
	}
}

// What counts as flat. A session that stays behind costs about 10 KB and
// often a goroutine, so 10,000 of them are far above either bound.
const (
	flatMemory     = 24 // MB
	flatGoroutines = 8
)

// measureInitialize calls initialize very often, as clients of the legacy era
// do that never end their session, and measures what stays behind.
func measureInitialize(ctx context.Context, l *lab, program string) ([]row, error) {
	r, err := l.startRoomkey(ctx, program, l.folder("initialize"))
	if err != nil {
		return nil, err
	}
	defer r.stop()
	plan := load.Plan{Endpoint: r.endpoint, Message: load.Initialize(), Conns: 16, Requests: 20_000}
	plan.Endpoint.Era = load.Legacy

	// Roomkey gives memory back two seconds after its start. The first calls
	// after that let the heap grow to the size that this load needs. What
	// further calls add is what they leave behind.
	if _, err := r.idleMemory(ctx, 3*time.Second); err != nil {
		return nil, err
	}
	if _, err := callers(plan)(ctx); err != nil {
		return nil, err
	}
	memoryBefore, goroutinesBefore, err := r.footprint(ctx)
	if err != nil {
		return nil, err
	}
	plan.Requests = pick(l, 100_000, 10_000)
	result, err := callers(plan)(ctx)
	if err != nil {
		return nil, err
	}
	memory, goroutines, err := r.footprint(ctx)
	how := fmt.Sprintf("after %d initialize calls at %.0f/s", result.Requests, result.Rate())
	return []row{
		{
			name: "memory left by initialize", values: []float64{memory - memoryBefore}, format: "%.1f MB",
			target: target{atMost: flatMemory},
			note:   fmt.Sprintf("%.0f to %.0f MB resident %s", memoryBefore, memory, how),
		},
		{
			name: "goroutines left by initialize", values: []float64{goroutines - goroutinesBefore}, format: "%.0f",
			target: target{atMost: flatGoroutines},
			note:   fmt.Sprintf("%.0f to %.0f %s", goroutinesBefore, goroutines, how),
		},
	}, err
}

// footprint is the memory in MB and the goroutines that a server holds, after
// a pause in which closed connections end.
func (r *roomkey) footprint(ctx context.Context) (memory, goroutines float64, err error) {
	if memory, err = r.idleMemory(ctx, 2*time.Second); err != nil {
		return 0, 0, err
	}
	goroutines, err = readMetric(ctx, "http://"+r.endpoint.Addr+"/metrics", "go_goroutines")
	return memory, goroutines, err
}

// readMetric gives a gauge without labels from a page in Prometheus's text
// format.
func readMetric(ctx context.Context, url, name string) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	request.Close = true // a connection that stays open would be part of the figure
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(page)) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, errors.New("no " + name + " among the metrics, status " + response.Status)
}
