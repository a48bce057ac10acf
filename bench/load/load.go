// Package load puts an MCP server, or another one that takes JSON, under load
// and says how it took it.
//
// It is a closed loop: every connection sends its next request when the last
// one has been answered. Generator and server share one machine here, so the
// generator is frugal: requests are written to the socket as prepared bytes,
// and answers are read into memory that is used again. It refuses to know the
// servers' libraries: the protocol is spelled out in request.go, as a client in
// any language would.
package load

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Plan says what to send where and for how long.
type Plan struct {
	Endpoint Endpoint
	Message  Message

	// Conns is the number of keep-alive connections.
	Conns int

	// Warmup comes before Duration and does not count.
	Warmup, Duration time.Duration

	// Requests ends the run after so many of them, all counted; the two
	// durations are ignored then.
	Requests int

	// Check looks at the result in the first answer of every connection, which
	// is already known to be a success. It may be nil.
	Check func(result json.RawMessage) error

	// ServerCPU reads the server's CPU clock, to learn what a request costs
	// the server. It may be nil.
	ServerCPU func() time.Duration
}

// Run carries out a plan. Answers that are errors are counted in the result.
// An error of Run means that there is no result: the server could not be
// reached, broke off, or failed the check of a first answer.
func Run(ctx context.Context, p Plan) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	workers := make([]*worker, p.Conns)
	for i := range workers {
		conn, err := dial(ctx, p.Endpoint, p.Message, i+1)
		if err != nil {
			return Result{}, err
		}
		defer conn.close()
		workers[i] = newWorker(conn, p)
	}

	span := newSpan(p)
	var group sync.WaitGroup
	for _, w := range workers {
		group.Go(func() {
			if err := w.loop(ctx, span); err != nil {
				cancel(err) // fewer connections would be another measurement
			}
		})
	}
	sleep(ctx, time.Until(span.begin))
	client, server := clientCPU(), p.serverCPU()
	group.Wait()
	client, server = clientCPU()-client, p.serverCPU()-server

	if err := context.Cause(ctx); err != nil {
		return Result{}, err
	}
	result := summarize(workers, span.begin)
	result.ClientCPU, result.ServerCPU = client, server
	return result, nil
}

// span is when a run counts and when it is over, by the clock or by number.
type span struct {
	begin, end time.Time // end is zero if requests are numbered
	left       *atomic.Int64
}

func newSpan(p Plan) span {
	if p.Requests > 0 {
		left := new(atomic.Int64)
		left.Store(int64(p.Requests))
		return span{begin: time.Now(), left: left}
	}
	begin := time.Now().Add(p.Warmup)
	return span{begin: begin, end: begin.Add(p.Duration)}
}

// over reports whether no further request may start at now.
func (s span) over(now time.Time) bool {
	if s.left != nil {
		return s.left.Add(-1) < 0
	}
	return !now.Before(s.end)
}

// worker keeps one connection busy.
type worker struct {
	conn      *conn
	check     func(json.RawMessage) error
	latencies []time.Duration
	successes int
	failures  int
	example   string
	last      time.Time // when the last answer came
}

// newWorker reserves room for the latencies of all requests, or of 50,000 a
// second, so that a run does not stop to grow it.
func newWorker(c *conn, p Plan) *worker {
	room := p.Requests
	if room == 0 {
		room = int(p.Duration.Seconds() * 50_000)
	}
	return &worker{conn: c, check: p.Check, latencies: make([]time.Duration, 0, room)}
}

// loop sends one request after the other until the span is over.
func (w *worker) loop(ctx context.Context, s span) error {
	defer context.AfterFunc(ctx, w.conn.interrupt)()

	first := true
	for now := time.Now(); !s.over(now); {
		resp, err := w.conn.roundTrip()
		if err != nil {
			return err
		}
		if first {
			if err := w.checkFirst(resp); err != nil {
				return err
			}
			first = false
		}
		started := now
		now = time.Now()
		if !w.conn.message.succeeded(resp) {
			w.fail(fmt.Sprintf("status %d: %.300s", resp.status, resp.body))
			continue
		}
		w.successes++
		if !started.Before(s.begin) {
			w.latencies = append(w.latencies, now.Sub(started))
		}
	}
	w.last = time.Now()
	return nil
}

func (w *worker) checkFirst(resp response) error {
	result, err := w.conn.message.result(resp)
	if err == nil && w.check != nil {
		err = w.check(result)
	}
	if err != nil {
		return fmt.Errorf("first answer: %w", err)
	}
	return nil
}

func (w *worker) fail(example string) {
	if w.failures++; w.failures == 1 {
		w.example = example
	}
}

func (p Plan) serverCPU() time.Duration {
	if p.ServerCPU == nil {
		return 0
	}
	return p.ServerCPU()
}

// clientCPU is the CPU time of this process, user and system.
func clientCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
