package store

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"roomkey/meet"
	"roomkey/store/postgrestest"
)

// mountSmall mounts a file system of its own at a folder.
func mountSmall(t *testing.T, folder, options string) {
	t.Helper()
	if err := syscall.Mount("roomkey-test", folder, "tmpfs", 0, options); err != nil {
		t.Skipf("this user may not mount a file system (%v); the script full.txtar needs none", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
}

// fillDisk takes all room that a folder's file system has, and gives it back when free
// is called.
func fillDisk(t *testing.T, folder string) (free func()) {
	t.Helper()
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
	return func() {
		if err := errors.Join(file.Close(), os.Remove(ballast)); err != nil {
			t.Fatal(err)
		}
	}
}

// On a full disk, and on one that is read-only, the database answers and is not
// ready. When there is room again, it is ready again.
func TestPingOnAFullDisk(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	mountSmall(t, folder, "size=2m")
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
		eventually(t, func() bool { return (db.Ping(t.Context()) == nil) == ready })
	}
	becomes(true)

	free := fillDisk(t, folder)
	becomes(false)
	if _, _, err := db.Admission(t.Context(), "none"); !errors.Is(err, meet.ErrNotFound) {
		t.Errorf("reading on a full disk: %v", err)
	}
	if _, err := db.UpdateRoom(t.Context(), "id-room", func(r *meet.Room) error { r.Name = "longer"; return nil }, 0,
		nil); err == nil {
		t.Error("a change on a full disk: got no error, want one")
	}
	free()
	becomes(true)

	if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err == nil {
		becomes(false)
		_ = syscall.Mount("", folder, "", syscall.MS_REMOUNT, "")
		becomes(true)
	}
}

// While the disk of PostgreSQL is full, changes fail and say so, nothing that was
// acknowledged is lost, and all goes on by itself when there is room again.
func TestFullDiskOfPostgres(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	folder := filepath.Join(server.Folder(), "small")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	mountSmall(t, folder, "size=32m")
	server.GiveFiles(t, folder)
	url := server.Database(t)
	server.Exec(t, "CREATE TABLESPACE small LOCATION '"+folder+"'",
		"ALTER DATABASE "+databaseOf(url)+" SET TABLESPACE small")
	db, ctx := openURL(t, url), t.Context()
	createRoom(t, db, newRoom("room"))
	stop := work(t, []*DB{db})
	free := fillDisk(t, folder)
	failures := 0 // so many that changes of the clients are among them
	eventually(t, func() bool {
		if db.AddEvent(ctx, newEvent("full")) != nil {
			failures++
		}
		return failures == 20
	})
	if _, err := db.RoomByID(ctx, "id-room"); err != nil {
		t.Errorf("reading on a full disk: %v", err)
	}
	free()
	before := stopped([]*DB{db})
	eventually(t, func() bool { return progressed([]*DB{db}, before) })
	told := stop()
	if len(told.failed) == 0 {
		t.Error("no change of the clients has failed")
	}
	told.check(t, db)
}
