package pagetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"roomkey/livekit/livekittest"
)

// roomkeyProgram is the program as "make run" builds it.
var roomkeyProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "roomkey-program-")
	if err != nil {
		return "", err
	}
	stops.Lock()
	stops.all = append(stops.all, func() { _ = os.RemoveAll(dir) })
	stops.Unlock()
	path := filepath.Join(dir, "roomkey")
	build := exec.Command("go", "build", "-o", path, "roomkey/cmd/roomkey")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build roomkey: %w: %s", err, out)
	}
	return path, nil
})

// program is a testServer that is a process, as "make run" starts it: with its
// defaults, but a port and a data folder of its own.
type program struct {
	*testServer
	path string
	dir  string
	env  []string
	log  *lockedBuffer
}

// serve starts a Roomkey, with more in its environment.
func serve(t *testing.T, env ...string) *program {
	t.Helper()
	return serveWith(t, nil, env...)
}

// serveWith is serve with further arguments.
func serveWith(t *testing.T, arguments []string, env ...string) *program {
	t.Helper()
	path, err := roomkeyProgram()
	must(t, err)
	s := &program{testServer: &testServer{t: t}, path: path, dir: t.TempDir(), log: &lockedBuffer{}}
	s.env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/no-home", "TMPDIR=" + s.dir, "ROOMKEY_LISTEN=127.0.0.1:0",
		"ROOMKEY_DATA=" + filepath.Join(s.dir, "data")}, env...)
	cmd := exec.Command(path, append([]string{"serve"}, arguments...)...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, s.env, s.log, s.log
	exited := make(chan struct{})
	must(t, cmd.Start())
	go func() { defer close(exited); _ = cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-exited
		if t.Failed() {
			t.Logf("roomkey said:\n%s", s.log)
		}
	})
	livekittest.Wait(t, "roomkey to serve", func() bool {
		lock, err := os.ReadFile(filepath.Join(s.dir, "data", "lock"))
		address, _, _ := strings.Cut(string(lock), "\n")
		if err != nil || address == "" {
			return false
		}
		s.url = "http://" + address
		resp, err := http.Get(s.url + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return s
}

// call calls a tool as the owner and fills answer, unless that is nil.
func (s *program) call(answer any, tool, arguments string) {
	s.t.Helper()
	cmd := exec.Command(s.path, "call", tool, "--json", arguments)
	var stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stderr = s.dir, s.env, &stderr
	out, err := cmd.Output()
	if err == nil && answer != nil {
		err = json.Unmarshal(out, answer)
	}
	if err != nil {
		s.t.Fatalf("call %s %s: %v\n%s", tool, arguments, err, &stderr)
	}
}

// makeRoom makes a room with those settings (JSON) and gives its name and a
// code for every role.
func (s *program) makeRoom(settings string) (name string, codes map[string]string) {
	s.t.Helper()
	var made struct {
		Room  struct{ Name string }
		Codes []struct{ Role, Code string }
	}
	s.call(&made, "create_room", `{"create_codes": true, "settings": `+settings+`}`)
	codes = map[string]string{}
	for _, code := range made.Codes {
		codes[code.Role] = code.Code
	}
	return made.Room.Name, codes
}

// identityIn is that of the participant with the name.
func (s *program) identityIn(room, name string) string {
	s.t.Helper()
	var people struct {
		Participants []struct{ Identity, Name string }
	}
	s.call(&people, "list_participants", `{"room_id": `+quote(room)+`}`)
	for _, p := range people.Participants {
		if p.Name == name {
			return p.Identity
		}
	}
	s.t.Fatalf("nobody in %s is called %q: %+v", room, name, people)
	return ""
}

// tlsProxy is a reverse proxy with TLS before a Roomkey that does not run yet.
type tlsProxy struct {
	url    string
	server *httptest.Server
}

func newTLSProxy(t *testing.T) *tlsProxy {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close)
	host := strings.Replace(server.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	return &tlsProxy{url: "https://" + host, server: server}
}

// lead makes the proxy pass everything on to the server, which is reached there
// from then on.
func (p *tlsProxy) lead(to *testServer) {
	target := mustURL(to.url)
	p.server.Config.Handler = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
		r.SetXForwarded()
	}}
	p.server.StartTLS()
	to.url = p.url
}

// lockedBuffer is a buffer that one goroutine reads while another writes.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
