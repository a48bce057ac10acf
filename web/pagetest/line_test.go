package pagetest

import (
	"net"
	"sync"
)

// line is a listener whose connections can be cut, all at once, and which
// takes no new ones until it is mended.
type line struct {
	net.Listener

	mu    sync.Mutex
	isCut bool
	conns map[net.Conn]bool
}

// Accept drops connections while the line is cut.
func (l *line) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.keep(conn) {
			return conn, nil
		}
		_ = conn.Close()
	}
}

func (l *line) keep(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isCut {
		return false
	}
	if l.conns == nil {
		l.conns = map[net.Conn]bool{}
	}
	l.conns[conn] = true
	return true
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = true
	for conn := range l.conns {
		_ = conn.Close()
	}
	clear(l.conns)
}

func (l *line) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = false
}
