package embedded

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/livekit/livekit-server/pkg/config"
	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/service"

	"roomkey/livekit"
	"roomkey/meet"
)

// stock runs LiveKit as it comes, for what is different about a server that
// is not ours.
func stock(t *testing.T) (url string, lk *livekit.Server) {
	t.Helper()
	cfg := Config{APIKey: "key", APISecret: strings.Repeat("s", minSecret), assemble: func(c *config.Config, node routing.LocalNode, _ Config) (liveKit, func(), error) {
		lk, err := service.InitializeServer(c, node)
		return lk, func() {}, err
	}}
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	lk, err = livekit.New(livekit.Config{URL: s.URL(), APIKey: cfg.APIKey, APISecret: cfg.APISecret})
	if err != nil {
		t.Fatal(err)
	}
	return s.URL(), lk
}

// visit connects to signalling and stays; nil if that is refused.
func visit(t *testing.T, lk *livekit.Server, url, room, identity string) *websocket.Conn {
	t.Helper()
	token, err := lk.Token(meet.Admission{Identity: identity, RoomID: room}, meet.Profile{}, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/rtc?protocol=16",
		http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		return nil
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func mustEnsure(t *testing.T, lk *livekit.Server, room string, limit int) {
	t.Helper()
	if err := lk.EnsureRoom(t.Context(), meet.Room{ID: room, MaxParticipants: limit}); err != nil {
		t.Fatal(err)
	}
}

// On somebody else's server the limit of an empty room changes at once, that
// of others when they have emptied; and nobody is ever disturbed.
func TestLimitsOnAServerWithoutADoor(t *testing.T) {
	t.Parallel()
	url, lk := stock(t)
	mustEnsure(t, lk, "room", 1)
	mustEnsure(t, lk, "room", 2) // nobody is inside: made anew
	a, b := visit(t, lk, url, "room", "a"), visit(t, lk, url, "room", "b")
	if a == nil || b == nil {
		t.Fatal("the raised limit of an empty room does not let two in")
	}
	if visit(t, lk, url, "room", "c") != nil {
		t.Fatal("a third one came in")
	}

	mustEnsure(t, lk, "room", 3)
	if people, err := lk.Participants(t.Context(), "room"); err != nil || len(people) != 2 {
		t.Fatalf("after EnsureRoom there are %v, %v, want both still", people, err)
	}
	// This is why there is a door: if it begins to fail, LiveKit has learnt to
	// raise the limit of a living room.
	if visit(t, lk, url, "room", "c") != nil {
		t.Error("LiveKit takes a changed limit now: the door may not be needed any more")
	}

	if _, err := lk.DeleteRoom(t.Context(), "room"); err != nil {
		t.Fatal(err)
	}
	mustEnsure(t, lk, "room", 0)
	for _, identity := range []string{"a", "b", "c", "d"} {
		if visit(t, lk, url, "room", identity) == nil {
			t.Errorf("%s was refused in a room without a limit", identity)
		}
	}
}
