package e2e_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	lkauth "github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/auth"
	"roomkey/livekit/livekittest"
	"roomkey/meet/meettest/freeport"
)

// mode says which LiveKit a roomkey works with.
type mode string

const (
	inside  mode = "inside"  // in its own process
	foreign mode = "foreign" // the stock server, in a process of its own
)

// signingSecret signs access tokens here.
const signingSecret = "a-signing-secret-for-the-tests-of-all"

// system is a running roomkey with its LiveKit and one room. Methods that cannot
// do what they promise fail the test.
type system struct {
	t         *testing.T
	mode      mode
	url       string // of roomkey
	program   string // that it runs
	dir       string
	env       []string
	authority *auth.Authority
	output    livekittest.Output
	cmd       *exec.Cmd       // that runs now
	exited    <-chan struct{} // closed when cmd has ended

	livekit    *livekittest.Server   // nil for the one inside
	hooks      *livekittest.Webhooks // nil for the one inside
	livekitURL string
	rooms      *lksdk.RoomServiceClient
	key        string // of LiveKit
	secret     string // of LiveKit

	room *room
	code map[string]string // by role

	client  *http.Client
	secrets *secrets
}

// room is the room of a test.
type room struct{ ID, Name string }

// each runs a case with both LiveKits, in a room with these arguments of
// create_room.
func each(t *testing.T, room arg, test func(*testing.T, *system)) {
	t.Parallel()
	for _, m := range []mode{inside, foreign} {
		t.Run(string(m), func(t *testing.T) {
			t.Parallel()
			test(t, start(t, m, room))
		})
	}
}

// start runs a roomkey, with more in its environment, and makes the room.
func start(t *testing.T, m mode, room arg, env ...string) *system {
	t.Helper()
	s := newSystem(t, m)
	s.env = append(s.env, env...)
	if m == foreign {
		s.hooks = livekittest.StartWebhooks(t, s.url+"/livekit/webhook")
		s.livekit = livekittest.StartServer(t, livekittest.ServerOptions{Webhooks: []string{s.hooks.URL()}})
		s.livekitURL = s.livekit.URL()
		s.env = append(s.env, "LIVEKIT_URL="+s.livekitURL, "LIVEKIT_API_KEY="+s.key, "LIVEKIT_API_SECRET="+s.secret)
	} else {
		port := freePort(t)
		s.livekitURL = "http://127.0.0.1:" + port
		s.env = append(s.env, "ROOMKEY_LIVEKIT_EMBEDDED_PORT="+port)
		var err error
		if s.key, s.secret, err = auth.LiveKitKey([]byte(signingSecret)); err != nil {
			t.Fatal(err)
		}
	}
	s.rooms = lksdk.NewRoomServiceClient(s.livekitURL, s.key, s.secret)
	s.run()
	s.createRoom(room)
	return s
}

// newSystem gives one that does not run yet, with an address and a folder of its own.
// It is killed after the test.
func newSystem(t *testing.T, m mode) *system {
	t.Helper()
	s := &system{t: t, mode: m, program: program, dir: t.TempDir(), key: livekittest.APIKey, secret: livekittest.APISecret,
		room: new(room), code: map[string]string{}, client: http.DefaultClient, secrets: newSecrets()}
	address := "127.0.0.1:" + freePort(t)
	s.url = "http://" + address
	s.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/no-home", "TMPDIR=" + s.dir, "ROOMKEY_LISTEN=" + address,
		"ROOMKEY_AUTH_SECRET=" + signingSecret, "ROOMKEY_LOG_LEVEL=debug"}
	var err error
	if s.authority, err = auth.NewAuthority([]byte(signingSecret), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.kill()
		s.checkSecrets()
		if t.Failed() {
			t.Logf("roomkey at %s (%s) said:\n%s", s.url, m, s.output.Tail())
		}
	})
	return s
}

// run starts roomkey and waits until it is ready.
func (s *system) run() {
	s.t.Helper()
	s.launch()
	s.waitReady()
}

// launch starts roomkey.
func (s *system) launch() {
	s.t.Helper()
	s.cmd = exec.Command(s.program, "serve", "--data", filepath.Join(s.dir, "data"))
	s.cmd.Dir, s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = s.dir, s.env, &s.output, &s.output
	var err error
	if s.exited, err = livekittest.StartProcess(s.cmd); err != nil {
		s.t.Fatalf("start roomkey: %v", err)
	}
}

// waitReady waits until roomkey says that it is ready.
func (s *system) waitReady() {
	s.t.Helper()
	livekittest.Wait(s.t, "roomkey to be ready", func() bool {
		select {
		case <-s.exited:
			s.t.Fatalf("roomkey ended: %v\n%s", s.cmd.ProcessState, s.output.Tail())
		default:
		}
		resp, err := http.Get(s.url + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// kill ends roomkey without a word (kill -9), if it was started.
func (s *system) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.exited
}

func freePort(t *testing.T) string {
	t.Helper()
	port, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(port)
}

// mint signs a join token with LiveKit's key, past roomkey, with all rights.
func (s *system) mint(identity string, attributes map[string]string) pass {
	s.t.Helper()
	token, err := lkauth.NewAccessToken(s.key, s.secret).SetIdentity(identity).SetAttributes(attributes).
		SetVideoGrant(&lkauth.VideoGrant{RoomJoin: true, Room: s.room.ID}).SetValidFor(time.Hour).ToJWT()
	if err != nil {
		s.t.Fatal(err)
	}
	url := s.url
	if s.mode == foreign {
		url = s.livekitURL
	}
	return pass{Token: token, LiveKitURL: "ws" + strings.TrimPrefix(url, "http"), Identity: identity}
}

// hasMediaRoom says whether LiveKit has the room.
func (s *system) hasMediaRoom() bool {
	s.t.Helper()
	resp, err := s.rooms.ListRooms(s.t.Context(), &livekit.ListRoomsRequest{Names: []string{s.room.ID}})
	if err != nil {
		s.t.Fatalf("ListRooms: %v", err)
	}
	return len(resp.Rooms) > 0
}

// webhooksAbout are those of a kind about one person, from LiveKit.
func (s *system) webhooksAbout(kind, identity string) (found []livekittest.Webhook) {
	for _, h := range s.hooks.Arrived() {
		if h.Event == kind && h.Identity == identity {
			found = append(found, h)
		}
	}
	return found
}

// comeBack has somebody connect to a foreign LiveKit until they are removed, and
// says how long LiveKit let them be inside, if it did. Who comes in while LiveKit
// 1.13.5 closes a room can be left, alone, in one that it has forgotten: no call
// reaches it, and it is as good as not having been let in.
func (s *system) comeBack(p pass, token string) (stayed time.Duration, joined bool) {
	s.t.Helper()
	before := len(s.webhooksAbout("participant_joined", p.Identity))
	if back, err := livekittest.TryJoinFor(s.t, p.url(), token, 5*time.Second); err == nil {
		seen := time.Now()
		forgotten := func() bool {
			if s.hasMediaRoom() {
				seen = time.Now()
			}
			return time.Since(seen) > 20*time.Second
		}
		livekittest.Wait(s.t, "them to be disconnected", func() bool { return back.Gone() || forgotten() })
		if !back.Gone() {
			s.t.Logf("%s was left in a room that LiveKit has forgotten", p.Identity)
			return 0, false
		}
	}
	came := s.webhooksAbout("participant_joined", p.Identity)
	if len(came) <= before {
		return 0, false
	}
	var gone time.Time
	livekittest.Wait(s.t, "LiveKit to tell that they are gone", func() bool {
		for _, h := range s.webhooksAbout("participant_left", p.Identity) {
			if !h.At.Before(came[before].At) {
				gone = h.At
				return true
			}
		}
		return false
	})
	return gone.Sub(came[before].At), true
}

// isRemoved has somebody come back to a foreign LiveKit, and says how long it let them
// be inside before they were removed.
func (s *system) isRemoved(p pass, token string) (stayed time.Duration) {
	s.t.Helper()
	livekittest.Wait(s.t, "LiveKit to let them in", func() (joined bool) {
		stayed, joined = s.comeBack(p, token) // else reconciliation was faster than LiveKit's own word of it
		return joined
	})
	return stayed
}

// staysOut has somebody connect with dead tokens. Through our own port they are
// refused with that status; a foreign LiveKit lets them in and they are removed.
func (s *system) staysOut(what string, status int, p pass, tokens ...string) {
	s.t.Helper()
	for _, token := range append(tokens, p.Token) {
		if s.mode == inside {
			if got := livekittest.SignallingStatus(s.t, p.url(), token); got != status {
				s.t.Errorf("%s: got status %d, want %d", what, got, status)
			}
			continue
		}
		s.within(what, s.isRemoved(p, token), time.Second)
	}
	livekittest.Wait(s.t, "nobody of that identity inside", func() bool {
		return !contains(s.participants(), p.Identity)
	})
}

// staysShut has somebody connect to a room that is over. If a foreign LiveKit
// makes its media room again for that, it is soon deleted.
func (s *system) staysShut(what string, p pass, tokens ...string) {
	s.t.Helper()
	for _, token := range append(tokens, p.Token) {
		if s.mode == inside {
			if got := livekittest.SignallingStatus(s.t, p.url(), token); got != http.StatusNotFound {
				s.t.Errorf("%s: got status %d, want 404", what, got)
			}
			continue
		}
		stayed, joined := s.comeBack(p, token)
		livekittest.Wait(s.t, "the media room to be gone", func() bool { return !s.hasMediaRoom() })
		if joined { // else the room's end was faster than their way in
			s.within(what, stayed, time.Second)
		}
	}
}
