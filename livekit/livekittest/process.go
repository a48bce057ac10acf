package livekittest

import (
	"os/exec"
	"strings"
	"sync"
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
