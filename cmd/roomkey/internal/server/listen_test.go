package server

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
	"roomkey/meet/meettest"
	"roomkey/tools"
)

// listening is a stream that subscriptions/listen has opened.
type listening struct {
	t     *testing.T
	lines *bufio.Scanner
}

// listened is a message of such a stream.
type listened struct {
	Method string
	Params struct {
		URI           string
		Notifications struct{ ResourceSubscriptions []string }
		Meta          map[string]any `json:"_meta"`
	}
	ID     string
	Result *struct{ ResultType string }
}

func listenTo(t *testing.T, a *testServer, token string, uris ...string) *listening {
	t.Helper()
	body, header := programtest.Eras[1].Message("mine", string(mcp.MethodSubscriptionsListen),
		map[string]any{"notifications": map[string]any{"resourceSubscriptions": uris}})
	req, err := programtest.NewRequest(t.Context(), token, http.MethodPost, a.url+"/mcp", body, header...)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &listening{t, bufio.NewScanner(resp.Body)}
}

// next gives the next message.
func (l *listening) next() (m listened) {
	l.t.Helper()
	for l.lines.Scan() {
		if data, ok := strings.CutPrefix(l.lines.Text(), "data: "); ok {
			if err := json.Unmarshal([]byte(data), &m); err != nil {
				l.t.Fatal(err)
			}
			if subscription := m.Params.Meta[mcp.MetaKeySubscriptionID]; m.Result == nil && subscription != "mine" {
				l.t.Errorf("%s is of the subscription %v, want mine", data, subscription)
			}
			return m
		}
	}
	l.t.Fatalf("the stream broke off: %v", l.lines.Err())
	return m
}

// wantEnd checks that the stream ends with its answer.
func (l *listening) wantEnd(why string) {
	l.t.Helper()
	m := l.next()
	for m.Method == mcp.MethodNotificationResourceUpdated { // of what happened at last
		m = l.next()
	}
	if m.ID != "mine" || m.Result == nil || m.Result.ResultType != string(mcp.ResultTypeComplete) {
		l.t.Errorf("%s: the stream ends with %+v; want the answer", why, m)
	}
	for l.lines.Scan() {
		if l.lines.Text() != "" {
			l.t.Errorf("%s: after the answer comes %q", why, l.lines.Text())
		}
	}
}

// Who may read the events of a room is told of each, until the access token ends
// or the program does.
func TestListenToRooms(t *testing.T) {
	t.Parallel()
	a := startServer(t, nil)
	issued, err := a.auth.Issue(meettest.Ada, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ada := issued.Token
	do := func(tool string, arguments map[string]any) {
		t.Helper()
		if _, err := programtest.CallAt(t.Context(), a.url, ada, tool, arguments); err != nil {
			t.Fatalf("%s: %v", tool, err)
		}
	}
	for _, name := range []string{"one", "two"} {
		do("create_room", map[string]any{"name": name + "-room", "is_public": true})
	}
	const one, two = "roomkey://rooms/one-room", "roomkey://rooms/two-room"
	l := listenTo(t, a, ada, one, "roomkey://rooms/nowhere", tools.RolesURI, "roomkey://rooms/", two, one)
	if diff := cmp.Diff([]string{one, two}, l.next().Params.Notifications.ResourceSubscriptions); diff != "" {
		t.Errorf("acknowledged (-want +got):\n%s", diff)
	}
	stranger := listenTo(t, a, a.token(t, meettest.Bob), one) // who may look at it, but not at who comes and goes
	if m := stranger.next(); len(m.Params.Notifications.ResourceSubscriptions) > 0 {
		t.Errorf("a stranger is told %+v, want no room", m)
	}
	stranger.wantEnd("a stranger")
	limit := 1
	for _, room := range []string{"two", "one", "two"} {
		limit++
		do("update_room", map[string]any{"room_id": room + "-room", "max_participants": limit})
		if m := l.next(); m.Params.URI != "roomkey://rooms/"+room+"-room" {
			t.Errorf("told of %q, want the room %s", m.Params.URI, room)
		}
	}
	a.revoke(t, issued.ID)
	if _, err := programtest.CallAt(t.Context(), a.url, a.owner, "end_room",
		map[string]any{"room_id": "one-room", "confirm_name": "one-room"}); err != nil {
		t.Fatal(err)
	}
	l.wantEnd("the token was revoked")
	last := listenTo(t, a, a.owner, one)
	last.next()
	if err := a.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	last.wantEnd("the program stops")
	livekittest.Wait(t, "nobody to wait", func() bool { return a.service.HeldCalls() == 0 })
}
