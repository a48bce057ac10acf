package livekittest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/encoding/protojson"
)

// Webhook is one that LiveKit has sent.
type Webhook struct {
	Event    string    // such as participant_joined
	Room     string    // the room's name, if it is about one
	Identity string    // the participant's, if it is about one
	At       time.Time // when it came from LiveKit

	Message *livekit.WebhookEvent // all of it; read only

	header http.Header
	body   []byte
	hungUp <-chan struct{} // closed when LiveKit no longer waits for the answer
}

// Delivery is a webhook that was passed on, whatever became of it.
type Delivery struct {
	Webhook
	Done   time.Time // when the endpoint had answered
	Status int       // the endpoint's; 0 if it gave no answer
}

// Fate is what becomes of a webhook on its way, and gives LiveKit the status
// of its answer; 0 is none. LiveKit sends those of one room one after another,
// so how long it waits for the answer matters too.
type Fate func(*Webhooks, Webhook) (status int)

// Pass passes it on, and LiveKit gets the endpoint's answer. It is what happens
// as long as nothing else is said.
func Pass(w *Webhooks, h Webhook) int { return w.Deliver(h) }

// Drop loses it.
func Drop(*Webhooks, Webhook) int { return http.StatusOK }

// Double passes it on twice, one after the other.
func Double(w *Webhooks, h Webhook) int {
	w.Deliver(h)
	return w.Deliver(h)
}

// Hold keeps it until [Webhooks.Release]; LiveKit does not wait for that.
func Hold(w *Webhooks, h Webhook) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = append(w.held, h)
	return http.StatusOK
}

// Hang never answers, until LiveKit hangs up or the test ends.
func Hang(w *Webhooks, h Webhook) int {
	select {
	case <-h.hungUp:
	case <-w.ctx.Done():
	}
	return 0
}

// Answer gives LiveKit that answer and the endpoint nothing.
func Answer(status int) Fate { return func(*Webhooks, Webhook) int { return status } }

// Delay passes it on so much later; LiveKit does not wait for that.
func Delay(d time.Duration) Fate {
	return func(w *Webhooks, h Webhook) int {
		w.running.Go(func() {
			select {
			case <-time.After(d):
				w.Deliver(h)
			case <-w.ctx.Done():
			}
		})
		return http.StatusOK
	}
}

// Webhooks stands between a LiveKit and the endpoint that gets its webhooks,
// and does with each what the test wants. Bytes and headers stay as they are.
type Webhooks struct {
	tb     testing.TB
	server *httptest.Server
	client *http.Client
	ctx    context.Context // ends with the test

	running sync.WaitGroup // late deliveries

	mu        sync.Mutex
	endpoint  string
	treat     func(Webhook) Fate
	held      []Webhook
	arrived   []Webhook
	delivered []Delivery
}

// StartWebhooks makes a place for LiveKit to send its webhooks to. They go on
// to the endpoint, a whole URL; while it is empty, LiveKit is answered 503.
func StartWebhooks(tb testing.TB, endpoint string) *Webhooks {
	tb.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	ctx, cancel := context.WithCancel(context.Background())
	w := &Webhooks{
		tb: tb, client: &http.Client{Transport: transport}, ctx: ctx,
		endpoint: endpoint, treat: func(Webhook) Fate { return Pass },
	}
	w.server = httptest.NewServer(http.HandlerFunc(w.receive))
	tb.Cleanup(func() {
		cancel()
		w.server.CloseClientConnections()
		w.server.Close()
		w.running.Wait()
		transport.CloseIdleConnections()
	})
	return w
}

// URL is where LiveKit is to send them.
func (w *Webhooks) URL() string { return w.server.URL }

// SetEndpoint says where they go from now on.
func (w *Webhooks) SetEndpoint(url string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.endpoint = url
}

// Treat says what becomes of the webhooks that come from now on, or of those of
// some events; it forgets what was said before.
func (w *Webhooks) Treat(fate Fate, events ...string) {
	w.TreatEach(func(h Webhook) Fate {
		if len(events) == 0 || slices.Contains(events, h.Event) {
			return fate
		}
		return Pass
	})
}

// TreatEach has a function decide, which is called from many goroutines.
func (w *Webhooks) TreatEach(treat func(Webhook) Fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.treat = treat
}

// receive takes a webhook from LiveKit.
func (w *Webhooks) receive(rw http.ResponseWriter, r *http.Request) {
	h := Webhook{At: time.Now(), header: r.Header.Clone(), hungUp: r.Context().Done(), Message: new(livekit.WebhookEvent)}
	var err error
	if h.body, err = io.ReadAll(r.Body); err == nil {
		err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(h.body, h.Message)
	}
	if err != nil {
		w.tb.Errorf("read a webhook: %v", err)
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	h.Event, h.Room = h.Message.GetEvent(), h.Message.GetRoom().GetName()
	h.Identity = h.Message.GetParticipant().GetIdentity()
	w.mu.Lock()
	w.arrived = append(w.arrived, h)
	treat := w.treat
	w.mu.Unlock()

	if status := treat(h)(w, h); status != 0 {
		rw.WriteHeader(status)
		return
	}
	panic(http.ErrAbortHandler) // hangs up
}

// Deliver passes a webhook on now, also one that was before, and gives the
// endpoint's status. Without any endpoint that is 503, without an answer 0.
func (w *Webhooks) Deliver(h Webhook) int {
	w.mu.Lock()
	endpoint := w.endpoint
	w.mu.Unlock()
	if endpoint == "" {
		return http.StatusServiceUnavailable
	}
	req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, endpoint, bytes.NewReader(h.body))
	if err != nil {
		panic(err) // the test's URL is none
	}
	req.Header = h.header.Clone()
	d := Delivery{Webhook: h}
	if resp, err := w.client.Do(req); err == nil {
		d.Status = resp.StatusCode
		_ = resp.Body.Close()
	}
	d.Done = time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delivered = append(w.delivered, d)
	return d.Status
}

// Release passes on what was held, in the order in which it came or in that
// which the function makes of it, such as slices.Reverse, and returns when all
// has been answered.
func (w *Webhooks) Release(order ...func([]Webhook)) {
	w.mu.Lock()
	held := w.held
	w.held = nil
	w.mu.Unlock()
	for _, change := range order {
		change(held)
	}
	for _, h := range held {
		w.Deliver(h)
	}
}

// Held are those that wait for [Webhooks.Release].
func (w *Webhooks) Held() []Webhook {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.held)
}

// Arrived are those that LiveKit has sent so far, each attempt of each.
func (w *Webhooks) Arrived() []Webhook {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.arrived)
}

// Delivered are those that were passed on so far, in the order of the answers.
func (w *Webhooks) Delivered() []Delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.delivered)
}

// WaitArrived waits until LiveKit has sent such a webhook, and gives the first.
// Without an identity it is about anybody or nobody.
func (w *Webhooks) WaitArrived(event, identity string) (found Webhook) {
	w.tb.Helper()
	Wait(w.tb, fmt.Sprintf("webhook %s about %q to arrive", event, identity), func() bool {
		all := w.Arrived()
		n := slices.IndexFunc(all, func(h Webhook) bool { return h.is(event, identity) })
		if n >= 0 {
			found = all[n]
		}
		return n >= 0
	})
	return found
}

// WaitDelivered waits until such a webhook was passed on, and gives the first.
func (w *Webhooks) WaitDelivered(event, identity string) (found Delivery) {
	w.tb.Helper()
	Wait(w.tb, fmt.Sprintf("webhook %s about %q to be passed on", event, identity), func() bool {
		all := w.Delivered()
		n := slices.IndexFunc(all, func(d Delivery) bool { return d.is(event, identity) })
		if n >= 0 {
			found = all[n]
		}
		return n >= 0
	})
	return found
}

func (h Webhook) is(event, identity string) bool {
	return h.Event == event && (identity == "" || h.Identity == identity)
}
