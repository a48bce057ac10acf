package store

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"modernc.org/sqlite"

	"roomkey/meet"
)

// manyJoins puts joins by the code aaa into id-room, one a second from epoch on,
// each with an approved request of its own.
func manyJoins(t *testing.T, db *DB, n int) {
	t.Helper()
	for _, text := range []string{
		`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO joins (identity, room_id, subject, user_id, name, role, code, request_id, created_at)
		SELECT 'guest_' || i, 'id-room', '', 'guest', 'Guest', 'host', 'aaa', 'request-' || i, $2 + 1000 * i FROM n`,
		`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO join_requests (id, room_id, caller, subject, user_id, name, role, code, state, answered_by, created_at,
		seen_at, generation)
		SELECT 'request-' || i, 'id-room', 'address', '', 'guest', 'Guest', 'host', 'aaa', 'approved', 'ann', $2 + 1000 * i,
		$2 + 1000 * i, 0 FROM n`,
	} {
		if _, err := writesOf(db).ExecContext(t.Context(), text, n, epoch.UnixMilli()); err != nil {
			t.Fatal(err)
		}
	}
}

// rowsChanged gives how many rows have been changed since the database was
// opened. The writer has one connection.
func rowsChanged(t *testing.T, db *DB) (n int) {
	t.Helper()
	if err := writesOf(db).QueryRowContext(t.Context(), `SELECT total_changes()`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// What holds all other writes up must not grow with how many people came by a
// code.
func TestRevokingACodeCostsTheSameHoweverManyCame(t *testing.T) {
	t.Parallel()
	const joins = 30_000
	db := withRoom(t, setup(t))
	manyJoins(t, db, joins)
	before := rowsChanged(t, db)
	r := &meet.Revocation{RoomID: "id-room", Code: "aaa", At: epoch.Add(time.Hour), By: "ann"}
	if _, err := db.UpdateCode(t.Context(), "aaa", func(c *meet.RoomCode) error { c.Enabled = false; return nil }, r,
		newEvent("aaa")); err != nil {
		t.Fatal(err)
	}
	if got := rowsChanged(t, db) - before; got != 3 {
		t.Errorf("%d rows were changed, want 3: the code, the revocation and the event", got)
	}
	for _, identity := range []string{"guest_1", "guest_30000"} {
		join, _, err := db.Admission(t.Context(), identity)
		if err != nil || !join.RevokedAt.Equal(r.At) {
			t.Errorf("%s: %+v, %v; want it revoked", identity, join, err)
		}
		request, err := db.JoinRequest(t.Context(), join.RequestID)
		if err != nil || request.State != meet.RequestRefused || request.AnsweredBy != "ann" {
			t.Errorf("the approval of %s: %+v, %v; want it taken back", identity, request, err)
		}
	}
}

// transactions notes how many rows each transaction changes from now on. The hook
// is not told of tables without a rowid.
func transactions(t *testing.T, db *DB) (take func() (rows []int)) {
	t.Helper()
	var mu sync.Mutex
	var done []int
	open := 0
	conn, err := writesOf(db).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = conn.Raw(func(c any) error {
		hooks := c.(sqlite.HookRegisterer)
		hooks.RegisterPreUpdateHook(func(sqlite.SQLitePreUpdateData) { open++ })
		hooks.RegisterCommitHook(func() int32 {
			mu.Lock()
			defer mu.Unlock()
			done, open = append(done, open), 0
			return 0
		})
		return nil
	})
	if err := errors.Join(err, conn.Close()); err != nil {
		t.Fatal(err)
	}
	return func() []int {
		mu.Lock()
		defer mu.Unlock()
		rows := done
		done = nil
		return rows
	}
}

// wantBatches checks that so many rows went, in as few transactions of bounded size
// as possible.
func wantBatches(t *testing.T, what string, got []int, rows int) {
	t.Helper()
	sum := 0
	for _, n := range got {
		sum += n
	}
	most := (rows + rowsAtOnce - 1) / rowsAtOnce
	if sum != rows || len(got) != most || slices.Max(append(got, 0)) > rowsAtOnce {
		t.Errorf("%s: transactions of %v rows, want %d rows in %d of at most %d", what, got, rows, most, rowsAtOnce)
	}
}

// What goes, goes in transactions of a bounded size, whatever limit is given.
func TestForgettingNeverHoldsTheWriterForLong(t *testing.T) {
	t.Parallel()
	const joins, events = 12_000, 10_000
	db := withRoom(t, setup(t))
	manyJoins(t, db, joins)
	if _, err := writesOf(db).ExecContext(t.Context(), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
		WHERE i < $1) INSERT INTO events (at, room_id, room_name, admin_id, actor, via, client, kind, action, target, outcome,
		details, request_id) SELECT $2 + i, 'id-room', '', '', '', '', '', '', '', '', '', '{}', '' FROM n`, events,
		epoch.UnixMilli()); err != nil {
		t.Fatal(err)
	}
	take := transactions(t, db)
	if err := db.Forget(t.Context(), epoch.Add(24*time.Hour), epoch, events); err != nil {
		t.Fatal(err)
	}
	wantBatches(t, "events and as many joins", take(), 2*events)
	if err := db.Forget(t.Context(), epoch.Add(24*time.Hour), epoch, 5); err != nil {
		t.Fatal(err)
	}
	wantBatches(t, "five joins", take(), 5)

	if _, err := db.UpdateRoom(t.Context(), "id-room", func(r *meet.Room) error {
		r.State, r.EndedAt = meet.RoomEnded, epoch
		return nil
	}, 0, nil); err != nil {
		t.Fatal(err)
	}
	take()
	if _, err := db.SetCleared(t.Context(), "id-room", true); err != nil {
		t.Fatal(err)
	}
	got := take()
	wantBatches(t, "the requests of a room", got[:len(got)-1], joins) // the last one marks the room

	waiting := make([]string, joins/20)
	if _, err := writesOf(db).ExecContext(t.Context(), `UPDATE rooms SET state = 'active'`); err != nil {
		t.Fatal(err)
	}
	for i := range waiting {
		waiting[i] = fmt.Sprint("waiting-", i)
		request := meet.JoinRequest{ID: waiting[i], RoomID: "id-room", State: meet.RequestWaiting, CreatedAt: epoch,
			SeenAt: epoch}
		pass := func(meet.Room, meet.RequestCount) error { return nil }
		if err := db.AddJoinRequest(t.Context(), request, epoch, pass, nil); err != nil {
			t.Fatal(err)
		}
		if i == len(waiting)/2 {
			take()
			if err := db.DropJoinRequests(t.Context(), waiting[:i]); err != nil {
				t.Fatal(err)
			}
			wantBatches(t, "named requests", take(), i)
		}
	}
	take()
	if err := db.ForgetJoinRequests(t.Context(), epoch, len(waiting)); err != nil {
		t.Fatal(err)
	}
	wantBatches(t, "requests without a sign of life", take(), len(waiting)/2)
}
