package store

import (
	"context"
	"database/sql"
	"errors"
	flags "flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/store/storetest"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	if path := os.Getenv(crashChild); path != "" {
		os.Exit(writeUntilKilled(path))
	}
	flags.Parse()
	if parallel := flags.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		_ = parallel.Value.Set(strconv.Itoa(max(4, runtime.GOMAXPROCS(0)))) // most tests wait more than they compute
	}
	os.Exit(m.Run())
}

// setup gives an empty store that is closed at the test's end.
func setup(t testing.TB) *DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "room.db")
	file, err := emptyStore()
	if err == nil {
		err = os.WriteFile(path, file, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return openAt(t, path)
}

var emptyStore = storetest.EmptyFile(func(path string) (io.Closer, error) { return Open(context.Background(), path) })

func openAt(t testing.TB, path string) *DB {
	t.Helper()
	db, err := Open(context.Background(), path)
	if err != nil {
		t.Fatalf("Open(%s): %v", path, err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return db
}

func newRoom(name string) meet.Room {
	return meet.Room{ID: "id-" + name, Name: name, CreatedBy: "ann", AdminID: "ann", State: meet.RoomActive,
		Mode:      meet.Standard,
		CreatedAt: epoch, UpdatedAt: epoch}
}

// roomWith is a new room with its codes, on no condition.
func roomWith(room meet.Room, codes ...meet.RoomCode) meet.NewRoom {
	return meet.NewRoom{Room: room, Codes: codes}
}

func createRoom(t testing.TB, db *DB, room meet.Room, codes ...meet.RoomCode) {
	t.Helper()
	if err := db.CreateRoom(t.Context(), roomWith(room, codes...), nil); err != nil {
		t.Fatal(err)
	}
}

// errOf gives the error of a call with another result.
func errOf[T any](_ T, err error) error { return err }

func newCode(code, role string) meet.RoomCode {
	return meet.RoomCode{Code: code, Role: role, Enabled: true, CreatedAt: epoch, UpdatedAt: epoch}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) meet.Store { return setup(t) })
}

func TestFileIsPrivate(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data", "deep")
	path := filepath.Join(folder, "room.db")
	db := openAt(t, path)
	createRoom(t, db, newRoom("room"))
	for path, want := range map[string]os.FileMode{
		filepath.Dir(folder): 0o700, folder: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Error(err)
		} else if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
}

func TestOpenTakesAnyFileName(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a room?mode=ro&b=%41#.db")
	db := openAt(t, path)
	createRoom(t, db, newRoom("room"))
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte("this is not a database, whatever its name may say"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"empty path": "", "a folder": folder, "no database": text, "below a file": filepath.Join(text, "room.db"),
	} {
		if db, err := Open(t.Context(), path); err == nil {
			t.Errorf("%s: opened", name)
			_ = db.Close()
		}
	}
}

func TestOpenRefusesANewerSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "room.db")
	db := openAt(t, path)
	if _, err := writesOf(db).Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	want := path + " has schema 99999, made by a newer roomkey; this one knows " + strconv.FormatInt(knownSchema, 10) +
		": start the newer one, or bring back a backup from before it (roomkey restore)"
	if _, err := Open(t.Context(), path); err == nil || err.Error() != want {
		t.Errorf("open a schema of a newer program: got %v, want %s", err, want)
	}
}

// Two open stores on one file stand for two processes.
func TestTwoStoresShareAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "room.db")
	one, two := openAt(t, path), openAt(t, path)
	errs := make(chan error, 40)
	for i := range 20 {
		for name, db := range map[string]*DB{"one": one, "two": two} {
			go func() { errs <- db.CreateRoom(context.Background(), roomWith(newRoom(name+string(rune('a'+i)))), nil) }()
		}
	}
	for range 40 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	err := one.CreateRoom(t.Context(), roomWith(newRoom("twoa")), nil)
	if err == nil {
		t.Error("created a room that the other store has")
	}
}

func TestEveryConnectionHasItsPragmas(t *testing.T) {
	t.Parallel()
	db := setup(t)
	for _, pool := range []struct {
		name  string
		db    *sql.DB
		wants map[string]string
	}{
		{"writer", writesOf(db), map[string]string{"query_only": "0"}},
		{"readers", db.statements.pool, map[string]string{"query_only": "1"}},
	} {
		pool.wants["journal_mode"], pool.wants["synchronous"], pool.wants["foreign_keys"], pool.wants["busy_timeout"] = "wal",
			"2", "1", "5000"
		var conns []*sql.Conn
		for range pool.db.Stats().MaxOpenConnections { // all at once, so they differ
			conn, err := pool.db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, conn)
			for pragma, want := range pool.wants {
				var got string
				if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
					t.Errorf("%s: %s is %q, want %q (error %v)", pool.name, pragma, got, want, err)
				}
			}
		}
		for _, conn := range conns {
			_ = conn.Close()
		}
	}
}

func TestWhatNamesARoomOrCodeStays(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		createRoom(t, db, newRoom("room"), newCode("aaa", "host"))
		room, err := db.UpdateRoom(t.Context(), "id-room", func(r *meet.Room) error {
			r.ID, r.CreatedBy, r.CreatedAt = "other", "eve", epoch.Add(time.Hour)
			return nil
		}, 0, nil)
		if err != nil || !reflect.DeepEqual(room, newRoom("room")) {
			t.Errorf("got %+v and error %v", room, err)
		}
		code, err := db.UpdateCode(t.Context(), "aaa", func(c *meet.RoomCode) error {
			c.Code, c.RoomID, c.Role, c.Label, c.CreatedAt, c.RetiredAt = "bbb", "other", "guest", "x", epoch.Add(time.Hour),
				epoch
			return nil
		}, nil, nil)
		want := newCode("aaa", "host")
		want.RoomID = "id-room"
		if err != nil || code != want {
			t.Errorf("got %+v and error %v", code, err)
		}
	})
}

func TestPointReadsDoNotWaitForLists(t *testing.T) {
	t.Parallel()
	db := setup(t)
	for range cap(db.slots) { // as many lists as may run
		db.slots <- struct{}{}
	}
	if _, err := db.RoomByID(t.Context(), "nowhere"); !errors.Is(err, meet.ErrNotFound) {
		t.Errorf("RoomByID: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	if _, err := db.UnclearedRooms(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("list: got error %v, want it to wait until it is cancelled", err)
	}
	if most := db.statements.pool.Stats().MaxOpenConnections; cap(db.slots) >= most {
		t.Errorf("lists may take %d of %d connections", cap(db.slots), most)
	}
}

// writesOf gives the pool of the one connection that writes to a file.
func writesOf(db *DB) *sql.DB { return db.writer.connection.(*sqliteConnection).db }
