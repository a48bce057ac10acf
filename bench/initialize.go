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

// What counts as flat. A session that stays behind costs about 10 KB and
// often a goroutine, so 10,000 of them are far above either bound.
const (
	flatMemory     = 24 // MB
	flatGoroutines = 8
)

// measureInitialize greets the server very often, as clients of the legacy era
// do that never say goodbye, and looks for what they leave behind.
func measureInitialize(ctx context.Context, l *lab) ([]row, error) {
	r, err := l.startRoomkey(ctx, "initialize")
	if err != nil {
		return nil, err
	}
	defer r.stop()
	plan := load.Plan{Endpoint: r.endpoint, Message: load.Initialize(), Conns: conns, Requests: 20_000}
	plan.Endpoint.Era = load.Legacy

	// Roomkey gives memory back two seconds after its start. The first calls
	// after that grow the heap to the size that this load needs; what further
	// ones add is what they leave behind.
	if _, _, err := r.idleMemory(ctx, 3*time.Second, 0); err != nil {
		return nil, err
	}
	if _, err := runClean(ctx, plan); err != nil {
		return nil, err
	}
	before, err := r.footprint(ctx)
	if err != nil {
		return nil, err
	}
	plan.Requests = pick(l, 100_000, 10_000)
	result, err := runClean(ctx, plan)
	if err != nil {
		return nil, err
	}
	after, err := r.footprint(ctx)
	if err != nil {
		return nil, err
	}
	how := fmt.Sprintf("after %d initialize calls at %.0f/s", result.Requests, result.Rate())
	return []row{
		{
			name: "memory left by initialize", value: after.memory - before.memory, format: "%.1f MB",
			target: target{below, flatMemory}, note: fmt.Sprintf("%.0f to %.0f MB resident %s", before.memory, after.memory, how),
		},
		{
			name: "goroutines left by initialize", value: after.goroutines - before.goroutines, format: "%.0f",
			target: target{below, flatGoroutines}, note: fmt.Sprintf("%.0f to %.0f %s", before.goroutines, after.goroutines, how),
		},
	}, nil
}

// footprint is what a server holds on to.
type footprint struct {
	memory     float64 // MB
	goroutines float64
}

// footprint is taken after a pause in which closed connections come to an end.
func (r *roomkey) footprint(ctx context.Context) (footprint, error) {
	var f footprint
	var err error
	if _, f.memory, err = r.idleMemory(ctx, 0, 2*time.Second); err != nil {
		return f, err
	}
	f.goroutines, err = readMetric(ctx, "http://"+r.endpoint.Addr+"/metrics", "go_goroutines")
	return f, err
}

// readMetric gives a gauge without labels from a page in Prometheus's text
// format.
func readMetric(ctx context.Context, url, name string) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	request.Close = true // a connection kept alive would be part of the figure
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
