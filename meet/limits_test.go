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
	for i := range ledgerMemory {
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
// once a second.
func TestProbeIsShared(t *testing.T) {
	t.Parallel()
	var now atomic.Pointer[time.Time]
	set := func(at time.Time) { now.Store(&at) }
	set(time.Unix(1_790_000_000, 0))
	var pings atomic.Int32
	asked, answer := make(chan struct{}), make(chan error)
	p := probe{now: func() time.Time { return *now.Load() }, ping: func(context.Context) error {
		pings.Add(1)
		asked <- struct{}{}
		return <-answer
	}}
	down := errors.New("down")
	var all sync.WaitGroup
	var failures atomic.Int32
	check := func() {
		if err := p.check(t.Context()); errors.Is(err, down) {
			failures.Add(1)
		}
	}
	all.Go(check)
	<-asked
	for range 50 {
		all.Go(check)
	}
	answer <- down
	all.Wait()
	if pings.Load() != 1 || failures.Load() != 51 {
		t.Errorf("%d pings, %d were told of the failure; want 1 and 51", pings.Load(), failures.Load())
	}
	set(now.Load().Add(probeFor - time.Millisecond))
	check()
	if pings.Load() != 1 || failures.Load() != 52 {
		t.Errorf("within a second: %d pings, %d failures; want the same answer once more", pings.Load(), failures.Load())
	}
	set(now.Load().Add(time.Millisecond))
	all.Go(check)
	<-asked
	answer <- nil
	all.Wait()
	if pings.Load() != 2 || failures.Load() != 52 {
		t.Errorf("after a second: %d pings, %d failures; want to have asked anew", pings.Load(), failures.Load())
	}
}
