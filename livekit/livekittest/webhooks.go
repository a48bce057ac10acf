package livekittest

import (
	"bytes"
	"context"
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
}

// Fate is what becomes of a webhook on its way. It gives the status that LiveKit
// gets. LiveKit sends the webhooks of one room one after another, so how long it
// waits for the answer matters too.
type Fate func(*Webhooks, Webhook) (status int)

// Pass passes it on, and LiveKit gets the endpoint's answer. This is the default.
func Pass(w *Webhooks, h Webhook) int { return w.Deliver(h) }

// Drop loses it.
func Drop(*Webhooks, Webhook) int { return http.StatusOK }

// Double passes it on twice, one after the other.
func Double(w *Webhooks, h Webhook) int {
	w.Deliver(h)
	return w.Deliver(h)
}

// Hold keeps it until [Webhooks.ReleaseReversed]; LiveKit does not wait for that.
func Hold(w *Webhooks, h Webhook) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = append(w.held, h)
	return http.StatusOK
}

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

// Webhooks stands between a LiveKit and the endpoint that gets its webhooks, and
// does with each what the test wants. Bytes and headers stay as they are.
type Webhooks struct {
	tb       testing.TB
	server   *httptest.Server
	client   *http.Client
	endpoint string
	ctx      context.Context // ends with the test
	running  sync.WaitGroup  // late deliveries

	mu        sync.Mutex
	decide    func(Webhook) Fate
	held      []Webhook
	arrived   []Webhook
	delivered []Webhook
}

// StartWebhooks makes a place for LiveKit to send its webhooks to. They go on to
// the endpoint, a whole URL.
func StartWebhooks(tb testing.TB, endpoint string) *Webhooks {
	tb.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	ctx, cancel := context.WithCancel(context.Background())
	w := &Webhooks{
		tb:       tb,
		client:   &http.Client{Transport: transport},
		endpoint: endpoint,
		ctx:      ctx,
		decide:   func(Webhook) Fate { return Pass },
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

// Treat says what becomes of the webhooks that come from now on: of those of some
// events, the others are passed on, or of all.
func (w *Webhooks) Treat(fate Fate, events ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.decide = func(h Webhook) Fate {
		if len(events) == 0 || slices.Contains(events, h.Event) {
			return fate
		}
		return Pass
	}
}

// receive takes a webhook from LiveKit.
func (w *Webhooks) receive(rw http.ResponseWriter, r *http.Request) {
	h := Webhook{At: time.Now(), header: r.Header.Clone(), Message: new(livekit.WebhookEvent)}
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
	decide := w.decide
	w.mu.Unlock()
	if status := decide(h)(w, h); status != 0 {
		rw.WriteHeader(status)
		return
	}
	panic(http.ErrAbortHandler) // the endpoint gave no answer
}

// Deliver passes a webhook on now, also one that was passed on before, and gives
// the endpoint's status; 0 is no answer.
func (w *Webhooks) Deliver(h Webhook) (status int) {
	req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.endpoint, bytes.NewReader(h.body))
	if err != nil {
		panic(err) // the test's URL is bad
	}
	req.Header = h.header.Clone()
	if resp, err := w.client.Do(req); err == nil {
		status = resp.StatusCode
		_ = resp.Body.Close()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delivered = append(w.delivered, h)
	return status
}

// ReleaseReversed passes on what was held, the latest first, and from now on
// everything. It returns when all has been answered.
func (w *Webhooks) ReleaseReversed() {
	w.Treat(Pass)
	w.mu.Lock()
	held := w.held
	w.held = nil
	w.mu.Unlock()
	for _, h := range slices.Backward(held) {
		w.Deliver(h)
	}
}

// Arrived are those that LiveKit has sent so far, each attempt of each.
func (w *Webhooks) Arrived() []Webhook {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.arrived)
}

// Undelivered counts those that LiveKit has sent and that were not passed on yet.
func (w *Webhooks) Undelivered() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	waiting := map[string]bool{}
	for _, h := range w.arrived {
		waiting[h.Message.GetId()] = true
	}
	for _, h := range w.delivered {
		delete(waiting, h.Message.GetId())
	}
	return len(waiting)
}
