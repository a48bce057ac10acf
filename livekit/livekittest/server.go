package livekittest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"roomkey/meet/meettest/freeport"
)

// Server is the stock livekit-server program in a process of its own: what a
// foreign LiveKit is like. Rooms make themselves there (auto_create), and package
// embedded has no part in it.
type Server struct {
	tb      testing.TB
	program string
	options ServerOptions
	port    int // of signalling and API
	udpPort int // of media
	tcpPort int // of media where UDP is blocked
	output  Output
	cmd     *exec.Cmd
	exited  <-chan struct{} // closed when cmd has ended
}

// ServerOptions say where a [Server] differs from the stock one.
type ServerOptions struct {
	Webhooks []string // URLs that get its webhooks, signed with APIKey
	Redis    string   // host and port, for one node of a cluster; empty is a server by itself

	// MediaIP is where participants are told to send media, over UDP alone. Media
	// is received at 127.0.0.1 all the same. Empty is 127.0.0.1, with TCP.
	MediaIP string
}

// stock is the path of the program. The go command builds it once and keeps it;
// go.mod names it as a tool.
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

// StartServer runs the stock server on free loopback ports with [APIKey] and
// [APISecret], and ends it after the test or with the test's process. It takes a
// quarter of a second once it is built.
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
			tb.Fatalf("start LiveKit: %v\n%s", err, s.output.Tail())
		}
	}
	tb.Cleanup(func() {
		s.Kill()
		if tb.Failed() {
			tb.Logf("LiveKit at %s said:\n%s", s.URL(), s.output.Tail())
		}
	})
	return s
}

// URL is where signalling and API are.
func (s *Server) URL() string { return fmt.Sprintf("http://127.0.0.1:%d", s.port) }

// UDPPort is the port of media.
func (s *Server) UDPPort() int { return s.udpPort }

// Kill ends the process without a word, as a crash does. A second time it does
// nothing.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// Restart kills it if it still runs, and starts it again on the same ports with
// the same settings and without any memory.
func (s *Server) Restart() {
	s.tb.Helper()
	s.Kill()
	if err := s.start(); err != nil {
		s.tb.Fatalf("start LiveKit again: %v\n%s", err, s.output.Tail())
	}
}

// choosePorts takes three free ones.
func (s *Server) choosePorts() (err error) {
	for _, port := range []*int{&s.port, &s.udpPort, &s.tcpPort} {
		if *port, err = freeport.Find(); err != nil {
			return err
		}
	}
	return nil
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
			"stun_servers": []string{"127.0.0.1:9"}, // nothing answers there; the default ones are on the internet
		},
	}
	if s.options.MediaIP != "" {
		rtc := settings["rtc"].(object)
		rtc["node_ip"], rtc["tcp_port"] = s.options.MediaIP, 0
		rtc["use_ice_lite"] = true // else it tries the participants' addresses by itself
	}
	if len(s.options.Webhooks) > 0 {
		settings["webhook"] = object{"api_key": APIKey, "urls": s.options.Webhooks}
	}
	if s.options.Redis != "" {
		settings["redis"] = object{"address": s.options.Redis}
	}
	text, err := json.Marshal(settings)
	return string(text), err
}

// start runs the program and returns when it answers.
func (s *Server) start() error {
	settings, err := s.settings()
	if err != nil {
		return err
	}
	s.cmd = exec.Command(s.program) //nolint:gosec,noctx // it is ended by Kill
	s.cmd.Env = []string{"LIVEKIT_CONFIG=" + settings}
	ready := &readiness{to: &s.output, seen: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = ready, ready
	if s.exited, err = StartProcess(s.cmd); err != nil {
		return err
	}
	select {
	case <-ready.seen:
		err = s.answers()
	case <-s.exited:
		return fmt.Errorf("it ended: %v", s.cmd.ProcessState)
	case <-time.After(patience):
		err = fmt.Errorf("it did not start within %v", patience)
	}
	if err != nil {
		s.Kill()
	}
	return err
}

// answers waits until the API answers.
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

// readiness passes on what LiveKit writes, and sees when LiveKit has its ports.
type readiness struct {
	to   *Output
	seen chan struct{}
	once sync.Once
}

// Write gets whole lines, as LiveKit's logger writes them.
func (r *readiness) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("starting LiveKit server")) {
		r.once.Do(func() { close(r.seen) })
	}
	return r.to.Write(p)
}
