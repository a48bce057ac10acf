//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	lock, err := openLock(folder, os.O_CREATE|os.O_RDWR)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(lockWithin); ; <-time.After(lockEvery) {
		if err = flock(lock, folder, unix.LOCK_EX); !errors.Is(err, errDataInUse) || time.Now().After(deadline) {
			break
		}
	}
	if err == nil {
		err = renounce(lock) // what a process that died has left
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
	lock, err := openLock(folder, os.O_RDONLY)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if err := flock(lock, folder, unix.LOCK_SH); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return lock, nil
}

// openLock opens the lock of a data folder that nobody else can have prepared.
func openLock(folder string, flag int) (*os.File, error) {
	if err := checkDataFolder(folder); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(lockFile(folder), flag|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the data folder's lock: %w", err)
	}
	return lock, nil
}

// waitFile is locked by a serve that waits for a data folder which a stdio has.
func waitFile(folder string) string { return filepath.Join(folder, "wait") }

// announceWait lets the stdio that has a data folder know that a serve waits for
// it, until what it gives is closed.
func announceWait(folder string) (*os.File, error) {
	wait, err := os.OpenFile(waitFile(folder), os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("wait for the data folder: %w", err)
	}
	if err := flock(wait, folder, unix.LOCK_EX); err != nil {
		_ = wait.Close()
		return nil, err
	}
	return wait, nil
}

// waitsForData says whether a serve waits for a data folder.
func waitsForData(folder string) bool {
	wait, err := os.OpenFile(waitFile(folder), os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return false
	}
	defer func() { _ = wait.Close() }()
	return errors.Is(flock(wait, folder, unix.LOCK_SH), errDataInUse)
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

// signalFileSize comes when a file reaches the size that the system allows.
const signalFileSize = unix.SIGXFSZ

// mayWrite says whether a file that exists may be changed. It does not open
// it: closing a database again would drop the locks that this process holds.
func mayWrite(path string) error { return unix.Access(path, unix.W_OK) }
