package main

import (
	"bytes"
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
	"roomkey/cmd/roomkey/internal/programtest"
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
	own := append(bareEnvironment(dir), "ROOMKEY_LISTEN="+programtest.FreeAddress(t))
	cmd := command(dir, append(own, env...), "doctor")
	var out bytes.Buffer
	cmd.Stdout = &out
	p, err := start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(doctorWithin):
		p.kill()
		t.Errorf("the doctor still ran after %v", doctorWithin)
	}
	said = out.String()
	all := said + p.err.String()
	if programtest.TokenPattern.MatchString(all) || strings.Contains(all, livekittest.APISecret) {
		t.Errorf("the doctor: got %s, want no token and no secret in it", all)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("after the doctor: got %v in the folder, %v, want nothing", left, err)
	}
	return said, cmd.ProcessState.ExitCode()
}

// holdSaid runs the doctor, and holds it to an exit code and to lines that begin
// as wanted.
func holdSaid(t *testing.T, env []string, wantCode int, want ...string) (said string) {
	t.Helper()
	said, code := runDoctor(t, env...)
	if code != wantCode {
		t.Errorf("exit code: got %d, want %d", code, wantCode)
	}
	for _, line := range want {
		if !strings.Contains("\n"+said, "\n"+line) {
			t.Errorf("the doctor: got\n%s\nwant a line that begins with %q", said, line)
		}
	}
	return said
}

// proxiedLiveKit is a real LiveKit, and a proxy before it in which requests that
// may not pass hang.
func proxiedLiveKit(t *testing.T, passes func(*http.Request) bool) (lk *embedded.Server, proxy http.Handler) {
	t.Helper()
	lk, err := embedded.Start(t.Context(),
		embedded.Config{APIKey: livekittest.APIKey, APISecret: livekittest.APISecret})
	if err != nil {
		t.Fatalf("start LiveKit: %v", err)
	}
	t.Cleanup(func() { _ = lk.Stop() })
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
	return []string{"LIVEKIT_URL=" + url, "LIVEKIT_API_KEY=" + livekittest.APIKey,
		"LIVEKIT_API_SECRET=" + livekittest.APISecret}
}

// A LiveKit that takes connections and says nothing is given up in time.
func TestDoctorOfHangingLiveKit(t *testing.T) {
	t.Parallel()
	lk := programtest.StartHangingLiveKit(t)
	holdSaid(t, livekitEnv(lk), 1, "ok   data: ", "FAIL livekit: no LiveKit answers at "+lk+": no answer came in time")
}

// A foreign LiveKit of which only a part works. The media room is gone after
// that, where it can be deleted.
func TestDoctorOfBrokenLiveKit(t *testing.T) {
	t.Parallel()
	const answered404 = "FAIL signalling: nobody can join: a WebSocket to SIGNALLING/rtc is answered with 404"
	var dead atomic.Bool
	for name, test := range map[string]struct {
		passes func(*http.Request) bool
		want   []string
	}{
		"signalling hangs": {func(r *http.Request) bool { return !strings.HasPrefix(r.URL.Path, "/rtc") },
			[]string{"FAIL signalling: clients cannot connect to SIGNALLING: no answer came in time"}},
		"the proxy has the API alone": {func(r *http.Request) bool {
			r.URL.Path = strings.Replace(r.URL.Path, "/rtc", "/nowhere", 1)
			return true
		}, []string{answered404}},
		"the proxy passes on no WebSockets": {func(r *http.Request) bool {
			r.Header.Del("Connection")
			r.Header.Del("Upgrade")
			return true
		}, []string{answered404, "       proxy_set_header Upgrade $http_upgrade;"}},
		"LiveKit hangs once it has made the room": {func(r *http.Request) bool {
			return !dead.Load() && (path.Base(r.URL.Path) != "CreateRoom" || dead.CompareAndSwap(false, true))
		}, []string{"FAIL signalling: ", "warn livekit: the media room roomkey-doctor-"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lk, proxy := proxiedLiveKit(t, test.passes)
			server := httptest.NewServer(proxy)
			t.Cleanup(server.Close)
			want := []string{"warn webhook: not checked"}
			for _, line := range test.want {
				want = append(want, strings.Replace(line, "SIGNALLING", config.WebSocketURL(server.URL), 1))
			}
			holdSaid(t, livekitEnv(server.URL), 1, want...)
			if strings.HasPrefix(name, "LiveKit hangs") {
				return // and keeps the room
			}
			living, err := lksdk.NewRoomServiceClient(lk.URL(), livekittest.APIKey, livekittest.APISecret).
				ListRooms(t.Context(), &livekit.ListRoomsRequest{})
			if err != nil || len(living.GetRooms()) > 0 {
				t.Errorf("media rooms: got %v, %v, want none", living.GetRooms(), err)
			}
		})
	}
}

// Over TLS everything is the same, once the certificate is trusted.
func TestDoctorOverTLS(t *testing.T) {
	t.Parallel()
	_, proxy := proxiedLiveKit(t, func(*http.Request) bool { return true })
	server := httptest.NewUnstartedServer(proxy)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	secure := "wss" + strings.TrimPrefix(server.URL, "https")
	holdSaid(t, livekitEnv(secure), 1,
		"FAIL livekit: no LiveKit answers at "+secure+": its certificate is not trusted here")

	trusted := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(trusted, block, 0o600); err != nil {
		t.Fatal(err)
	}
	holdSaid(t, append(livekitEnv(secure), "SSL_CERT_FILE="+trusted), 0,
		"ok   livekit: the API at "+secure, "ok   signalling: clients reach "+secure)
}
