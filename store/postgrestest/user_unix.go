//go:build unix

package postgrestest

import (
	"os"
	"os/exec"
	"syscall"
)

// nobody is the user that runs PostgreSQL where root runs the tests.
const nobody = 65534

// apart has a command run as a user that PostgreSQL accepts, and in a process group
// of its own: a key that interrupts the tests must not reach it, because it
// has to clean up after them.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
}

// giveAway makes files belong to the user that runs PostgreSQL.
func giveAway(paths ...string) error {
	if os.Getuid() != 0 {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, nobody, nobody); err != nil {
			return err
		}
	}
	return nil
}
