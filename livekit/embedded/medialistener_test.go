package embedded_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/livekit/embedded"
	"roomkey/meet"
)

// dialFrom opens a connection to a port, from an address of this machine.
func dialFrom(t *testing.T, from string, port int) net.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.DialContext(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// waitClosed waits until the other side has closed a connection. By itself pion
// would do so after 30 s.
func waitClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(25 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection is still open")
	}
}

// stunForNobody is a STUN binding request with the user name "none:one" and its
// length before it.
const stunForNobody = "\x00\x20" + "\x00\x01\x00\x0c\x21\x12\xa4\x42" + "abcdefghijkl" + "\x00\x06\x00\x08none:one"

// A connection to the media port over TCP on which no participant speaks is
// closed, whether it says nothing at all, a part of something, or something to
// nobody.
func TestMediaConnectionOfNobodyIsClosed(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.TCPPort, cfg.Limits = embedded.AnyTCPPort, meet.DefaultParticipantLimits
	cfg.Limits.MediaWithin = 300 * time.Millisecond
	s := start(t, cfg)
	for _, said := range []string{"", "\x00", stunForNobody} {
		conn := dialFrom(t, "127.0.0.1", s.TCPPort())
		if _, err := io.WriteString(conn, said); err != nil {
			t.Fatal(err)
		}
		waitClosed(t, conn)
	}
}

// One address has only so many connections to the media port over TCP.
func TestMediaConnectionsOfOneAddress(t *testing.T) {
	t.Parallel()
	var limits counted
	cfg := config()
	cfg.TCPPort, cfg.OnLimit = embedded.AnyTCPPort, limits.add
	s := start(t, cfg)
	for range embedded.MediaPerAddress {
		dialFrom(t, "127.0.0.1", s.TCPPort())
	}
	waitClosed(t, dialFrom(t, "127.0.0.1", s.TCPPort()))
	limits.check(t, "media_tcp_per_address")
}

// failsOnce is a listener that cannot take its first connection, as when there is
// no file descriptor left.
type failsOnce struct {
	net.Listener
	failed atomic.Bool
}

func (l *failsOnce) Accept() (net.Conn, error) {
	if l.failed.CompareAndSwap(false, true) {
		return nil, errors.New("too many open files")
	}
	return l.Listener.Accept()
}

// The media listener counts by address and in all, counts what is closed no more,
// and goes on after an error.
func TestMediaListener(t *testing.T) {
	t.Parallel()
	base, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := base.Addr().(*net.TCPAddr).Port
	var limits counted
	l := embedded.NewMediaListener(&failsOnce{Listener: base}, 3, 5, limits.add)
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	const a, b = "127.0.0.1", "127.0.0.2"
	open := func(from string) net.Conn {
		t.Helper()
		dialFrom(t, from, port)
		select {
		case conn := <-accepted:
			t.Cleanup(func() { conn.Close() })
			return conn
		case <-time.After(time.Minute):
			t.Fatal("the connection is not accepted")
			return nil
		}
	}
	first := open(a)
	open(a)
	open(a)
	waitClosed(t, dialFrom(t, a, port))
	limits.check(t, "media_tcp_per_address")
	open(b)
	open(b)
	waitClosed(t, dialFrom(t, b, port))
	limits.check(t, "media_tcp_in_total")
	_ = first.Close()
	_ = first.Close() // counts once
	open(a)
	waitClosed(t, dialFrom(t, b, port))
	_ = l.Close()
	if conn, ok := <-accepted; ok {
		t.Errorf("%s was accepted after the end", conn.RemoteAddr())
	}
}
