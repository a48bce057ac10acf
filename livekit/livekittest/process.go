package livekittest

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
)

// StartProcess starts a program that the kernel kills with this process. exited is
// closed when it has ended.
func StartProcess(cmd *exec.Cmd) (exited <-chan struct{}, err error) {
	ended, started := make(chan struct{}), make(chan error)
	go func() {
		defer close(ended)
		DieWithParent(cmd)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // a killed process is no error here
		}
	}()
	return ended, <-started
}

var nextPort atomic.Int32

// FreePort gives a loopback port that nobody uses, by TCP or UDP. It is below
// those that the system gives out by itself, so that no other program gets it by
// chance while the test's own is dead.
func FreePort() (int, error) {
	const first, count = 10000, 20000
	nextPort.CompareAndSwap(0, int32(os.Getpid()*131%count)+1)
	for range count {
		address := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: first + int(nextPort.Add(1)%count)}
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

// Output keeps what a process writes.
type Output struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements [io.Writer].
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String is all of it.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Tail is what a failed test shows.
func (o *Output) Tail() string {
	const most = 16 << 10
	all := o.String()
	return all[max(0, len(all)-most):]
}
