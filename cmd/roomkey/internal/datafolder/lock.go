package datafolder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// ErrInUse says that another process has the data folder.
var ErrInUse = errors.New("is in use by another roomkey: stop that one, or choose another folder with --data")

// A process that only asks whether a data folder is in use holds its lock for
// an instant. So a lock that is taken is tried again for a while.
const (
	lockWithin = 200 * time.Millisecond
	lockEvery  = 10 * time.Millisecond
)

// Lock is a data folder that this process has claimed.
type Lock struct {
	flock *flock.Flock
	file  string // in which the holder is named
}

// Claim claims a data folder for this process until the lock is closed or the
// process ends, however it ends. Two processes on one folder would each change
// the other's rooms without knowing what the other remembers.
func Claim(folder string) (*Lock, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if err := Check(folder); err != nil {
		return nil, err
	}
	lock := &Lock{flock: openFlock(claimFile(folder), os.O_CREATE|os.O_RDWR), file: holderFile(folder)}
	ctx, cancel := context.WithTimeout(context.Background(), lockWithin)
	defer cancel()
	ok, err := lock.flock.TryLockContext(ctx, lockEvery)
	if err := lockError(folder, ok, err); err != nil {
		return nil, err
	}
	if err := lock.clear(); err != nil { // what a process that died has left
		return nil, errors.Join(err, lock.flock.Close())
	}
	return lock, nil
}

// Announce writes into the lock who holds the data folder.
func (l *Lock) Announce(h Holder) error { return l.write(h.text()) }

// Close takes the announcement back and gives the folder free.
func (l *Lock) Close() error { return errors.Join(l.clear(), l.flock.Close()) }

func (l *Lock) clear() error { return l.write("") }

func (l *Lock) write(text string) error {
	file, err := os.OpenFile(l.file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC|openSafely, 0o600)
	if err == nil {
		_, err = file.WriteString(text)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return fmt.Errorf("write into the data folder's lock: %w", err)
	}
	return nil
}

// Hold keeps others from claiming a data folder that nobody has claimed, until
// release is called. It changes nothing, and does nothing for a folder that has
// no lock yet.
func Hold(folder string) (release func() error, err error) {
	if err := Check(folder); err != nil {
		return nil, err
	}
	lock := openFlock(claimFile(folder), os.O_RDONLY)
	ok, err := lock.TryRLock()
	if errors.Is(err, fs.ErrNotExist) {
		return func() error { return nil }, nil
	}
	if err := lockError(folder, ok, err); err != nil {
		return nil, err
	}
	return lock.Close, nil
}

// waitFile is locked by a serve that waits for a data folder which a stdio has.
func waitFile(folder string) string { return filepath.Join(folder, waitName) }

// Wait tells the roomkey stdio that has a data folder that a serve waits for
// it, until done is called. Only one process can wait at a time.
func Wait(folder string) (done func() error, err error) {
	lock := openFlock(waitFile(folder), os.O_CREATE|os.O_RDWR)
	ok, err := lock.TryLock()
	if err := lockError(folder, ok, err); err != nil {
		return nil, err
	}
	return lock.Close, nil
}

// Awaited says whether a serve waits for a data folder.
func Awaited(folder string) bool {
	lock := openFlock(waitFile(folder), os.O_RDONLY)
	ok, err := lock.TryRLock()
	if ok {
		_ = lock.Close()
	}
	return err == nil && !ok
}

// openFlock is the lock that a file stands for. It follows no symbolic link.
func openFlock(file string, flag int) *flock.Flock {
	return flock.New(file, flock.SetFlag(flag|openSafely), flock.SetPermissions(0o600))
}

func lockError(folder string, ok bool, err error) error {
	switch {
	case ok:
		return nil
	case err == nil, errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the data folder %s %w", folder, ErrInUse)
	}
	return fmt.Errorf("lock the data folder: %w", err)
}
