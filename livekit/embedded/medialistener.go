package embedded

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Connections for media over TCP that are open at a time. A person has one or
// two. An address may be that of a whole school.
const (
	mediaPerAddress = 1000
	mediaInTotal    = 5000
)

// acceptAgainAfter is the pause after a connection that could not be accepted,
// as when the process has no file descriptor left.
const acceptAgainAfter = 50 * time.Millisecond

// mediaListener bounds the connections for media over TCP. pion takes whatever
// comes, from everybody, and stops listening for good at the first error.
type mediaListener struct {
	net.Listener
	perAddress, inTotal int
	onLimit             func(limit string)

	mu    sync.Mutex
	open  map[netip.Prefix]int
	total int
}

func newMediaListener(l net.Listener, perAddress, inTotal int, onLimit func(limit string)) *mediaListener {
	return &mediaListener{Listener: l, perAddress: perAddress, inTotal: inTotal, onLimit: onLimit,
		open: map[netip.Prefix]int{}}
}

// Accept implements [net.Listener]. A connection beyond the limits is closed.
func (l *mediaListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil, err
		case err != nil:
			time.Sleep(acceptAgainAfter)
			continue
		}
		from := networkOf(conn.RemoteAddr())
		if limit := l.take(from); limit != "" {
			l.onLimit(limit)
			_ = conn.Close()
			continue
		}
		return &mediaConn{Conn: conn, release: sync.OnceFunc(func() { l.release(from) })}, nil
	}
}

// take counts one more connection, or names the limit that it would exceed.
func (l *mediaListener) take(from netip.Prefix) (limit string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.open[from] >= l.perAddress:
		return "media_tcp_per_address"
	case l.total >= l.inTotal:
		return "media_tcp_in_total"
	}
	l.open[from]++
	l.total++
	return ""
}

func (l *mediaListener) release(from netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if l.open[from]--; l.open[from] == 0 {
		delete(l.open, from)
	}
}

// networkOf gives an IPv4 address alone, and the /64 of an IPv6 address, because
// one subscriber has 2^64 addresses.
func networkOf(address net.Addr) netip.Prefix {
	addr := address.(*net.TCPAddr).AddrPort().Addr().Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	network, _ := addr.Prefix(bits) // always valid for these lengths
	return network
}

// mediaConn counts until it is closed.
type mediaConn struct {
	net.Conn
	release func()
}

// Close implements [net.Conn].
func (c *mediaConn) Close() error {
	c.release()
	return c.Conn.Close()
}
