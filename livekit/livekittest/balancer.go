package livekittest

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Balancer is one address for several servers of one kind: each TCP connection goes to
// the next of them that takes it. As load balancers do, it asks each of them every
// second for an answer, and ends the connections to one that gives none.
type Balancer struct {
	listener net.Listener
	targets  []*target
	next     atomic.Int64
	running  sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]*target // both ends of each
	down  bool                 // nobody gets through
}

type target struct {
	address string
	silent  atomic.Bool
}

// StartBalancer makes a balancer before the servers at the URLs, and ends it after
// the test.
func StartBalancer(tb testing.TB, urls ...string) *Balancer {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is ended after the test
	if err != nil {
		tb.Fatalf("start a balancer: %v", err)
	}
	b := &Balancer{listener: l, conns: map[net.Conn]*target{}}
	over := make(chan struct{})
	for _, url := range urls {
		to := &target{address: strings.TrimPrefix(url, "http://")}
		b.targets = append(b.targets, to)
		b.running.Go(func() { b.watch(to, url, over) })
	}
	b.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			b.running.Go(func() { b.pass(conn) })
		}
	})
	tb.Cleanup(func() {
		close(over)
		_ = l.Close()
		b.Cut()
		b.running.Wait()
	})
	return b
}

// URL is where clients connect to.
func (b *Balancer) URL() string { return "http://" + b.listener.Addr().String() }

// watch asks a server how it is until the balancer is over.
func (b *Balancer) watch(to *target, url string, over <-chan struct{}) {
	client := &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for {
		select {
		case <-over:
			return
		case <-every.C:
		}
		resp, err := client.Get(url) //nolint:noctx // it has a timeout
		if err == nil {
			_ = resp.Body.Close()
		}
		if to.silent.Store(err != nil); err != nil {
			b.end(to)
		}
	}
}

// pass passes on what one connection says, in both directions, until one side ends it.
func (b *Balancer) pass(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, to := b.dial()
	if server == nil || !b.keep(to, client, server) {
		return
	}
	defer b.forget(client, server)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
	_ = client.Close()
	<-done
}

// dial connects to the next server that takes connections; to one that was silent
// where no other does. Nil is none.
func (b *Balancer) dial() (net.Conn, *target) {
	for n := range 2 * len(b.targets) {
		to := b.targets[int(b.next.Add(1))%len(b.targets)]
		if to.silent.Load() && n < len(b.targets) {
			continue
		}
		conn, err := net.DialTimeout("tcp", to.address, time.Second) //nolint:noctx // it has a timeout
		if err == nil {
			return conn, to
		}
	}
	return nil, nil
}

// keep remembers connections, unless nobody gets through; then it closes them.
func (b *Balancer) keep(to *target, conns ...net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, conn := range conns {
		if b.down {
			_ = conn.Close()
			continue
		}
		b.conns[conn] = to
	}
	return !b.down
}

func (b *Balancer) forget(conns ...net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, conn := range conns {
		delete(b.conns, conn)
	}
}

// end ends the connections to a server; nil is all.
func (b *Balancer) end(to *target) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for conn, its := range b.conns {
		if to == nil || to == its {
			_ = conn.Close()
		}
	}
}

// Cut ends all connections and lets nobody through until Heal.
func (b *Balancer) Cut() { b.setDown(true); b.end(nil) }

// Heal lets clients through again.
func (b *Balancer) Heal() { b.setDown(false) }

func (b *Balancer) setDown(down bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = down
}
