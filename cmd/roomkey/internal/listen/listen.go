// Package listen takes the addresses on which a server listens.
package listen

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// ErrInUse says that another program has the address.
var ErrInUse = errors.New("is in use by another program: choose another address with --listen")

// TCP listens at an address. A machine has two loopback addresses, and browsers
// try ::1 first for "localhost": for 127.0.0.1 it listens at ::1 too, if nobody
// else has the port there. The listener's address is the one that was asked for.
func TCP(ctx context.Context, address netip.AddrPort, log *slog.Logger) (net.Listener, error) {
	first, err := new(net.ListenConfig).Listen(ctx, "tcp", address.String())
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, ErrInUse
	}
	if err != nil || address.Addr() != netip.AddrFrom4([4]byte{127, 0, 0, 1}) {
		return first, err
	}
	at, err := netip.ParseAddrPort(first.Addr().String())
	if err != nil {
		return first, nil //nolint:nilerr // a listener on TCP has such an address
	}
	second, err := new(net.ListenConfig).Listen(ctx, "tcp", netip.AddrPortFrom(netip.IPv6Loopback(), at.Port()).String())
	if err != nil {
		log.Debug("not listening at [::1], too", "err", err) // there is no IPv6, or another program has the port
		return first, nil
	}
	return newBoth(first, second), nil
}

// both takes connections from two listeners. It has the address of the first,
// and lasts as long as that one.
type both struct {
	net.Listener
	second net.Listener

	accepted chan acceptance
	closed   chan struct{}
	close    func() error
	running  sync.WaitGroup
}

type acceptance struct {
	conn net.Conn
	err  error
}

func newBoth(first, second net.Listener) *both {
	b := &both{Listener: first, second: second, accepted: make(chan acceptance), closed: make(chan struct{})}
	b.close = sync.OnceValue(func() error {
		close(b.closed)
		err := errors.Join(b.Listener.Close(), b.second.Close())
		b.running.Wait()
		return err
	})
	b.running.Go(func() { b.take(first, true) })
	b.running.Go(func() { b.take(second, false) })
	return b
}

// take hands on the connections of one listener until both are closed, and its
// errors if they matter.
func (b *both) take(l net.Listener, matters bool) {
	for {
		conn, err := l.Accept()
		if err != nil && !matters {
			select { // as when there are too many open files
			case <-time.After(acceptAgain):
				continue
			case <-b.closed:
				return
			}
		}
		select {
		case b.accepted <- acceptance{conn, err}:
		case <-b.closed:
			if conn != nil {
				_ = conn.Close()
			}
			return
		}
	}
}

// acceptAgain is how long the second listener waits after an error.
const acceptAgain = 50 * time.Millisecond

// Accept waits for a connection of either.
func (b *both) Accept() (net.Conn, error) {
	select {
	case a := <-b.accepted:
		return a.conn, a.err
	case <-b.closed:
		return nil, net.ErrClosed
	}
}

// Close closes both; more than once does nothing.
func (b *both) Close() error { return b.close() }
