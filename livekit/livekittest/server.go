package livekittest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Server is the livekit-server program as its makers ship it, in a process of
// its own: what a foreign LiveKit is like. Rooms make themselves there
// (auto_create), and nothing of package embedded has a hand in it.
type Server struct {
	tb       testing.TB
	program  string
	options  ServerOptions
	port     int // of signalling and API
	udpPort  int // of media
	tcpPort  int // of media where UDP is blocked
	output   output
	cmd      *exec.Cmd
	exited   chan struct{} // closed when cmd has ended
	stopping sync.Mutex    // held by whoever starts or ends the process
}

// ServerOptions say where a [Server] is not as it comes.
type ServerOptions struct {
	Webhooks []string // URLs that get its webhooks, signed with APIKey
}

// stock is the program. The go command builds it once and keeps it, with what
// it builds everything from; go.mod names it as a tool.
var stock = sync.OnceValues(func() (string, error) {
	const program = "github.com/livekit/livekit-server/cmd/server"
	build := exec.Command("go", "tool", "-n", program) //nolint:noctx // the test's own deadline is enough
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	var stderr bytes.Buffer
	build.Stderr = &stderr
	out, err := build.Output()
	if err != nil {
		return "", fmt.Errorf("build %s: %w: %s", program, err, &stderr)
	}
	return strings.TrimSpace(string(out)), nil
})

// StartServer runs a LiveKit server as a process on free ports of this machine,
// with [APIKey] and [APISecret], and ends it after the test or with the test's
// process. Where it listens is settled, for it must not leave this machine; all
// else is as it comes. It takes a quarter of a second once it is built.
func StartServer(tb testing.TB, options ServerOptions) *Server {
	tb.Helper()
	program, err := stock()
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{tb: tb, program: program, options: options}
	const attempts = 5
	for n := 1; ; n++ {
		if err := s.choosePorts(); err != nil {
			tb.Fatal(err)
		}
		if err = s.start(); err == nil {
			break
		}
		if n == attempts || !strings.Contains(s.output.String(), "address already in use") {
			tb.Fatalf("start LiveKit: %v\n%s", err, &s.output)
		}
	}
	tb.Cleanup(func() {
		s.Kill()
		if tb.Failed() {
			tb.Logf("LiveKit at %s said:\n%s", s.URL(), &s.output)
		}
	})
	return s
}

// URL is where signalling and API are.
func (s *Server) URL() string { return fmt.Sprintf("http://127.0.0.1:%d", s.port) }

// Kill ends the process without a word, as a crash does. Killing twice does
// nothing.
func (s *Server) Kill() {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	_ = s.cmd.Process.Kill() // who has ended already is as dead
	<-s.exited
}

// Restart kills it if it still runs, and starts it again at the same place,
// with the same settings and without any memory.
func (s *Server) Restart() {
	s.tb.Helper()
	s.Kill()
	if err := s.start(); err != nil {
		s.tb.Fatalf("start LiveKit again: %v\n%s", err, &s.output)
	}
}

// choosePorts takes three that nobody listens on.
func (s *Server) choosePorts() (err error) {
	for _, port := range []*int{&s.port, &s.udpPort, &s.tcpPort} {
		if *port, err = freePort(); err != nil {
			return err
		}
	}
	return nil
}

var nextPort atomic.Int32

// freePort gives a port that nobody listens on, by TCP or UDP. It is below
// those that the system hands out by itself, so that nobody gets it by chance
// while the server is dead.
func freePort() (int, error) {
	const first, count = 10000, 10000
	nextPort.CompareAndSwap(0, int32(os.Getpid()*131%count)+1)
	for range count {
		port := first + int(nextPort.Add(1)%count)
		address := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
		l, err := net.ListenTCP("tcp", &address)
		if err != nil {
			continue
		}
		c, err := net.ListenUDP("udp", (*net.UDPAddr)(&address))
		if err != nil {
			_ = l.Close()
			continue
		}
		return port, errors.Join(l.Close(), c.Close())
	}
	return 0, errors.New("no free port")
}

// settings is the configuration file. JSON is YAML.
func (s *Server) settings() (string, error) {
	type object = map[string]any
	settings := object{
		"port":           s.port,
		"bind_addresses": []string{"127.0.0.1"},
		"keys":           object{APIKey: APISecret},
		"rtc": object{
			"udp_port": s.udpPort, "tcp_port": s.tcpPort, "node_ip": "127.0.0.1",
			"ips": object{"includes": []string{"127.0.0.1/32"}}, "enable_loopback_candidate": true,
			"stun_servers": []string{"127.0.0.1:9"}, // nobody is there; the default ones are on the internet
		},
	}
	if len(s.options.Webhooks) > 0 {
		settings["webhook"] = object{"api_key": APIKey, "urls": s.options.Webhooks}
	}
	text, err := json.Marshal(settings)
	return string(text), err
}

// start runs the program and returns when it answers.
func (s *Server) start() error {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	settings, err := s.settings()
	if err != nil {
		return err
	}
	cmd := exec.Command(s.program) //nolint:gosec,noctx // it is ended by Kill
	cmd.Env = []string{"LIVEKIT_CONFIG=" + settings}
	ready := &readiness{to: &s.output, said: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = ready, ready
	exited := make(chan struct{})
	started := make(chan error)
	go func() {
		defer close(exited)
		DieWithParent(cmd)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is killed, which is no news
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.cmd, s.exited = cmd, exited

	select {
	case <-ready.said:
	case <-exited:
		return fmt.Errorf("it ended: %v", cmd.ProcessState)
	case <-time.After(patience):
		err = fmt.Errorf("it did not start within %v", patience)
	}
	if err = cmp.Or(err, s.answers()); err != nil {
		_ = cmd.Process.Kill()
		<-exited
	}
	return err
}

// answers waits until the API does.
func (s *Server) answers() error {
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		resp, err := http.Get(s.URL()) //nolint:gosec,noctx // our own, on this machine
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(resp.Status)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("it does not answer: %w", err)
		}
	}
}

// readiness hands on what LiveKit writes, and sees when it has all its ports.
type readiness struct {
	to   *output
	said chan struct{}
	once sync.Once
}

// Write is called with whole lines, as LiveKit's logger writes them.
func (r *readiness) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("starting LiveKit server")) {
		r.once.Do(func() { close(r.said) })
	}
	return r.to.Write(p)
}

// output is the end of what a process has written.
type output struct {
	mu  sync.Mutex
	buf []byte
}

// Write forgets what is long past.
func (o *output) Write(p []byte) (int, error) {
	const enough = 8 << 10
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf = append(o.buf, p...)
	if len(o.buf) > 2*enough {
		o.buf = append([]byte("…"), o.buf[len(o.buf)-enough:]...)
	}
	return len(p), nil
}

// String is what there is.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.buf)
}
