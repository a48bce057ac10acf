package livekittest

import (
	"os/exec"
	"runtime"
	"syscall"
)

// DieWithParent has the kernel kill a process, not yet started, when this one
// is gone, even if it was killed itself. What counts as the parent is the
// thread that starts it, so the calling goroutine keeps its thread, and has to
// wait for the process.
func DieWithParent(cmd *exec.Cmd) {
	runtime.LockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
