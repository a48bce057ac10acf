package main

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// How long running calls may take once we stop. Waiting for LiveKit takes one
// 5 s at most. The LiveKit inside does not let anybody wait, but may take 6 s
// to stop; we promise ten for everything.
const (
	drainTimeout       = 7 * time.Second
	drainTimeoutInside = 3 * time.Second
)

// drain refuses new calls and waits for running ones.
func (a *app) drain() {
	timeout := drainTimeout
	if a.embedded != nil {
		timeout = drainTimeoutInside
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	defer time.AfterFunc(silentGrace, a.silent.close).Stop()
	if err := a.server.Shutdown(ctx); err != nil {
		a.log.Warn("calls were still running and are cut off", "err", err)
		_ = a.server.Close()
	}
}

// silentGrace is how long a connection may stay silent once we stop: enough
// for a call that is on its way.
const silentGrace = 200 * time.Millisecond

// silentConns are the connections on which nothing has been asked yet, as
// browsers and HTTP clients open them ahead of need. http.Server.Shutdown
// waits 5 s for each of them to speak.
type silentConns struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

// watch is an http.Server's ConnState.
func (s *silentConns) watch(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state != http.StateNew {
		delete(s.conns, c)
		return
	}
	if s.conns == nil {
		s.conns = map[net.Conn]bool{}
	}
	s.conns[c] = true
}

func (s *silentConns) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}
