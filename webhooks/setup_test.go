package webhooks

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/store"
	"roomkey/store/postgrestest"
	"roomkey/webhooks/webhooktest"
)

// clock is the time of a test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// set never goes back.
func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.After(c.now) {
		c.now = now
	}
}

// fixture is a database with endpoints, and senders on it.
type fixture struct {
	t     *testing.T
	db    *store.DB
	path  string // of a file, or a URL
	clock *clock

	hooks    *store.Webhooks // nil until beside
	mu       sync.Mutex
	outcomes map[Outcome]int
	waiting  map[string]time.Duration
}

func onBoth(t *testing.T, test func(f *fixture)) {
	t.Parallel()
	for name, path := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "roomkey.db") },
		"PostgreSQL": func(t *testing.T) string { return postgrestest.URL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(setup(t, path(t)))
		})
	}
}

func setup(t *testing.T, path string) *fixture {
	t.Helper()
	f := &fixture{t: t, path: path, clock: newClock(), outcomes: map[Outcome]int{}, waiting: map[string]time.Duration{}}
	var err error
	if store.IsURL(path) {
		f.db, err = store.OpenURL(t.Context(), path, store.Options{Pool: 4})
	} else {
		f.db, err = store.Open(t.Context(), path)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return f
}

// endpoints makes receivers the endpoints, with the ids "0", "1" and so on.
func (f *fixture) endpoints(receivers ...*webhooktest.Receiver) {
	f.t.Helper()
	var all []meet.WebhookEndpoint
	for i, r := range receivers {
		all = append(all, meet.WebhookEndpoint{ID: strconv.Itoa(i), URL: r.URL(), Secret: webhooktest.Secret,
			Configured: true, CreatedAt: f.clock.Now()})
	}
	if err := f.db.ConfigureWebhooks(f.t.Context(), all, f.clock.Now()); err != nil {
		f.t.Fatal(err)
	}
}

// sender gives one that does not run yet, and does not wait long.
func (f *fixture) sender(change ...func(*Config)) *Sender {
	c := Config{Store: f.db, AllowPrivate: true, Version: "test", Now: f.clock.Now, Log: slog.New(slog.DiscardHandler),
		Observe: func(o Outcome) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.outcomes[o]++
		},
		ObserveWaiting: func(waiting map[string]time.Duration) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.waiting = waiting
		}}
	for _, c2 := range change {
		c2(&c)
	}
	s := New(c)
	f.db.Subscribe(func(context.Context, meet.Event) { s.Wake() })
	return s
}

// run runs a sender until the test ends or stop is called.
func (f *fixture) run(s *Sender) (stop func()) {
	ctx, cancel := context.WithCancel(f.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := s.Run(ctx); err != nil {
			f.t.Errorf("Run: %v", err)
		}
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	f.t.Cleanup(stop)
	return stop
}

// happen writes an event in each of the rooms, in turn, and gives the ids of all events
// by room.
func (f *fixture) happen(n int, rooms ...string) {
	f.t.Helper()
	for range n {
		for _, room := range rooms {
			e := &meet.Event{At: f.clock.Now(), RoomID: room, RoomName: "name of " + room, AdminID: "ann", Actor: "ann",
				Action: meet.Kicked, Target: "eve_1", Outcome: meet.OutcomeOK, Caller: meet.Caller{Via: meet.ViaMCP},
				Details: map[string]string{"verified": "true", "user_id": "eve", "reason": "noise"}}
			if err := f.db.AddEvent(f.t.Context(), e); err != nil {
				f.t.Fatal(err)
			}
		}
	}
}

// all gives the ids of all events, oldest first.
func (f *fixture) all() (ids []string) {
	f.t.Helper()
	events, err := f.db.Events(f.t.Context(), meet.EventQuery{Limit: 10_000})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, e := range slices.Backward(events) {
		ids = append(ids, strconv.FormatInt(e.ID, 10))
	}
	return ids
}

// wait waits until a receiver has all events, and checks what was new to it: each once,
// those of a room in their order.
func (f *fixture) wait(r *webhooktest.Receiver) {
	f.t.Helper()
	f.until("all events to arrive", func() bool { return len(r.News()) >= len(f.all()) })
	var got []int64
	last := map[string]int64{}
	for _, m := range r.News() {
		id, err := strconv.ParseInt(m.ID, 10, 64)
		if err != nil || id <= last[m.Room()] {
			f.t.Errorf("event %q of %s came after %d", m.ID, m.Room(), last[m.Room()])
		}
		last[m.Room()] = id
		got = append(got, id)
	}
	slices.Sort(got)
	var texts []string
	for _, id := range got {
		texts = append(texts, strconv.FormatInt(id, 10))
	}
	if want := f.all(); !slices.Equal(texts, want) {
		f.t.Errorf("arrived: %v, want %v", texts, want)
	}
}

// until waits, for a long time if need be.
func (f *fixture) until(what string, ok func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); {
		if time.Now().After(deadline) {
			f.t.Fatalf("this did not happen within a minute: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// endpoint is as the database has it.
func (f *fixture) endpoint(id string) meet.WebhookEndpoint {
	f.t.Helper()
	endpoints, err := f.db.WebhookEndpoints(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	i := slices.IndexFunc(endpoints, func(e meet.WebhookEndpoint) bool { return e.ID == id })
	if i < 0 {
		f.t.Fatalf("there is no endpoint %s", id)
	}
	return endpoints[i]
}

// beside gives what commands work on.
func (f *fixture) beside() *store.Webhooks {
	f.t.Helper()
	if f.hooks != nil {
		return f.hooks
	}
	open := store.OpenWebhooks
	if store.IsURL(f.path) {
		open = store.OpenWebhooksURL
	}
	var err error
	if f.hooks, err = open(f.t.Context(), f.path); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = f.hooks.Close() })
	return f.hooks
}

func (f *fixture) deliveries(id string, state meet.WebhookState) []meet.DeliveryRecord {
	f.t.Helper()
	found, err := f.beside().Deliveries(f.t.Context(), meet.DeliveryQuery{EndpointID: id, State: state, Limit: 1000})
	if err != nil {
		f.t.Fatal(err)
	}
	return found
}
