// Package freeport finds ports for programs that tests start, kill and start again.
package freeport

import (
	"errors"
	"net"
	"os"
	"sync"
)

// The ports are below those that the system gives out by itself. Each process that
// looks for some takes blocks of them.
const (
	first  = 10000
	size   = 100 // of a block
	blocks = 200
)

var (
	mu     sync.Mutex
	guards []net.Listener // on the first port of each block that this process has taken
	next   int            // port; at the start of a block all are given
)

// Find gives a loopback port that nobody uses, by TCP or UDP. No other program gets it
// by chance while the test's own is dead: neither from the system nor from Find, which
// gives each port once and only to this process as long as it runs.
func Find() (int, error) {
	mu.Lock()
	defer mu.Unlock()
	for {
		if next%size == 0 {
			if err := takeBlock(); err != nil {
				return 0, err
			}
		}
		port := next
		next++
		if isFree(port) {
			return port, nil
		}
	}
}

// takeBlock takes a block that no process has. Listening on its first port says so to
// the others, for as long as this process runs.
func takeBlock() error {
	for n := range blocks {
		port := first + (os.Getpid()+n)%blocks*size
		if guard, err := net.ListenTCP("tcp", loopback(port)); err == nil {
			guards = append(guards, guard)
			next = port + 1
			return nil
		}
	}
	return errors.New("no free port")
}

func isFree(port int) bool {
	l, err := net.ListenTCP("tcp", loopback(port))
	if err != nil {
		return false
	}
	defer func() { _ = l.Close() }()
	c, err := net.ListenUDP("udp", (*net.UDPAddr)(loopback(port)))
	if err != nil {
		return false
	}
	return c.Close() == nil
}

func loopback(port int) *net.TCPAddr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port} }
