package webhooks

import (
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/store"
	"roomkey/webhooks/webhooktest"
)

// A sender that is stopped while the endpoint is at work loses nothing. What the
// endpoint has taken by then it gets again under the same id, before anything newer.
func TestStoppedInTheMiddle(t *testing.T) {
	onBoth(t, func(f *fixture) {
		r := webhooktest.Start(f.t)
		r.Answer(r.HangAndTake)
		f.endpoints(r)
		stop := f.run(f.sender())
		f.happen(3, "a", "b")
		f.until("both rooms to be under way", func() bool { return len(r.Arrived()) == 2 })
		stop()
		if n := f.outcomes[Retried]; n != 0 {
			f.t.Errorf("%d attempts that were broken off counted", n)
		}
		f.until("the endpoint to notice", func() bool { return len(r.News()) == 2 })
		r.Answer(webhooktest.Take)
		f.happen(2, "a", "b") // nobody is there to be woken
		f.run(f.sender())
		f.wait(r)
		if n := len(r.Arrived()); n != 12 {
			f.t.Errorf("%d messages arrived, want 10 and the first of each room once more", n)
		}
	})
}

// Two senders at once, as when a lease has gone to another instance while this one was
// paused, send things twice, but never as new and never out of order.
func TestTwoSenders(t *testing.T) {
	onBoth(t, func(f *fixture) {
		r := webhooktest.Start(f.t)
		f.endpoints(r)
		for range 2 {
			f.run(f.sender())
		}
		f.happen(20, "a", "b", "c")
		f.wait(r)
	})
}

// Where nobody sends, what happens is not lost, and a command that adds an endpoint or
// repeats what was is heard by the sender that runs.
func TestCommandsBesideTheSender(t *testing.T) {
	onBoth(t, func(f *fixture) {
		r, added := webhooktest.Start(f.t), webhooktest.Start(f.t)
		f.happen(2, "before")
		s := f.sender()
		f.run(s)
		hooks := f.beside()
		e := newEndpoint(added.URL(), f.clock.Now())
		added.VerifyWith(e.Secret)
		if err := hooks.Add(f.t.Context(), e, 1); err != nil {
			f.t.Fatal(err)
		}
		if err := hooks.Add(f.t.Context(), newEndpoint(r.URL(), f.clock.Now()), 1); err == nil {
			f.t.Error("an endpoint too many was added")
		}
		f.happen(2, "after")
		f.until("what happens from then on", func() bool { return len(added.News()) == 2 })
		f.until("it to be recorded", func() bool { return len(f.deliveries(e.ID, meet.WebhookDelivered)) == 2 })
		n, err := hooks.Replay(f.t.Context(), e.ID, store.Replay{Since: f.clock.Now()}, f.clock.Now())
		if err != nil || n != 4 {
			f.t.Errorf("Replay: %d, %v; want all 4", n, err)
		}
		s.Wake() // it would look by itself within some seconds, as it has found the endpoint
		f.until("what was before", func() bool { return len(added.News()) == 4 })
		f.until("what was delivered, again", func() bool { return len(added.Arrived()) == 6 })
		if n, err = hooks.Replay(f.t.Context(), e.ID, store.Replay{EventID: 1}, f.clock.Now()); err != nil || n != 1 {
			f.t.Errorf("Replay of one: %d, %v; want 1", n, err)
		}
		s.Wake()
		f.until("one more", func() bool { return len(added.Arrived()) == 7 })
		if n, err = hooks.Replay(f.t.Context(), e.ID, store.Replay{EventID: 99}, f.clock.Now()); err != nil || n != 0 {
			f.t.Errorf("Replay of none: %d, %v; want 0", n, err)
		}
		later := store.Replay{Since: f.clock.Now().Add(time.Minute)}
		if n, err = hooks.Replay(f.t.Context(), e.ID, later, f.clock.Now()); err != nil || n != 0 {
			f.t.Errorf("Replay of what is yet to happen: %d, %v; want 0", n, err)
		}
		if err := hooks.Remove(f.t.Context(), e.ID, f.clock.Now()); err != nil {
			f.t.Error(err)
		}
		f.happen(1, "later")
		if endpoints, err := hooks.List(f.t.Context()); err != nil || len(endpoints) != 0 {
			f.t.Errorf("List: %+v, %v; want none", endpoints, err)
		}
		if _, err = hooks.Replay(f.t.Context(), e.ID, store.Replay{EventID: 1}, f.clock.Now()); err == nil {
			f.t.Error("events were repeated for an endpoint that was removed")
		}
		if n := len(added.Arrived()); n != 7 {
			f.t.Errorf("%d messages arrived, want none after the removal", n)
		}
	})
}

// A database that cannot be written to for a while makes no message arrive again and
// again.
func TestNothingIsSentUntilItIsRecorded(t *testing.T) {
	onBoth(t, func(f *fixture) {
		r := webhooktest.Start(f.t)
		f.endpoints(r)
		broken := &forgetful{WebhookStore: f.db}
		broken.failing.Store(true)
		f.run(f.sender(func(c *Config) { c.Store = broken }))
		f.happen(2, "a")
		f.until("three attempts to record", func() bool { return broken.tried.Load() >= 3 })
		if n := len(r.Arrived()); n != 1 {
			f.t.Errorf("%d messages arrived, want the first alone", n)
		}
		broken.failing.Store(false)
		f.wait(r)
		f.until("both to be recorded", func() bool { return f.endpoint("0").Rooms == 0 })
	})
}

// The waiting time of the oldest event is told.
func TestWaitingIsObserved(t *testing.T) {
	onBoth(t, func(f *fixture) {
		r := webhooktest.Start(f.t)
		r.Answer(webhooktest.Status(500))
		f.endpoints(r)
		s := f.sender()
		f.run(s)
		f.happen(1, "a")
		f.until("an attempt", func() bool { return len(r.Arrived()) == 1 })
		f.clock.set(f.clock.Now().Add(4 * time.Second))
		waits := func(want time.Duration) func() bool {
			return func() bool {
				s.Wake()
				f.mu.Lock()
				defer f.mu.Unlock()
				return f.waiting["0"] == want
			}
		}
		f.until("four seconds", waits(4*time.Second))
		r.Answer(webhooktest.Take)
		f.clock.set(f.clock.Now().Add(time.Minute))
		f.until("nothing", waits(0))
		f.endpoints()
		f.until("the removed endpoint not to be told of", func() bool {
			s.Wake()
			f.mu.Lock()
			defer f.mu.Unlock()
			return len(f.waiting) == 0
		})
	})
}
