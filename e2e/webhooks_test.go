package e2e_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/webhooks/webhooktest"
)

// allowPrivate lets a roomkey send webhooks to a receiver on loopback.
const allowPrivate = "ROOMKEY_WEBHOOKS_ALLOW_PRIVATE=true"

// addReceiver starts a receiver and makes it an endpoint that is also told what was
// before, with the commands.
func (s *system) addReceiver() *webhooktest.Receiver {
	s.t.Helper()
	r := webhooktest.Start(s.t)
	added := s.webhook("add", r.URL())
	r.VerifyWith(s.keepSecret(regexp.MustCompile(`whsec_\S+`).FindString(added)))
	id := regexp.MustCompile(`we_\S+`).FindString(added)
	s.webhook("replay", id, "--since", "2020-01-01T00:00:00Z")
	return r
}

// webhook runs a command about webhooks beside the roomkey.
func (s *system) webhook(args ...string) string {
	s.t.Helper()
	cmd := exec.Command(program, append(append([]string{"webhook"}, args...), "--data", filepath.Join(s.dir, "data"))...)
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("webhook %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// checkWebhooks waits until a receiver has been told everything that happened in rooms,
// and checks what was new to it: each event once, those of a room in their order.
func (s *system) checkWebhooks(r *webhooktest.Receiver, rooms ...string) {
	s.t.Helper()
	var want []string
	for _, room := range rooms {
		s.pages(admin, "list_events", arg{"room_id": room}, func(p page) {
			for _, e := range p.Events {
				want = append(want, e.ID)
			}
		})
	}
	of := func(m webhooktest.Message) bool { return slices.Contains(rooms, m.Room()) }
	livekittest.Wait(s.t, "all webhooks", func() bool {
		n := 0
		for _, m := range r.News() {
			if of(m) && slices.Contains(want, m.ID) {
				n++
			}
		}
		return n == len(want)
	})
	last := map[string]int{}
	for _, m := range r.News() {
		id, err := strconv.Atoi(m.ID)
		if err != nil || id <= last[m.Room()] {
			s.t.Errorf("event %q of room %s was told after %d", m.ID, m.Room(), last[m.Room()])
		}
		last[m.Room()] = id
	}
}

// Roomkey that is killed again and again, while it tells a receiver that now and then
// fails what happens, tells all of it in the end, and nothing twice as new.
func TestWebhooksSurviveKills(t *testing.T) {
	t.Parallel()
	s := start(t, inside, nil, allowPrivate)
	r := s.addReceiver()
	rooms := make([]string, 3)
	for i := range rooms {
		var out struct{ Room room }
		s.must(admin, "create_room", arg{"name": "told-" + strconv.Itoa(i)}, &out)
		rooms[i] = out.Room.ID
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { // while it is down, calls fail
		defer close(ended)
		for i := 0; ctx.Err() == nil; i++ {
			_ = s.call(admin, "update_room", arg{"room_id": rooms[i%3], "is_public": i/3%2 == 0}, nil)
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	for _, way := range []webhooktest.Way{webhooktest.Take, r.HangAndTake, webhooktest.Take} {
		r.Answer(way)
		before := len(r.Arrived())
		livekittest.Wait(t, "webhooks to be under way", func() bool { return len(r.Arrived()) > before })
		s.kill()
		s.run()
	}
	stop()
	<-ended
	r.Answer(webhooktest.Take)
	s.checkWebhooks(r, rooms...)
}
