//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Whoever only asks whether a data folder is in use has its lock for an
// instant. So a lock that is taken is tried again for a while.
const (
	lockWithin = 200 * time.Millisecond
	lockEvery  = 10 * time.Millisecond
)

// lockData claims a data folder for this process until the lock is closed or
// the process ends, however it ends. Two processes on one folder would each
// rule over the other's rooms, and remember what the other has changed.
func lockData(folder string) (*os.File, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	lock, err := os.OpenFile(lockFile(folder), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the data folder's lock: %w", err)
	}
	for deadline := time.Now().Add(lockWithin); ; <-time.After(lockEvery) {
		if err = flock(lock, folder, unix.LOCK_EX); !errors.Is(err, errDataInUse) || time.Now().After(deadline) {
			break
		}
	}
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	return lock, nil
}

// holdData keeps others from claiming a data folder that nobody has claimed,
// until what it gives is closed. It changes nothing, and gives nil for a folder
// that has no lock.
func holdData(folder string) (*os.File, error) {
	lock, err := os.Open(lockFile(folder))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("open the data folder's lock: %w", err)
	}
	if err := flock(lock, folder, unix.LOCK_SH); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return lock, nil
}

// flock takes a lock, or fails at once.
func flock(lock *os.File, folder string, how int) error {
	err := unix.Flock(int(lock.Fd()), how|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return fmt.Errorf("the data folder %s %w", folder, errDataInUse)
	}
	if err != nil {
		return fmt.Errorf("lock the data folder: %w", err)
	}
	return nil
}

// mayWrite says whether a file that exists may be changed. It does not open
// it: closing a database again would drop the locks that this process holds.
func mayWrite(path string) error { return unix.Access(path, unix.W_OK) }
