package livekittest_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"roomkey/livekit"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// newAdapter reaches a LiveKit as the product does.
func newAdapter(t *testing.T, url string) *livekit.Server {
	t.Helper()
	s, err := livekit.New(livekit.Config{URL: url, APIKey: livekittest.APIKey, APISecret: livekittest.APISecret})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var allowAll = meet.Grants{Publish: meet.Sources, Subscribe: true, Data: true}

// newToken lets somebody into a room.
func newToken(t *testing.T, s *livekit.Server, room, identity string, grants meet.Grants) string {
	t.Helper()
	token, err := s.Token(meet.Admission{Identity: identity, RoomID: room},
		meet.Profile{Name: identity, Role: meet.RoleGuest, Grants: grants}, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func newRoom() string { return "room-" + rand.Text() }

func TestServer(t *testing.T) {
	t.Parallel()
	began := time.Now()
	server := livekittest.StartServer(t, livekittest.ServerOptions{})
	t.Logf("started within %v", time.Since(began))
	lk, room := newAdapter(t, server.URL()), newRoom()

	// Nobody has made the room: it is a server as it comes.
	a := livekittest.Join(t, server.URL(), newToken(t, lk, room, "a", allowAll))
	a.PublishMicrophone()
	b := livekittest.Join(t, server.URL(), newToken(t, lk, room, "b", allowAll))
	livekittest.Wait(t, "b to hear a", func() bool { return b.Receives("a", meet.Microphone) })
	people, err := lk.Participants(t.Context(), room)
	if err != nil || len(people) != 2 {
		t.Errorf("Participants: got %d, %v, want 2", len(people), err)
	}

	server.Kill()
	if err := lk.Ping(t.Context()); err == nil {
		t.Error("a killed server answers")
	}
	url := server.URL()
	server.Restart()
	if server.URL() != url {
		t.Errorf("URL after the restart: got %s, want %s", server.URL(), url)
	}
	if err := lk.Ping(t.Context()); err != nil {
		t.Errorf("Ping after the restart: %v", err)
	}
	// The room is made again by whoever comes back.
	livekittest.Wait(t, "both to come back", func() bool {
		people, err := lk.Participants(t.Context(), room)
		return err == nil && len(people) == 2
	})
}

// TestServerDiesWithTest ends a process of tests the hard way.
func TestServerDiesWithTest(t *testing.T) {
	t.Parallel()
	const marker = "ROOMKEY_TEST_ORPHAN"
	if os.Getenv(marker) != "" {
		fmt.Println(livekittest.StartServer(t, livekittest.ServerOptions{}).URL())
		select {} // until killed
	}
	tests := exec.Command(os.Args[0], "-test.run=^TestServerDiesWithTest$")
	tests.Env = append(os.Environ(), marker+"=1")
	stdout, err := tests.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tests.Start(); err != nil {
		t.Fatal(err)
	}
	var url string
	_, err = fmt.Fscanln(stdout, &url)
	if killed := tests.Process.Kill(); err != nil || killed != nil {
		t.Fatalf("start and kill: %v, %v", err, killed)
	}
	_ = tests.Wait()
	lk := newAdapter(t, url)
	livekittest.Wait(t, "LiveKit to be gone", func() bool { return lk.Ping(t.Context()) != nil })
}
