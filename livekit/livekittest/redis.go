package livekittest

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"

	"roomkey/meet/meettest/freeport"
)

// Redis is what the nodes of a LiveKit cluster keep together. It writes each change
// to a file, so a killed one has everything again after a restart.
type Redis struct {
	tb     testing.TB
	dir    string
	port   int
	output Output
	cmd    *exec.Cmd
	exited <-chan struct{} // closed when cmd has ended
}

// StartRedis runs one on a free loopback port and ends it after the test. Where there
// is no redis-server, the test is skipped.
func StartRedis(tb testing.TB) *Redis {
	tb.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		tb.Skip("there is no redis-server on this machine (apt-get install redis-server)")
	}
	port, err := freeport.Find()
	if err != nil {
		tb.Fatal(err)
	}
	r := &Redis{tb: tb, dir: tb.TempDir(), port: port}
	r.start()
	tb.Cleanup(func() {
		r.Kill()
		if tb.Failed() {
			tb.Logf("Redis said:\n%s", r.output.Tail())
		}
	})
	return r
}

// Address is host and port.
func (r *Redis) Address() string { return fmt.Sprintf("127.0.0.1:%d", r.port) }

// Kill ends the process without a word. A second time it does nothing.
func (r *Redis) Kill() {
	_ = r.cmd.Process.Kill()
	<-r.exited
}

// Restart kills it if it still runs, and starts it again at the same address with
// everything that it had.
func (r *Redis) Restart() {
	r.tb.Helper()
	r.Kill()
	r.start()
}

// start runs the program and returns when it answers.
func (r *Redis) start() {
	r.tb.Helper()
	r.cmd = exec.Command("redis-server", //nolint:gosec,noctx // it is ended by Kill
		"--bind", "127.0.0.1", "--port", fmt.Sprint(r.port), "--dir", r.dir, "--appendonly", "yes", "--save", "")
	r.cmd.Stdout, r.cmd.Stderr = &r.output, &r.output
	var err error
	if r.exited, err = StartProcess(r.cmd); err != nil {
		r.tb.Fatalf("start Redis: %v", err)
	}
	Wait(r.tb, "Redis to answer", func() bool {
		select {
		case <-r.exited:
			r.tb.Fatalf("Redis ended: %v\n%s", r.cmd.ProcessState, r.output.Tail())
		default:
		}
		conn, err := net.Dial("tcp", r.Address()) //nolint:noctx // our own, on this machine
		if err != nil {
			return false
		}
		defer func() { _ = conn.Close() }()
		answer := make([]byte, 64)
		if _, err := fmt.Fprint(conn, "PING\r\n"); err != nil {
			return false
		}
		n, _ := conn.Read(answer)
		return strings.HasPrefix(string(answer[:n]), "+PONG") // not while it reads its file
	})
}
