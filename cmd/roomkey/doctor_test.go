package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
)

// doctorWithin is far more than the doctor may take, whatever hangs.
const doctorWithin = 2 * time.Minute

// runDoctor runs the doctor in a process of its own, in an empty folder, and
// gives what it says and its exit code.
func runDoctor(t *testing.T, env ...string) (said string, code int) {
	t.Helper()
	dir := t.TempDir()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	cmd := command(dir, append(append(bareEnvironment(dir), "ROOMKEY_LISTEN="+address), env...), "doctor")
	var out bytes.Buffer
	cmd.Stdout = &out
	started := time.Now()
	p, err := start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(doctorWithin):
		p.kill()
		t.Errorf("the doctor still ran after %v", time.Since(started))
	}
	said = out.String()
	if all := said + p.err.all(); token.MatchString(all) || strings.Contains(all, livekittest.APISecret) {
		t.Errorf("the doctor: got %s, want no token and no secret in it", all)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("after the doctor: got %v in the folder, %v, want nothing", left, err)
	}
	return said, cmd.ProcessState.ExitCode()
}

func holdSaid(t *testing.T, said string, want ...string) {
	t.Helper()
	for _, line := range want {
		if !strings.Contains("\n"+said, "\n"+line) {
			t.Errorf("the doctor: got\n%s\nwant a line that begins with %q", said, line)
		}
	}
}

// A LiveKit that takes connections and says nothing is given up in time.
func TestDoctorOfHangingLiveKit(t *testing.T) {
	t.Parallel()
	lk := startHangingLiveKit(t)
	said, code := runDoctor(t, "LIVEKIT_URL="+lk, "LIVEKIT_API_KEY=key", "LIVEKIT_API_SECRET=of-nobody")
	if code != 1 {
		t.Errorf("exit code: got %d, want 1", code)
	}
	holdSaid(t, said, "ok   database: ", "FAIL livekit: no LiveKit answers at "+lk+": no answer came in time")
}

// lameLiveKit is a real LiveKit, which tells what happens at webhook unless that
// is empty, and a proxy before it in which requests that may not pass hang.
func lameLiveKit(t *testing.T, webhook string, passes func(*http.Request) bool) (lk *embedded.Server, proxy http.Handler) {
	t.Helper()
	lk, err := embedded.Start(t.Context(), embedded.Config{APIKey: livekittest.APIKey, APISecret: livekittest.APISecret, Webhook: webhook})
	if err != nil {
		t.Fatalf("start LiveKit: %v", err)
	}
	t.Cleanup(func() { _ = lk.Stop(context.Background()) })
	target, err := url.Parse(lk.URL())
	if err != nil {
		t.Fatal(err)
	}
	reverse := httputil.NewSingleHostReverseProxy(target)
	return lk, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !passes(r) {
			_, _ = io.Copy(io.Discard, r.Body) // only then a server notices that the sender is gone
			<-r.Context().Done()
			return
		}
		reverse.ServeHTTP(w, r)
	})
}

func livekitEnv(url string) []string {
	return []string{"LIVEKIT_URL=" + url, "LIVEKIT_API_KEY=" + livekittest.APIKey, "LIVEKIT_API_SECRET=" + livekittest.APISecret}
}

// A LiveKit whose API answers and whose signalling hangs: both are told, in
// time, and the media room is gone.
func TestDoctorOfHangingSignalling(t *testing.T) {
	t.Parallel()
	var deleted atomic.Int32
	lk, proxy := lameLiveKit(t, "", func(r *http.Request) bool {
		if path.Base(r.URL.Path) == "DeleteRoom" {
			deleted.Add(1)
		}
		return !strings.HasPrefix(r.URL.Path, "/rtc")
	})
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	said, code := runDoctor(t, livekitEnv(server.URL)...)
	if code != 1 {
		t.Errorf("exit code: got %d, want 1", code)
	}
	holdSaid(t, said, "ok   livekit: the API at "+server.URL, "FAIL signalling: clients cannot connect to "+config.WebSocketURL(server.URL)+": no answer came in time",
		"FAIL webhook: nothing arrived from LiveKit")
	living, err := lksdk.NewRoomServiceClient(lk.URL(), livekittest.APIKey, livekittest.APISecret).ListRooms(t.Context(), &livekit.ListRoomsRequest{})
	if err != nil || len(living.GetRooms()) > 0 || deleted.Load() == 0 {
		t.Errorf("media rooms: got %v, %v after %d deletions, want none after one", living.GetRooms(), err, deleted.Load())
	}
}

// A proxy before LiveKit that leads to its API alone.
func TestDoctorOfHalfAProxy(t *testing.T) {
	t.Parallel()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	_, proxy := lameLiveKit(t, "http://"+address+webhookPath, func(*http.Request) bool { return true })
	half := http.NewServeMux()
	half.Handle("/twirp/", proxy)
	server := httptest.NewServer(half)
	t.Cleanup(server.Close)
	said, code := runDoctor(t, append(livekitEnv(server.URL), "ROOMKEY_LISTEN="+address)...)
	if code != 1 {
		t.Errorf("exit code: got %d, want 1", code)
	}
	holdSaid(t, said, "ok   livekit: ", "FAIL signalling: "+config.WebSocketURL(server.URL)+"/rtc/validate answers with 404 to a good join token", "ok   webhook: ")
}

// A LiveKit that makes the room and hangs ever after.
func TestDoctorOfLiveKitThatDies(t *testing.T) {
	t.Parallel()
	var dead atomic.Bool
	_, proxy := lameLiveKit(t, "", func(r *http.Request) bool {
		if dead.Load() {
			return false
		}
		dead.Store(path.Base(r.URL.Path) == "CreateRoom")
		return true
	})
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	said, code := runDoctor(t, livekitEnv(server.URL)...)
	if code != 1 {
		t.Errorf("exit code: got %d, want 1", code)
	}
	holdSaid(t, said, "FAIL signalling: ", "warn livekit: the media room roomkey-doctor-", "FAIL webhook: ")
}

// Over TLS everything is the same, once the certificate is trusted.
func TestDoctorOverTLS(t *testing.T) {
	t.Parallel()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	_, proxy := lameLiveKit(t, "http://"+address+webhookPath, func(*http.Request) bool { return true })
	server := httptest.NewUnstartedServer(proxy)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	secure := "wss" + strings.TrimPrefix(server.URL, "https")
	said, code := runDoctor(t, livekitEnv(secure)...)
	if code != 1 {
		t.Errorf("exit code: got %d, want 1", code)
	}
	holdSaid(t, said, "FAIL livekit: no LiveKit answers at "+secure+": its certificate is not trusted here")

	trusted := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(trusted, block, 0o600); err != nil {
		t.Fatal(err)
	}
	said, code = runDoctor(t, append(livekitEnv(secure), "SSL_CERT_FILE="+trusted, "ROOMKEY_LISTEN="+address)...)
	if code != 0 {
		t.Errorf("exit code: got %d, want 0", code)
	}
	holdSaid(t, said, "ok   livekit: the API at "+secure, "ok   signalling: clients reach "+secure, "ok   webhook: ")
}
