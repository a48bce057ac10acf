package webhooks

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
	"roomkey/store"
	"roomkey/webhooks/webhooktest"
)

// Every endpoint is told everything once, the events of each room in their order.
func TestEventsArriveInOrder(t *testing.T) {
	onBoth(t, func(f *fixture) {
		one, two := webhooktest.Start(f.t), webhooktest.Start(f.t)
		f.endpoints(one, two)
		f.run(f.sender())
		f.happen(20, "a", "b", "c")
		for _, r := range []*webhooktest.Receiver{one, two} {
			f.wait(r)
			if n := len(r.Arrived()); n != 60 {
				f.t.Errorf("%d messages arrived, want each of 60 once", n)
			}
		}
		news := one.News()
		first := news[slices.IndexFunc(news, func(m webhooktest.Message) bool { return m.Room() == "a" })]
		want := map[string]any{"id": first.ID, "actor": "ann", "via": "mcp", "kind": "participant", "room_id": "a",
			"room_name": "name of a", "target": "eve_1", "user_id": "eve", "verified": true, "outcome": "ok",
			"details": map[string]any{"reason": "noise"}}
		if diff := cmp.Diff(want, first.Data); diff != "" || first.Type != "participant.kicked" ||
			!first.Timestamp.Equal(f.clock.Now()) {
			f.t.Errorf("first message: %+v (-want +got):\n%s", first, diff)
		}
	})
}

// An endpoint that fails, in whatever way, holds up nothing but itself, and gets
// everything once it works.
func TestFailingEndpoints(t *testing.T) {
	onBoth(t, func(f *fixture) {
		well, elsewhere := webhooktest.Start(f.t), webhooktest.Start(f.t)
		failing := []*webhooktest.Receiver{well}
		ways := []webhooktest.Way{nil}
		problems := []string{""}
		add := func(problem string, way webhooktest.Way) {
			failing, ways, problems = append(failing, webhooktest.Start(f.t)), append(ways, way), append(problems, problem)
		}
		add("no answer within 3s", func(w http.ResponseWriter, r *http.Request) bool { return well.Hang(w, r) })
		add("it answered with 500 Internal Server Error", webhooktest.Status(500))
		add("it answered with 404 Not Found", webhooktest.Status(404))
		add("it answered with 410 Gone", webhooktest.Status(410))
		add("it answered with 307 Temporary Redirect; redirections are not followed", webhooktest.Redirect(elsewhere.URL()))
		add("EOF", webhooktest.Close)
		add("malformed HTTP", webhooktest.Garbage)
		add("server response headers exceeded", webhooktest.HugeHeader)
		for i, r := range failing[1:] {
			r.Answer(ways[i+1])
		}
		f.endpoints(failing...)
		s := f.sender()
		s.client.within = 3 * time.Second
		f.run(s)
		rooms := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} // more than requestsAtOnce
		f.happen(2, rooms...)
		f.wait(well)
		f.until("every first attempt to fail", func() bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.outcomes[Retried] >= len(rooms)*(len(failing)-1)
		})
		for i, problem := range problems[1:] {
			id := fmt.Sprint(i + 1)
			for _, d := range f.deliveries(id, meet.WebhookPending) {
				if d.Attempts > 0 && !strings.Contains(d.Problem, problem) {
					f.t.Errorf("endpoint %s: got the problem %q, want %q", id, d.Problem, problem)
				}
				if strings.Contains(d.Problem, "of-the-receiver") {
					f.t.Errorf("endpoint %s: the problem shows the URL: %q", id, d.Problem)
				}
			}
			failing[i+1].Answer(webhooktest.Take)
		}
		f.clock.set(f.clock.Now().Add(7 * time.Hour)) // longer than the longest wait
		for _, r := range failing {
			f.wait(r)
		}
		if n := len(elsewhere.Arrived()); n != 0 {
			f.t.Errorf("%d redirections were followed", n)
		}
		f.until("nothing to wait", func() bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			return !slices.ContainsFunc([]string{"0", "1", "2", "3", "4", "5", "6", "7", "8"},
				func(id string) bool { return f.waiting[id] > 0 })
		})
	})
}

// A message that was taken is not sent again because its answer does not end.
func TestAnswersWithoutAnEnd(t *testing.T) {
	onBoth(t, func(f *fixture) {
		slow, huge := webhooktest.Start(f.t), webhooktest.Start(f.t)
		slow.Answer(slow.SlowBody)
		huge.Answer(webhooktest.HugeBody)
		f.endpoints(slow, huge)
		f.run(f.sender())
		f.happen(2, "a", "b")
		f.wait(slow)
		f.wait(huge)
		f.until("all to be recorded", func() bool { return f.endpoint("0").Rooms+f.endpoint("1").Rooms == 0 })
		if n := len(slow.Arrived()) + len(huge.Arrived()); n != 8 {
			f.t.Errorf("%d messages arrived, want each of 8 once", n)
		}
	})
}

// A delivery is attempted for three days, with waits that grow, and then given up. What
// comes after it in its room waits that long, and no longer. It can be repeated.
func TestThreeDays(t *testing.T) {
	onBoth(t, func(f *fixture) {
		r := webhooktest.Start(f.t)
		r.Answer(webhooktest.Status(503))
		f.endpoints(r)
		f.run(f.sender())
		began := f.clock.Now()
		f.happen(1, "a")
		var waits []time.Duration
		for attempt := 1; ; attempt++ {
			f.until("an attempt", func() bool { return len(r.Arrived()) >= attempt })
			f.until("it to be recorded", func() bool {
				all := f.deliveries("0", "")
				return len(all) == 1 && all[0].Attempts == attempt
			})
			d := f.deliveries("0", "")[0]
			if d.State == meet.WebhookFailed {
				break
			}
			waits = append(waits, d.NextAt.Sub(f.clock.Now()))
			f.clock.set(d.NextAt)
		}
		if span := f.clock.Now().Sub(began); span != RetryFor {
			f.t.Errorf("the last attempt was made after %v, want %v", span, RetryFor)
		}
		if waits[0] < 5*time.Second || waits[0] > 6*time.Second || len(waits) < 15 || len(waits) > 25 {
			f.t.Errorf("waits: %v", waits)
		}
		for i, wait := range waits[:9] {
			if i > 0 && wait <= waits[i-1] {
				f.t.Errorf("waits do not grow: %v", waits)
			}
		}
		r.Answer(webhooktest.Take)
		f.happen(1, "a")
		f.until("the next event", func() bool { return len(r.News()) == 1 })
		n, err := f.beside().Replay(f.t.Context(), "0", store.Replay{Failed: true}, f.clock.Now())
		if err != nil || n != 1 {
			f.t.Fatalf("Replay: %d, %v; want 1", n, err)
		}
		f.until("the first event", func() bool { return len(r.News()) == 2 })
		if ids := f.all(); r.News()[0].ID != ids[1] || r.News()[1].ID != ids[0] {
			f.t.Errorf("arrived: %+v, want the events %v", r.News(), ids)
		}
	})
}

// What an endpoint asks for in Retry-After is done, within bounds.
func TestNextAttempt(t *testing.T) {
	t.Parallel()
	now := newClock().Now()
	for _, c := range []struct {
		attempts           int
		age, asked         time.Duration
		wantFrom, wantUpTo time.Duration
	}{
		{0, 0, 0, 5 * time.Second, 6 * time.Second},
		{0, 0, time.Minute, time.Minute, 67 * time.Second},
		{3, 0, time.Minute, 10 * time.Minute, 11 * time.Minute},
		{0, 0, 100 * time.Hour, 6 * time.Hour, 7 * time.Hour},
		{100, time.Hour, 0, 6 * time.Hour, 7 * time.Hour},
		{100, RetryFor - time.Minute, 0, time.Minute, time.Minute},
		{100, RetryFor, 0, 0, 0},
		{0, 2 * RetryFor, 0, 0, 0},
	} {
		next := nextAttempt(meet.WebhookDelivery{Attempts: c.attempts, TakenAt: now.Add(-c.age)}, now, c.asked)
		got := next.Sub(now)
		if !next.IsZero() && (got < c.wantFrom || got > c.wantUpTo) || next.IsZero() != (c.wantUpTo == 0) {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}
