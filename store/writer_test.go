package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"roomkey/meet"
)

// held is a writer that is busy with an operation until it is let go, so
// that what comes meanwhile gathers behind it.
type held struct {
	t     *testing.T
	db    *DB
	let   chan struct{}
	first chan error // of the operation that it is busy with
}

func hold(t *testing.T, db *DB) *held {
	t.Helper()
	h := &held{t: t, db: db, let: make(chan struct{}), first: make(chan error, 1)}
	busy := make(chan struct{})
	holding := sync.OnceFunc(func() { close(busy) })
	go func() {
		_, err := write(context.Background(), db.writer, func(*tx) (struct{}, error) {
			holding()
			<-h.let
			return struct{}{}, nil
		})
		h.first <- err
	}()
	<-busy
	return h
}

// queue starts an operation and returns when it is in the queue.
func (h *held) queue(do func(ctx context.Context) error) chan error {
	h.t.Helper()
	before := len(h.db.writer.queue)
	done := make(chan error, 1)
	go func() { done <- do(context.Background()) }()
	eventually(h.t, func() bool { return len(h.db.writer.queue) > before })
	return done
}

func (h *held) queueRoom(name string) chan error {
	h.t.Helper()
	return h.queue(func(ctx context.Context) error { return h.db.CreateRoom(ctx, roomWith(newRoom(name)), nil) })
}

func (h *held) queueRaw(run func(*tx) error) chan error {
	h.t.Helper()
	return h.queue(func(ctx context.Context) error { return h.db.change(ctx, run) })
}

func (h *held) letGo() { close(h.let) }

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("waited too long")
		}
	}
}

func wantRooms(t *testing.T, db *DB, there bool, names ...string) {
	t.Helper()
	for _, name := range names {
		_, err := db.RoomByID(t.Context(), "id-"+name)
		if there && err != nil || !there && !errors.Is(err, meet.ErrNotFound) {
			t.Errorf("room %s: got error %v, want it there: %v", name, err, there)
		}
	}
}

func wantNoErr(t *testing.T, errs ...chan error) {
	t.Helper()
	for i, err := range errs {
		if err := <-err; err != nil {
			t.Errorf("operation %d: %v", i, err)
		}
	}
}

func TestConcurrentWritesShareACommit(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		h := hold(t, db)
		before := db.writer.commits.Load()
		var done []chan error
		var names []string
		for i := range 20 {
			names = append(names, fmt.Sprint("room-", i))
			done = append(done, h.queueRoom(names[i]))
		}
		wantRooms(t, db, false, names...)
		h.letGo()
		wantNoErr(t, append(done, h.first)...)
		wantRooms(t, db, true, names...)
		if got := db.writer.commits.Load() - before; got != 1 {
			t.Errorf("21 operations took %d commits, want 1", got)
		}
	})
}

func TestOneCommitHasItsBound(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		h := hold(t, db)
		before := db.writer.commits.Load()
		var done []chan error
		for range maxBatch { // and the one that holds
			done = append(done, h.queueRaw(func(*tx) error { return nil }))
		}
		h.letGo()
		wantNoErr(t, append(done, h.first)...)
		if got := db.writer.commits.Load() - before; got != 2 {
			t.Errorf("%d operations took %d commits, want 2", maxBatch+1, got)
		}
	})
}

func TestFailingOperationsHarmNoOther(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		createRoom(t, db, newRoom("taken"), newCode("taken", "host"))
		h := hold(t, db)
		before := db.writer.commits.Load()
		refused := errors.New("refused")
		good1 := h.queueRoom("good1")
		nameTaken := h.queueRoom("taken")
		codeTaken := h.queue(func(ctx context.Context) error { // fails with a room and a code written
			codes := []meet.RoomCode{newCode("half", "host"), newCode("taken", "guest")}
			return db.CreateRoom(ctx, roomWith(newRoom("half"), codes...), nil)
		})
		panics := h.queueRaw(func(t *tx) error {
			if err := t.insertRoom(roomWith(newRoom("panicked"))); err != nil {
				return err
			}
			panic("as the test wants")
		})
		refuses := h.queueRaw(func(t *tx) error {
			if err := t.insertRoom(roomWith(newRoom("refused"))); err != nil {
				return err
			}
			return refused
		})
		good2 := h.queueRoom("good2")
		h.letGo()

		wantNoErr(t, h.first, good1, good2)
		for want, got := range map[error]chan error{meet.ErrNameTaken: nameTaken, meet.ErrCodeTaken: codeTaken,
			refused: refuses} {
			if err := <-got; !errors.Is(err, want) {
				t.Errorf("got error %v, want %v", err, want)
			}
		}
		if err := <-panics; err == nil || !strings.Contains(err.Error(), "as the test wants") {
			t.Errorf("the panic became %v", err)
		}
		wantRooms(t, db, true, "good1", "good2")
		wantRooms(t, db, false, "half", "panicked", "refused")
		if _, _, err := db.CodeAndRoom(t.Context(), "half"); !errors.Is(err, meet.ErrNotFound) {
			t.Errorf("the failed room's code: %v", err)
		}
		if got := db.writer.commits.Load() - before; got > 2 {
			t.Errorf("they took %d commits, want at most 2: what failed ended one transaction before the last one", got)
		}
	})
}

func TestLonePanicIsAnError(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		createRoom(t, db, newRoom("room"))
		if _, err := db.UpdateRoom(t.Context(), "id-room", func(*meet.Room) error { panic("oh") }, 0, nil); err == nil {
			t.Error("a panic was a success")
		}
		if err := db.CreateRoom(t.Context(), roomWith(newRoom("next")), nil); err != nil {
			t.Errorf("the next write: %v", err)
		}
	})
}

func TestAFailingCommitFailsAllInIt(t *testing.T) {
	t.Parallel()
	db := withRoom(t, setup(t))
	db.Subscribe(func(_ context.Context, e meet.Event) { t.Errorf("told of %+v, which was not committed", e) })
	h := hold(t, db)
	e := newEvent("lost")
	failing := map[string]chan error{"first": h.first, "one": h.queueRoom("one"), "update": h.queueUpdate(e)}
	failing["orphan"] = h.queueRaw(func(t *tx) error {
		if err := t.exec("defer", `PRAGMA defer_foreign_keys = ON`); err != nil { // until the commit
			return err
		}
		return t.insertCode("nowhere", newCode("orphan", "host"))
	})
	failing["two"] = h.queueRoom("two")
	h.letGo()
	for name, err := range failing {
		if <-err == nil {
			t.Errorf("%s succeeded without a commit", name)
		}
	}
	if e.ID != 0 {
		t.Errorf("the event has the id %d", e.ID)
	}
	wantRooms(t, db, false, "one", "two")
	wantLines(t, db)
	createRoom(t, db, newRoom("next"))
}

func TestWhoGivesUpWhileQueuedChangesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		h := hold(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		gaveUp := h.queue(func(context.Context) error { return db.CreateRoom(ctx, roomWith(newRoom("nobodys")), nil) })
		patient := h.queueRoom("patient")
		cancel()
		// while the writer is still held
		if err := <-gaveUp; !errors.Is(err, context.Canceled) || errors.Is(err, meet.ErrOutcomeUnknown) {
			t.Errorf("got error %v, want %v, of a change that certainly was not made", err, context.Canceled)
		}
		h.letGo()
		wantNoErr(t, h.first, patient)
		wantRooms(t, db, true, "patient")
		wantRooms(t, db, false, "nobodys")
	})
}

// Whose call ends while its change is on its way into a commit is told that
// nobody knows.
func TestWhoGivesUpBeforeTheCommitDoesNotKnow(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		h := hold(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		gaveUp := h.queue(func(context.Context) error {
			_, err := write(ctx, db.writer, func(t *tx) (struct{}, error) {
				cancel()
				return struct{}{}, t.insertRoom(roomWith(newRoom("stored")))
			})
			return err
		})
		let := make(chan struct{})
		other := h.queueRaw(func(*tx) error { <-let; return nil }) // shares the commit, which has to wait for it
		h.letGo()
		err := <-gaveUp
		close(let)
		if !errors.Is(err, meet.ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want %v", err, meet.ErrOutcomeUnknown)
		}
		wantNoErr(t, h.first, other)
		wantRooms(t, db, true, "stored")
	})
}

func TestAFunctionNeverOutlivesItsCall(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *DB) {
		createRoom(t, db, newRoom("room"))
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			finished := false // the race detector watches it too
			_, err := db.UpdateRoom(ctx, "id-room", func(*meet.Room) error {
				cancel()
				for range 1000 {
					runtime.Gosched()
				}
				finished = true
				return nil
			}, 0, nil)
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("got error %v, want none or %v", err, context.Canceled)
			}
			if !finished {
				t.Fatal("UpdateRoom returned while its function ran")
			}
		}
	})
}

func TestCloseWaitsForTheQueueThenRefuses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "room.db")
	db := openAt(t, path)
	h := hold(t, db)
	asked := []chan error{h.queueRoom("one"), h.queueRoom("two")}
	closed := make(chan error, 2)
	for range cap(closed) { // closing twice is harmless, even at once
		go func() { closed <- db.Close() }()
	}
	eventually(t, func() bool {
		db.writer.mu.RLock()
		defer db.writer.mu.RUnlock()
		return db.writer.closed
	})
	if err := db.CreateRoom(t.Context(), roomWith(newRoom("late")), nil); !errors.Is(err, errClosed) {
		t.Errorf("got error %v, want %v", err, errClosed)
	}
	h.letGo()
	wantNoErr(t, append(asked, h.first, closed, closed)...)
	select {
	case <-db.writer.stopped:
	default:
		t.Error("Close returned while the writer runs")
	}
	if _, err := db.RoomByID(t.Context(), "id-one"); err == nil || errors.Is(err, meet.ErrNotFound) {
		t.Errorf("a read after Close gave error %v", err)
	}
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		t.Errorf("Close left %d bytes in the log", info.Size())
	}
	wantRooms(t, openAt(t, path), true, "one", "two")
}

// While another process has the database, nobody waits longer than the others,
// and what was told to have failed does not happen later.
func TestBusyDatabase(t *testing.T) {
	t.Parallel()
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "roomkey.db")
	db, err := Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.writer.patience = 100 * time.Millisecond
	other, err := sqliteDialect.open(path, forWriting)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	const n = 5
	failed := make(chan error, n)
	for i := range n {
		go func() { failed <- db.CreateRoom(ctx, roomWith(newRoom(fmt.Sprintf("late-%d", i))), nil) }()
	}
	for range n {
		if err := <-failed; !errors.Is(err, errBusy) {
			t.Errorf("got %v, want %v", err, errBusy)
		}
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return db.CreateRoom(ctx, roomWith(newRoom("after")), nil) == nil })
	for i := range n {
		if use, err := db.NameUse(ctx, fmt.Sprintf("late-%d", i), time.Now(), time.Now()); err != nil || use.Taken {
			t.Errorf("late-%d: %+v, %v, want nothing to have happened", i, use, err)
		}
	}
}
