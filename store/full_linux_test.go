package store

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"roomkey/meet"
)

// mountSmall gives a folder on a file system of its own of two megabytes.
func mountSmall(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("roomkey-test", folder, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("this user may not mount a file system (%v); the script full.txtar needs none", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return folder
}

// On a full disk, and on one that is read-only, the database answers and is not
// ready. When there is room again, it is ready again.
func TestPingOnAFullDisk(t *testing.T) {
	t.Parallel()
	folder := mountSmall(t)
	db, err := Open(t.Context(), filepath.Join(folder, "room.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}()
	withRoom(t, db)
	becomes := func(ready bool) {
		t.Helper()
		var err error
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if err = db.Ping(t.Context()); (err == nil) == ready {
				return
			}
		}
		t.Errorf("Ping: got %v, want ready to be %v", err, ready)
	}
	becomes(true)

	ballast := filepath.Join(folder, "ballast")
	file, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for size := 4096; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = file.Write(make([]byte, size))
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("fill the disk: %v", err)
	}
	becomes(false)
	if _, _, err := db.Admission(t.Context(), "none"); !errors.Is(err, meet.ErrNotFound) {
		t.Errorf("reading on a full disk: %v", err)
	}
	if _, err := db.UpdateRoom(t.Context(), "id-room", func(r *meet.Room) error { r.Name = "longer"; return nil }, 0,
		nil); err == nil {
		t.Error("a change on a full disk: got no error, want one")
	}
	if err := errors.Join(file.Close(), os.Remove(ballast)); err != nil {
		t.Fatal(err)
	}
	becomes(true)

	if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err == nil {
		becomes(false)
		_ = syscall.Mount("", folder, "", syscall.MS_REMOUNT, "")
		becomes(true)
	}
}
