//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lockData claims a data folder for this process until the lock is closed or
// the process ends, however it ends. Two processes on one folder would each
// rule over the other's rooms, and remember what the other has changed.
func lockData(folder string) (*os.File, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the data folder's lock: %w", err)
	}
	err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return lock, nil
	}
	_ = lock.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("the data folder %s %w", folder, errDataInUse)
	}
	return nil, fmt.Errorf("lock the data folder: %w", err)
}

// mayWrite says whether a file that exists may be changed. It does not open
// it: closing a database again would drop the locks that this process holds.
func mayWrite(path string) error { return unix.Access(path, unix.W_OK) }
