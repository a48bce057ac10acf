// Package webhooks tells events to programs elsewhere, after the Standard Webhooks
// specification: signed POST requests, again and again until they are taken, for three
// days. The audit trail is its outbox: what is told was committed, and what was
// committed is told. The events of a room reach an endpoint in their order; one that is
// slow, or gives no answer, holds up nothing but its own.
//
// It refuses to know how events come about, and who may add endpoints.
package webhooks

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"roomkey/meet"
)

// Bounds on what webhooks cost.
const (
	MaxEndpoints = 50

	requestsAtOnce = 8   // to one endpoint
	eventsAtOnce   = 250 // that one transaction takes
)

// How often the database is asked for what nobody has announced: what a command or
// another instance has changed, and attempts that are due.
const (
	pollPending = time.Second
	pollIdle    = 5 * time.Second
	pollNone    = 10 * time.Second // while there are no endpoints

	// gather lets events that come together be taken together.
	gather = 20 * time.Millisecond
)

// Outcome is how an attempt went, for metrics.
type Outcome string

// The outcomes of attempts.
const (
	Delivered Outcome = "delivered"
	Retried   Outcome = "retried" // failed, and is made again
	Failed    Outcome = "failed"  // failed for the last time
)

// Outcomes are all of them.
var Outcomes = []Outcome{Delivered, Retried, Failed}

// Config is what a [Sender] needs.
type Config struct {
	Store        meet.WebhookStore
	AllowPrivate bool   // also http, and addresses that are not public
	Version      string // of the program, for the receivers
	Now          func() time.Time
	Log          *slog.Logger

	// Observe is told of each attempt, and ObserveWaiting of all endpoints by their ids:
	// for how long the oldest event that one has not taken has been waiting, 0 if there is
	// none.
	Observe        func(Outcome)
	ObserveWaiting func(map[string]time.Duration)
}

// Sender delivers what is pending. One of all instances should run at a time: two of
// them do no harm but tell things twice, with the same ids.
type Sender struct {
	Config
	client *Client
	wake   chan struct{}

	any bool // there were endpoints in the last round

	mu   sync.Mutex
	busy map[turn]bool // deliveries that are being attempted
}

// turn is the one delivery of a room to an endpoint that may be under way.
type turn struct{ endpointID, roomID string }

// New makes a sender.
func New(c Config) *Sender {
	return &Sender{Config: c, client: NewClient(c.AllowPrivate, c.Version), wake: make(chan struct{}, 1),
		busy: map[turn]bool{}}
}

// Wake has the sender look for what is new. It never blocks.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run delivers until ctx ends, and until the attempts that are under way have ended:
// they are broken off, and made again by the next sender.
func (s *Sender) Run(ctx context.Context) error {
	var attempts sync.WaitGroup
	defer attempts.Wait()
	for ctx.Err() == nil {
		pending, err := s.round(ctx, &attempts)
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("webhooks cannot be read and will be tried again", "err", err)
		}
		pause, wake := pollIdle, s.wake
		switch {
		case err != nil:
			wake = nil // not as fast as events come
		case pending:
			pause = pollPending
		case !s.any:
			pause, wake = pollNone, nil // most roomkeys have no endpoints, and events cost them nothing
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		case <-wake:
			select {
			case <-ctx.Done():
			case <-time.After(gather):
			}
		}
	}
	return nil
}

// round takes in new events, and begins what is due. It says whether something is
// pending.
func (s *Sender) round(ctx context.Context, attempts *sync.WaitGroup) (pending bool, err error) {
	endpoints, err := s.endpoints(ctx)
	if err != nil {
		return false, err
	}
	now, waiting := s.Now(), map[string]time.Duration{}
	for _, e := range endpoints {
		waiting[e.ID] = 0
		if e.Rooms > 0 {
			pending, waiting[e.ID] = true, max(now.Sub(e.Since), 0)
		}
	}
	s.ObserveWaiting(waiting)
	for _, e := range endpoints {
		if e.Rooms == 0 || e.NextAt.After(now) {
			continue
		}
		if err := s.begin(ctx, attempts, e, now); err != nil {
			return pending, err
		}
	}
	return pending, nil
}

// endpoints gives the endpoints once new events are taken in. Where there are none, it
// costs one statement.
func (s *Sender) endpoints(ctx context.Context) ([]meet.WebhookEndpoint, error) {
	if !s.any {
		endpoints, err := s.Store.WebhookEndpoints(ctx)
		if err != nil || len(endpoints) == 0 {
			return nil, err
		}
	}
	for more := true; more; {
		var err error
		if more, err = s.Store.TakeWebhookEvents(ctx, s.Now(), eventsAtOnce); err != nil {
			return nil, err
		}
	}
	endpoints, err := s.Store.WebhookEndpoints(ctx)
	s.any = len(endpoints) > 0
	return endpoints, err
}

// begin begins the deliveries to an endpoint that are due, as many as may be under way.
func (s *Sender) begin(ctx context.Context, attempts *sync.WaitGroup, e meet.WebhookEndpoint, now time.Time) error {
	// One that ends while the database is read may be listed although it is done; the
	// next round looks again.
	before := s.underWay(e.ID)
	if len(before) >= requestsAtOnce {
		return nil
	}
	due, err := s.Store.DueWebhooks(ctx, e.ID, now, requestsAtOnce) // with those that are under way
	if err != nil {
		return err
	}
	begun := 0
	for _, d := range due {
		t := turn{d.EndpointID, d.RoomID}
		if before[t] || len(before)+begun >= requestsAtOnce {
			continue
		}
		begun++
		s.enter(t)
		attempts.Go(func() {
			defer s.Wake()
			defer s.leave(t)
			s.attempt(ctx, e, d)
		})
	}
	return nil
}

// underWay gives what is under way to an endpoint. Only the caller of begin adds to it.
func (s *Sender) underWay(endpointID string) map[turn]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	under := maps.Clone(s.busy)
	maps.DeleteFunc(under, func(t turn, _ bool) bool { return t.endpointID != endpointID })
	return under
}

func (s *Sender) enter(t turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy[t] = true
}

func (s *Sender) leave(t turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, t)
}

// finishWithin is how long it may take to record an attempt, also after the sender was
// told to stop.
const finishWithin = 3 * time.Second

// attempt delivers once and records how it went. What was broken off because the
// sender stops does not count.
func (s *Sender) attempt(ctx context.Context, e meet.WebhookEndpoint, d meet.WebhookDelivery) {
	a := meet.WebhookAttempt{EndpointID: d.EndpointID, EventID: d.EventID, RoomID: d.RoomID, State: meet.WebhookFailed,
		Problem: "the event was deleted before it could be delivered (events.keep)", At: s.Now()}
	if d.Event.ID != 0 {
		r := s.client.Send(ctx, e, MessageOf(d.Event), s.Now())
		if !r.OK() && ctx.Err() != nil {
			return
		}
		a.At, a.Status, a.Problem = s.Now(), r.Status, r.Problem
		if r.OK() {
			a.State = meet.WebhookDelivered
		} else if a.NextAt = nextAttempt(d, a.At, r.RetryAfter); !a.NextAt.IsZero() {
			a.State = meet.WebhookPending
		}
	}
	s.tell(e, d, a)
	s.finish(ctx, a)
}

// finish records an attempt. Until that succeeds nothing else of the room is sent to the
// endpoint; where the sender stops before, the message is sent again.
func (s *Sender) finish(ctx context.Context, a meet.WebhookAttempt) {
	for {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
		err := s.Store.FinishWebhook(within, a)
		cancel()
		if err == nil {
			return
		}
		s.Log.Warn("it could not be recorded how a webhook went", "endpoint", a.EndpointID, "event_id", a.EventID,
			"err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pollPending):
		}
	}
}

// tell tells log and metrics of an attempt. The log names no URL: it may hold a secret.
func (s *Sender) tell(e meet.WebhookEndpoint, d meet.WebhookDelivery, a meet.WebhookAttempt) {
	outcome, level := Delivered, slog.LevelDebug
	switch a.State {
	case meet.WebhookFailed:
		outcome, level = Failed, slog.LevelError
	case meet.WebhookPending:
		outcome = Retried
		if d.Attempts == 0 {
			level = slog.LevelWarn
		}
	}
	s.Observe(outcome)
	s.Log.Log(context.Background(), level, "webhook "+string(outcome), "endpoint", e.ID, "event_id", d.EventID,
		"action", string(d.Event.Action), "room_id", d.RoomID, "attempt", d.Attempts+1, "status", a.Status,
		"problem", a.Problem)
}
