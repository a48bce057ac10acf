package livekittest

import (
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// Balancer is one address for several servers: each TCP connection goes to the next
// server that accepts it.
type Balancer struct {
	listener net.Listener
	targets  []string // host:port
	next     atomic.Uint32
	running  sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
	done  bool
}

// StartBalancer makes a balancer before the servers at the URLs, and ends it after
// the test.
func StartBalancer(tb testing.TB, urls ...string) *Balancer {
	tb.Helper()
	b := &Balancer{conns: map[net.Conn]bool{}}
	for _, address := range urls {
		target, err := url.Parse(address)
		if err != nil {
			tb.Fatal(err)
		}
		b.targets = append(b.targets, target.Host)
	}
	var err error
	if b.listener, err = new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0"); err != nil {
		tb.Fatalf("start a balancer: %v", err)
	}
	b.running.Go(b.serve)
	tb.Cleanup(b.stop)
	return b
}

// URL is where clients connect to.
func (b *Balancer) URL() string { return "http://" + b.listener.Addr().String() }

func (b *Balancer) serve() {
	for {
		client, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.running.Go(func() { b.pass(client) })
	}
}

// pass connects a client to the next server that accepts it.
func (b *Balancer) pass(client net.Conn) {
	defer b.drop(client)
	first := int(b.next.Add(1))
	for n := range b.targets {
		server, err := net.Dial("tcp", b.targets[(first+n)%len(b.targets)]) //nolint:noctx // on this machine
		if err != nil {
			continue
		}
		defer b.drop(server)
		if !b.keep(client) || !b.keep(server) {
			return
		}
		b.running.Go(func() {
			_, _ = io.Copy(server, client)
			b.drop(server)
		})
		_, _ = io.Copy(client, server)
		return
	}
}

// keep remembers a connection to close it at the end; false if that has come.
func (b *Balancer) keep(c net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conns[c] = true
	return !b.done
}

func (b *Balancer) drop(c net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, c)
	_ = c.Close()
}

func (b *Balancer) stop() {
	_ = b.listener.Close()
	b.mu.Lock()
	b.done = true
	for c := range b.conns {
		_ = c.Close()
	}
	b.mu.Unlock()
	b.running.Wait()
}
