package main

import (
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"roomkey/cmd/roomkey/internal/programtest"
)

// An idle program stops at once: not even connections that never spoke, to us
// or from us to LiveKit, hold it up. Each of them would for 5 s.
func TestTerminateWhileIdle(t *testing.T) {
	t.Parallel()
	token := ownerToken(t)
	p := startServer(t, t.TempDir(), withSecret)
	silent, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for range 3 { // bursts, in which more connections are opened than used
		var running sync.WaitGroup
		for range 32 {
			running.Go(func() {
				if _, err := programtest.CallAt(t.Context(), p.url, token, "create_room", nil); err != nil {
					t.Errorf("create_room: %v", err)
				}
			})
		}
		running.Wait()
	}
	if err := p.terminate(); err != nil {
		t.Error(err)
	}
	if strings.Contains(p.err.String(), "level=WARN") {
		t.Errorf("log: got %s, want nothing to worry about", p.err.Tail())
	}
}

// A client that sends half a request and waits is cut off.
func TestTerminateWithHalfARequest(t *testing.T) {
	t.Parallel()
	p := startServer(t, t.TempDir())
	half, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	const request = "POST /v2/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20\r\n\r\n{"
	if _, err := io.WriteString(half, request); err != nil {
		t.Fatal(err)
	}
	// Another request on another connection: by then the first has been read.
	if !programtest.SaysYes(p.url + "/healthz") {
		t.Fatal("/healthz: got no yes")
	}
	if err := p.terminate(); err != nil {
		t.Error(err)
	}
}

// A log that nobody reads any more ends nothing.
func TestBrokenPipes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"serve", "stdio"} {
		t.Run(name, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			cmd := command(dir, bareEnvironment(dir), name, "--log-level", "debug")
			cmd.Stdout, cmd.Stderr = w, w
			input, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = io.Copy(io.Discard, r) }()
			p := startReady(t, cmd)
			w.Close()
			r.Close()
			for range 3 { // each writes a line of the log
				if !programtest.SaysYes(p.url + "/healthz") {
					t.Fatal("no answer once nobody reads the log")
				}
			}
			input.Close() // which ends stdio
			if name == "serve" {
				_ = cmd.Process.Signal(syscall.SIGTERM)
			}
			if err := p.stopped(); err != nil {
				t.Error(err)
			}
		})
	}
}
