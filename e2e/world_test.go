package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/auth"
	"roomkey/livekit/livekittest"
)

// mode says which LiveKit a roomkey works with.
type mode string

const (
	inside  mode = "inside"  // in its own process
	foreign mode = "foreign" // the stock server, in a process of its own
)

// secret signs access tokens here.
const secret = "a-signing-secret-for-the-tests-of-all"

// world is a running roomkey with its LiveKit.
type world struct {
	tb        testing.TB
	mode      mode
	url       string // of roomkey
	dir       string
	env       []string
	authority *auth.Authority

	livekit *livekittest.Server   // nil for the one inside
	hooks   *livekittest.Webhooks // nil for the one inside
	rooms   *lksdk.RoomServiceClient
	key     string // of LiveKit
	secret  string // of LiveKit

	output output

	mu      sync.Mutex
	process *process // that runs now
	secrets []string // that were given out
	fates   map[string]func(livekittest.Webhook) livekittest.Fate
}

// process is one life of roomkey.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{}
}

// shared are the worlds of the tests that kill nobody.
var shared = map[mode]func() *world{}

// each runs a case in both worlds, which others share.
func each(t *testing.T, test func(*testing.T, *world)) {
	t.Parallel()
	for _, m := range []mode{inside, foreign} {
		t.Run(string(m), func(t *testing.T) {
			t.Parallel()
			test(t, shared[m]())
		})
	}
}

// eachAlone runs a case in two worlds of its own.
func eachAlone(t *testing.T, test func(*testing.T, *world)) {
	t.Parallel()
	for _, m := range []mode{inside, foreign} {
		t.Run(string(m), func(t *testing.T) {
			t.Parallel()
			test(t, start(t, m))
		})
	}
}

// start makes a world, with more in roomkey's environment, and ends it after the
// test.
func start(tb testing.TB, m mode, env ...string) *world {
	tb.Helper()
	w := &world{tb: tb, mode: m, dir: tb.TempDir(), fates: map[string]func(livekittest.Webhook) livekittest.Fate{}}
	address, api := freeAddress(tb), freeAddress(tb)
	w.url = "http://" + address
	w.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/no-home", "TMPDIR=" + w.dir, "ROOMKEY_AUTH_SECRET=" + secret,
		"ROOMKEY_LISTEN=" + address, "ROOMKEY_HTTP_TRUSTED_PROXIES=127.0.0.1/32", "ROOMKEY_LOG_LEVEL=debug"}
	authority, err := auth.NewAuthority([]byte(secret), nil)
	if err == nil {
		w.key, w.secret, err = auth.LiveKitKey([]byte(secret))
	}
	if err != nil {
		tb.Fatal(err)
	}
	w.authority = authority
	if m == foreign {
		w.key, w.secret = livekittest.APIKey, livekittest.APISecret
		w.hooks = livekittest.StartWebhooks(tb, w.url+"/livekit/webhook")
		w.hooks.TreatEach(w.treat)
		w.livekit = livekittest.StartServer(tb, livekittest.ServerOptions{Webhooks: []string{w.hooks.URL()}})
		w.env = append(w.env, "LIVEKIT_URL="+w.livekit.URL(), "LIVEKIT_API_KEY="+w.key, "LIVEKIT_API_SECRET="+w.secret)
		api = strings.TrimPrefix(w.livekit.URL(), "http://")
	} else {
		w.env = append(w.env, "ROOMKEY_LIVEKIT_EMBEDDED_PORT="+api[strings.LastIndex(api, ":")+1:])
	}
	w.env = append(w.env, env...)
	w.rooms = lksdk.NewRoomServiceClient("http://"+api, w.key, w.secret)
	w.run()
	tb.Cleanup(func() {
		w.kill()
		w.checkSecrets()
		if tb.Failed() {
			tb.Logf("roomkey (%s) said:\n%s", m, w.output.end())
		}
	})
	return w
}

// run starts roomkey and waits until it is ready.
func (w *world) run() {
	w.tb.Helper()
	cmd := exec.Command(program, "serve", "--data", filepath.Join(w.dir, "data"))
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = w.dir, w.env, &w.output, &w.output
	p, started := &process{cmd, make(chan struct{})}, make(chan error)
	go func() {
		livekittest.DieWithParent(cmd)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // killed, always
		}
		close(p.exited)
	}()
	if err := <-started; err != nil {
		w.tb.Fatalf("start roomkey: %v", err)
	}
	w.mu.Lock()
	w.process = p
	w.mu.Unlock()
	for deadline := time.Now().Add(patience); !saysYes(w.url + "/readyz"); time.Sleep(10 * time.Millisecond) {
		select {
		case <-p.exited:
			w.tb.Fatalf("roomkey ended: %v\n%s", cmd.ProcessState, w.output.end())
		default:
		}
		if time.Now().After(deadline) {
			w.tb.Fatalf("roomkey is not ready\n%s", w.output.end())
		}
	}
}

// kill ends roomkey without a word (kill -9).
func (w *world) kill() {
	w.mu.Lock()
	p := w.process
	w.mu.Unlock()
	if p != nil {
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}

// restart ends roomkey without a word and starts it again.
func (w *world) restart() {
	w.tb.Helper()
	w.kill()
	w.run()
}

// saysYes says whether a GET is answered with 200.
func saysYes(url string) bool {
	resp, err := http.Get(url)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// treat asks the test of a webhook's room what becomes of it.
func (w *world) treat(h livekittest.Webhook) livekittest.Fate {
	w.mu.Lock()
	decide := w.fates[h.Room]
	w.mu.Unlock()
	if decide == nil {
		return livekittest.Pass
	}
	return decide(h)
}

// keepSecret remembers what must never be seen in roomkey's output.
func (w *world) keepSecret(s string) {
	if s != "" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.secrets = append(w.secrets, s)
	}
}

// checkSecrets looks for every secret of the run in what roomkey said.
func (w *world) checkSecrets() {
	said := w.output.all()
	for _, s := range append(w.secrets, secret, w.secret) {
		if bytes.Contains(said, []byte(s)) {
			w.tb.Errorf("a secret of %d characters is in roomkey's output (%s)", len(s), w.mode)
		}
	}
}

// output keeps what a process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) all() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.buf.Bytes())
}

// about are the lines that name something, and all warnings.
func (o *output) about(what string) string {
	var lines strings.Builder
	for line := range bytes.Lines(o.all()) {
		if bytes.Contains(line, []byte(what)) || bytes.Contains(line, []byte("level=WARN")) {
			lines.Write(line)
		}
	}
	return lines.String()
}

// end is what a failed test shows.
func (o *output) end() string {
	const enough = 16 << 10
	all := o.all()
	return string(all[max(0, len(all)-enough):])
}

var nextPort atomic.Int32

// freeAddress gives a loopback address that nobody listens on. It is below the
// ports that the system hands out by itself, so nobody gets it by chance while
// roomkey is dead.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	const first, count = 30000, 2700
	nextPort.CompareAndSwap(0, int32(os.Getpid()*131%count)+1)
	err := errors.New("no free port")
	for range count {
		address := fmt.Sprintf("127.0.0.1:%d", first+nextPort.Add(1)%count)
		var l net.Listener
		if l, err = net.Listen("tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	tb.Fatal(err)
	return ""
}
