// Package freeport finds ports for programs that tests start, kill and start again.
package freeport

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
)

var last atomic.Int32

// Find gives a loopback port that nobody uses, by TCP or UDP. It is below those that
// the system gives out by itself, so that no other program gets it by chance while the
// test's own is dead.
func Find() (int, error) {
	const first, count = 10000, 20000
	last.CompareAndSwap(0, int32(os.Getpid()*131%count)+1)
	for range count {
		address := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: first + int(last.Add(1)%count)}
		l, err := net.ListenTCP("tcp", &address)
		if err != nil {
			continue
		}
		c, err := net.ListenUDP("udp", (*net.UDPAddr)(&address))
		if err != nil {
			_ = l.Close()
			continue
		}
		return address.Port, errors.Join(l.Close(), c.Close())
	}
	return 0, errors.New("no free port")
}
