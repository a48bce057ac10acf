package main

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// measurePage weighs what a browser that was never here loads from the opening
// of a join link until the call starts: nobody presses Join, and everything
// counts until nothing more comes, also what the page fetches for the call
// while the name is being typed.
func measurePage(ctx context.Context, l *lab) ([]row, error) {
	b, err := startBrowser(ctx)
	if err != nil {
		return nil, err
	}
	defer b.stop()
	r, err := l.startRoomkey(ctx, "page")
	if err != nil {
		return nil, err
	}
	defer r.stop()
	made, err := r.createRoom(ctx, "bench-page")
	if err != nil {
		return nil, err
	}
	v, err := b.openVisitor(ctx)
	if err != nil {
		return nil, err
	}
	defer v.close()

	var s scales
	if err := chromedp.Listen(v.ctx, s.see); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, roundPatience)
	defer cancel()
	if err := v.do(ctx, call(network.Enable, network.EnableParams{})); err != nil {
		return nil, err
	}
	if err := v.visit(ctx, r.joinURL(made.codes["guest"])); err != nil {
		return nil, err
	}
	if _, err := v.await(ctx, toldForm); err != nil {
		return nil, err
	}
	onForm, _ := s.weigh()
	if err := s.waitQuiet(ctx); err != nil {
		return nil, err
	}
	all, err := s.weigh()
	if err != nil {
		return nil, err
	}
	return []row{{
		name:   "page weight over the wire, before the call",
		value:  kilobytes(all.bytes),
		format: "%.1f kB",
		target: target{atMost, 350},
		note: fmt.Sprintf("%d answers with their headers, %.1f kB of it when the name was asked for; heaviest: %s",
			all.answers, kilobytes(onForm.bytes), all.heaviest),
	}}, nil
}

// quiet is how long nothing may come before all has come.
const quiet = time.Second

// kilobytes are of a thousand bytes.
func kilobytes(bytes float64) float64 { return bytes / 1000 }

// scales weigh what the browser loads, by the browser's own account of the
// bytes that came over the wire.
type scales struct {
	mu       sync.Mutex
	requests map[network.RequestID]*request
	changed  time.Time
}

// request is what is known about one.
type request struct {
	url    string
	status int64
	bytes  float64
	over   bool
	failed string
}

// see takes in an event of the browser.
func (s *scales) see(event any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "http") {
			return // of the browser's own memory: data: and blob:
		}
		if s.requests == nil {
			s.requests = make(map[network.RequestID]*request)
		}
		s.requests[e.RequestID] = &request{url: e.Request.URL}
	case *network.EventResponseReceived:
		if r := s.requests[e.RequestID]; r != nil {
			r.status = e.Response.Status
		}
	case *network.EventLoadingFinished:
		if r := s.requests[e.RequestID]; r != nil {
			r.bytes, r.over = e.EncodedDataLength, true
		}
	case *network.EventLoadingFailed:
		if r := s.requests[e.RequestID]; r != nil {
			r.failed, r.over = cmp.Or(e.ErrorText, "failed"), true
		}
	default:
		return
	}
	s.changed = time.Now()
}

// weight is what was on the scales.
type weight struct {
	bytes    float64
	answers  int
	heaviest string // names and kilobytes of some, heaviest first
}

// weigh gives the weight so far. It is an error if something has not come, or
// was not what was asked for: what is missing weighs nothing.
func (s *scales) weigh() (weight, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var w weight
	var err error
	var all []*request
	for _, r := range s.requests {
		if r.failed != "" || r.over && r.status != 200 || !r.over {
			err = fmt.Errorf("%s: status %d, over: %t %s", path.Base(r.url), r.status, r.over, r.failed)
		}
		w.bytes += r.bytes
		w.answers++
		all = append(all, r)
	}
	if w.answers == 0 {
		err = fmt.Errorf("nothing was loaded")
	}
	slices.SortFunc(all, func(a, b *request) int { return cmp.Compare(b.bytes, a.bytes) })
	for _, r := range all[:min(4, len(all))] {
		w.heaviest += fmt.Sprintf(", %s %.1f", path.Base(r.url), kilobytes(r.bytes))
	}
	w.heaviest = strings.TrimPrefix(w.heaviest, ", ")
	return w, err
}

// waitQuiet waits until every answer has come and nothing more is asked for.
func (s *scales) waitQuiet(ctx context.Context) error {
	for {
		left := s.untilQuiet(time.Now())
		if left <= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the page does not stop loading: %w", context.Cause(ctx))
		case <-time.After(left):
		}
	}
}

// untilQuiet is how long it has to be quiet yet.
func (s *scales) untilQuiet(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if !r.over {
			return quiet
		}
	}
	return s.changed.Add(quiet).Sub(now)
}
