package livekit_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"roomkey/livekit"
	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// shared is the LiveKit server that all tests use who do not stop one. Rooms
// keep them apart.
var shared = sync.OnceValues(func() (*embedded.Server, error) {
	return embedded.Start(context.Background(),
		embedded.Config{APIKey: livekittest.APIKey, APISecret: livekittest.APISecret})
})

func TestMain(m *testing.M) {
	code := m.Run()
	if s, err := shared(); err == nil {
		_ = s.Stop()
	}
	os.Exit(code)
}

// testRoom is a room of its own on the shared server.
type testRoom struct {
	*testing.T
	*livekit.Server
	url  string
	room meet.Room
}

func setup(t *testing.T) testRoom {
	t.Helper()
	t.Parallel()
	s, err := shared()
	if err != nil {
		t.Fatalf("start LiveKit: %v", err)
	}
	w := testRoom{T: t, Server: connect(t, livekit.Config{URL: s.URL()}), url: s.URL(),
		room: meet.Room{ID: "room-" + rand.Text()}}
	w.ensure()
	return w
}

// connect makes an adapter with the keys of the shared server.
func connect(t *testing.T, cfg livekit.Config) *livekit.Server {
	t.Helper()
	cfg.APIKey, cfg.APISecret = livekittest.APIKey, livekittest.APISecret
	return livekit.New(cfg)
}

// ensure brings the media room up to date with w.room.
func (w testRoom) ensure() {
	w.Helper()
	if err := w.EnsureRoom(w.Context(), w.room); err != nil {
		w.Fatalf("EnsureRoom: %v", err)
	}
}

var allowAll = meet.Grants{Publish: meet.Sources, Subscribe: true, Data: true}

// token is for somebody with that identity in w.room.
func (w testRoom) token(identity string, grants meet.Grants) string {
	w.Helper()
	admission := meet.Admission{Identity: identity, RoomID: w.room.ID, UserID: "user of " + identity}
	profile := meet.Profile{Name: "Name of " + identity, Role: meet.RoleGuest, Grants: grants}
	token, err := w.Token(admission, profile, time.Now().Add(time.Minute))
	if err != nil {
		w.Fatalf("Token: %v", err)
	}
	return token
}

func (w testRoom) join(identity string, grants meet.Grants) *livekittest.Person {
	w.Helper()
	return livekittest.Join(w.T, w.url, w.token(identity, grants))
}

// participants lists who is in the room, by identity.
func (w testRoom) participants() map[string]meet.Participant {
	w.Helper()
	people, err := w.Participants(w.Context(), w.room.ID)
	if err != nil {
		w.Fatalf("Participants: %v", err)
	}
	by := make(map[string]meet.Participant)
	for _, p := range people {
		by[p.Identity] = p
	}
	return by
}

// track is a track as the server lists it; false if it does not.
func (w testRoom) track(identity string, source meet.Source) (meet.Track, bool) {
	w.Helper()
	for _, t := range w.participants()[identity].Tracks {
		if t.Source == source {
			return t, true
		}
	}
	return meet.Track{}, false
}

// waitTrack waits for a track to be listed, which it is when its first packet
// has come.
func (w testRoom) waitTrack(identity string, source meet.Source) (track meet.Track) {
	w.Helper()
	livekittest.Wait(w.T, fmt.Sprintf("%s of %s to be listed", source, identity), func() (ok bool) {
		track, ok = w.track(identity, source)
		return ok
	})
	return track
}

// count is what Counts says about the room.
func (w testRoom) count() int {
	w.Helper()
	counts, err := w.Counts(w.Context(), []string{w.room.ID})
	if err != nil {
		w.Fatalf("Counts: %v", err)
	}
	return counts[w.room.ID]
}
