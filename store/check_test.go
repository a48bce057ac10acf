package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"roomkey/meet"
)

// damagedFile is a database of which one page has become nonsense.
func damagedFile(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "room.db")
	db := openAt(t, path)
	for i := range 200 {
		if err := db.CreateRoom(t.Context(), roomWith(newRoom(string(rune('a'+i)))), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	if _, err := file.WriteAt(make([]byte, page), info.Size()-page); err != nil { // the newest rows
		t.Fatal(err)
	}
	return path
}

// A damaged database is not opened, and not changed.
func TestOpenRefusesDamage(t *testing.T) {
	t.Parallel()
	path := damagedFile(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), path)
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("open a damaged database: got %v, want %v", err, ErrDamaged)
	}
	if err == nil {
		db.Close()
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file has changed, or cannot be read: %v", err)
	}
	text := filepath.Join(t.TempDir(), "room.db")
	writeFile(t, text, "this is a text, and longer than the sixteen bytes of a header are, so that it is no database")
	if _, err := Open(t.Context(), text); !errors.Is(err, ErrDamaged) {
		t.Errorf("open a text: got %v, want %v", err, ErrDamaged)
	}
}

// What the start had no time for is looked at afterwards. Then a damaged
// database does not answer any more that all is well.
func TestCheckGoesOnAfterTheStart(t *testing.T) {
	t.Parallel()
	db, err := openAndCheck(t.Context(), damagedFile(t), -time.Second)
	if err != nil {
		t.Fatalf("open without time for the check: %v", err)
	}
	defer db.Close()
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("Ping before the check: %v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := db.Check(stopped); !errors.Is(err, context.Canceled) {
		t.Errorf("Check after the end: got %v, want %v", err, context.Canceled)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("Ping after a check that was stopped: %v", err)
	}
	if err := db.Check(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("Check: got %v, want %v", err, ErrDamaged)
	}
	if err := db.Ping(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("Ping after the check: got %v, want %v", err, ErrDamaged)
	}
}

func TestCheckFindsNothingWrong(t *testing.T) {
	t.Parallel()
	for name, within := range map[string]time.Duration{"at the start": time.Minute, "afterwards": -time.Second} {
		db, err := openAndCheck(t.Context(), filepath.Join(t.TempDir(), "room.db"), within)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if db.checked != (within > 0) {
			t.Errorf("%s: checked is %t", name, db.checked)
		}
		if err := errors.Join(db.Check(t.Context()), db.Ping(t.Context())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := db.Rooms(t.Context(), meet.RoomQuery{All: true, Limit: 1}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
