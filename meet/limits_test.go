package meet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestRate(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	r := rate{now: func() time.Time { return now }, most: 10, window: time.Minute}
	for i := range 10 {
		if wait := r.take("a"); wait != 0 {
			t.Fatalf("call %d has to wait %v", i+1, wait)
		}
	}
	for range 2 { // one that is refused costs nothing
		if wait := r.take("a"); wait != 6*time.Second {
			t.Errorf("call 11 has to wait %v, want 6s", wait)
		}
	}
	if wait := r.take("b"); wait != 0 {
		t.Errorf("another caller has to wait %v", wait)
	}
	now = now.Add(6 * time.Second)
	if wait := r.take("a"); wait != 0 {
		t.Errorf("has to wait %v although it has waited", wait)
	}
	if wait := r.take("a"); wait != 6*time.Second {
		t.Errorf("has to wait %v after one more, want 6s", wait)
	}
	now = now.Add(time.Hour)
	for i := range 10 {
		if wait := r.take("a"); wait != 0 {
			t.Fatalf("an hour later call %d has to wait %v", i+1, wait)
		}
	}
	if wait := r.take("a"); wait == 0 {
		t.Error("an hour of silence gave more than is allowed at once")
	}
	unlimited := rate{now: r.now, window: time.Minute}
	for range 1000 {
		if wait := unlimited.take("a"); wait != 0 {
			t.Fatalf("no limit, and has to wait %v", wait)
		}
	}
}

func TestRateWithFullMemoryRefuses(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	r := rate{now: func() time.Time { return now }, most: 10, window: time.Minute}
	for i := range maxCounts {
		r.take(fmt.Sprint("flood ", i))
	}
	if wait := r.take("one more"); wait <= 0 {
		t.Error("a caller who cannot be remembered is let through")
	}
	if wait := r.take("flood 7"); wait != 0 {
		t.Errorf("one who is remembered has to wait %v", wait)
	}
	now = now.Add(time.Minute)
	if wait := r.take("one more"); wait != 0 {
		t.Errorf("a minute later still has to wait %v", wait)
	}
}

// However many ask at once, the media server is asked once, and no more than
// once a second as long as it answers.
func TestProbeIsShared(t *testing.T) {
	t.Parallel()
	var now atomic.Pointer[time.Time]
	set := func(at time.Time) { now.Store(&at) }
	set(time.Unix(1_790_000_000, 0))
	var pings, failures atomic.Int32
	asked, answer := make(chan struct{}), make(chan error)
	p := probe{now: func() time.Time { return *now.Load() }, ping: func(ctx context.Context) error {
		pings.Add(1)
		asked <- struct{}{}
		select {
		case err := <-answer:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	down := errors.New("down")
	var all sync.WaitGroup
	check := func() {
		if err := p.check(t.Context()); errors.Is(err, down) {
			failures.Add(1)
		} else if err != nil {
			t.Errorf("check: %v", err)
		}
	}
	want := func(when string, asked, failed int32) {
		t.Helper()
		if pings.Load() != asked || failures.Load() != failed {
			t.Errorf("%s: %d pings, %d were told of a failure; want %d and %d", when, pings.Load(), failures.Load(), asked,
				failed)
		}
	}
	together := func(err error) { // some may come when the answer is there
		all.Go(check)
		<-asked
		for range 50 {
			all.Go(check)
		}
		answer <- err
	}
	together(nil)
	all.Wait()
	want("answered", 1, 0)
	set(now.Load().Add(probeTTL - time.Millisecond))
	check()
	want("within a second", 1, 0)
	set(now.Load().Add(time.Millisecond))

	// Who asks may give up; another one asks in their place.
	ctx, giveUp := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	go func() { gaveUp <- p.check(ctx) }()
	<-asked
	all.Go(check)
	giveUp()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up is told %v", err)
	}
	<-asked
	answer <- down
	all.Wait()
	want("after a second", 3, 1)
	all.Go(check) // a failure is not remembered: it may answer again
	<-asked
	answer <- nil
	all.Wait()
	want("back again", 4, 1)
}
