//go:build !unix

package main

import (
	"fmt"
	"os"
	"syscall"
)

// lockData claims nothing on systems without flock(2): there the operator sees
// to it that one data folder has one roomkey. Its lock still says who that is.
func lockData(folder string) (*os.File, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	lock, err := openLock(folder, os.O_CREATE|os.O_RDWR)
	if err != nil {
		return nil, err
	}
	return lock, renounce(lock)
}

// holdData holds nothing either.
func holdData(string) (*os.File, error) { return nil, nil }

// openLock opens a data folder's lock.
func openLock(folder string, flag int) (*os.File, error) {
	return os.OpenFile(lockFile(folder), flag, 0o600)
}

// waitsForData does not know of anybody who waits.
func waitsForData(string) bool { return false }

// announceWait tells nobody.
func announceWait(string) (*os.File, error) { return nil, nil }

// signalFileSize is none: SIGPIPE is ignored anyway.
const signalFileSize = syscall.SIGPIPE

// mayWrite believes that every file may be changed.
func mayWrite(string) error { return nil }

// checkDataFolder believes in the permissions of every folder.
func checkDataFolder(string) error { return nil }
