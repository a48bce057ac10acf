package livekittest_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/webhook"

	"roomkey/livekit/livekittest"
)

// endpoint gets webhooks, as the product does.
type endpoint struct {
	url string

	mu     sync.Mutex
	events []string // event and identity
	faults []error
}

func newEndpoint(t *testing.T) *endpoint {
	t.Helper()
	e := &endpoint{}
	keys := auth.NewSimpleKeyProvider(livekittest.APIKey, livekittest.APISecret)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		event, err := webhook.ReceiveWebhookEvent(r, keys)
		e.mu.Lock()
		defer e.mu.Unlock()
		if err != nil {
			e.faults = append(e.faults, err)
		}
		e.events = append(e.events, event.GetEvent()+" "+event.GetParticipant().GetIdentity())
	}))
	t.Cleanup(s.Close)
	e.url = s.URL
	return e
}

// saw counts the webhooks of that event and identity.
func (e *endpoint) saw(event string) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, seen := range e.events {
		if seen == event {
			n++
		}
	}
	return n
}

func (e *endpoint) check(t *testing.T) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, err := range e.faults {
		t.Errorf("a webhook that cannot be verified: %v", err)
	}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	hooks := livekittest.StartWebhooks(t, e.url)
	server := livekittest.StartServer(t, livekittest.ServerOptions{Webhooks: []string{hooks.URL()}})
	lk, room := newAdapter(t, server.URL()), newRoom()
	join := func(identity string) *livekittest.Person {
		return livekittest.Join(t, server.URL(), newToken(t, lk, room, identity, allowAll))
	}

	began := time.Now()
	join("a").PublishMicrophone()
	joined := hooks.WaitDelivered(webhook.EventParticipantJoined, "a")
	if joined.Room != room || joined.Status != http.StatusOK || joined.At.Before(began) || joined.Done.Before(joined.At) {
		t.Errorf("participant_joined of a: got %+v, want room %s, status 200 and times in order", joined, room)
	}
	hooks.WaitDelivered(webhook.EventTrackPublished, "a")

	hooks.Treat(livekittest.Double, webhook.EventParticipantJoined)
	join("b")
	livekittest.Wait(t, "b's webhook twice", func() bool { return e.saw("participant_joined b") == 2 })

	hooks.Treat(livekittest.Drop, webhook.EventParticipantJoined)
	c := join("c")
	hooks.WaitArrived(webhook.EventParticipantJoined, "c")
	c.Leave()
	hooks.WaitDelivered(webhook.EventParticipantLeft, "c") // which comes after the other

	hooks.Treat(livekittest.Hold)
	d := join("d")
	hooks.WaitArrived(webhook.EventParticipantJoined, "d") // who leaves before that has never been there
	d.Leave()
	hooks.WaitArrived(webhook.EventParticipantLeft, "d")
	if n := e.saw("participant_joined d") + e.saw("participant_left d"); n != 0 {
		t.Errorf("webhooks of d that got through while they were held: got %d", n)
	}
	hooks.Treat(livekittest.Pass)
	hooks.Release(slices.Reverse[[]livekittest.Webhook])

	const late = 300 * time.Millisecond
	hooks.Treat(livekittest.Delay(late), webhook.EventParticipantJoined)
	join("e")
	delayed := hooks.WaitDelivered(webhook.EventParticipantJoined, "e")
	if after := delayed.Done.Sub(delayed.At); after < late {
		t.Errorf("a webhook that is %v late came after %v", late, after)
	}

	if n := e.saw("participant_joined c"); n != 0 {
		t.Errorf("a dropped webhook: got it %d times", n)
	}
	e.check(t)
	e.mu.Lock()
	defer e.mu.Unlock()
	leftAt, joinedAt := slices.Index(e.events, "participant_left d"), slices.Index(e.events, "participant_joined d")
	if leftAt < 0 || joinedAt < leftAt {
		t.Errorf("reordered: got left at %d, joined at %d, want the latter later", leftAt, joinedAt)
	}
}

// LiveKit tries again what was not taken.
func TestWebhookIsRefusedAtFirst(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	hooks := livekittest.StartWebhooks(t, e.url)
	server := livekittest.StartServer(t, livekittest.ServerOptions{Webhooks: []string{hooks.URL()}})
	lk, room := newAdapter(t, server.URL()), newRoom()

	hooks.Treat(livekittest.Answer(http.StatusInternalServerError))
	livekittest.Join(t, server.URL(), newToken(t, lk, room, "a", allowAll))
	first := hooks.WaitArrived(webhook.EventRoomStarted, "")
	hooks.Treat(livekittest.Pass)
	again := hooks.WaitDelivered(webhook.EventRoomStarted, "")
	if first.Message.GetId() != again.Message.GetId() || !again.At.After(first.At) {
		t.Errorf("room_started: got id %s, then %s, want the same again", first.Message.GetId(), again.Message.GetId())
	}
	hooks.WaitDelivered(webhook.EventParticipantJoined, "a")
	e.check(t)
}
