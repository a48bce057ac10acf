package store

import (
	"testing"
	"time"

	"roomkey/meet"
)

// manyJoins puts joins by the code aaa into id-room, one a second from epoch on,
// each with an approved request of its own.
func manyJoins(t *testing.T, db *DB, n int) {
	t.Helper()
	for _, text := range []string{
		`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO joins (identity, room_id, subject, user_id, name, role, admin, code, request_id, created_at)
		SELECT 'guest_' || i, 'id-room', '', 'guest', 'Guest', 'host', 0, 'aaa', 'request-' || i, $2 + 1000 * i FROM n`,
		`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO join_requests (id, room_id, caller, subject, user_id, name, role, code, state, answered_by, created_at,
		seen_at, generation)
		SELECT 'request-' || i, 'id-room', 'address', '', 'guest', 'Guest', 'host', 'aaa', 'approved', 'ann', $2 + 1000 * i,
		$2 + 1000 * i, 0 FROM n`,
	} {
		if _, err := db.writer.db.ExecContext(t.Context(), text, n, epoch.UnixMilli()); err != nil {
			t.Fatal(err)
		}
	}
}

// rowsChanged gives how many rows have been changed since the database was
// opened. The writer has one connection.
func rowsChanged(t *testing.T, db *DB) (n int) {
	t.Helper()
	if err := db.writer.db.QueryRowContext(t.Context(), `SELECT total_changes()`).Scan(&n); err != nil {
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

// What goes, goes in transactions of a bounded size.
func TestForgettingNeverHoldsTheWriterForLong(t *testing.T) {
	t.Parallel()
	const joins, limit = 20_000, 500
	db := withRoom(t, setup(t))
	manyJoins(t, db, joins)
	before, commits := rowsChanged(t, db), db.writer.commits.Load()
	started := time.Now()
	more, err := db.Forget(t.Context(), epoch.Add(24*time.Hour), epoch, limit)
	if err != nil || !more {
		t.Fatalf("Forget: more %v, %v; want more", more, err)
	}
	t.Logf("%d joins were forgotten in %v", limit, time.Since(started))
	if got := rowsChanged(t, db) - before; got != limit || db.writer.commits.Load() != commits+1 {
		t.Errorf("%d rows were changed in %d commits, want %d in one", got, db.writer.commits.Load()-commits, limit)
	}
	if _, err := db.UpdateRoom(t.Context(), "id-room", func(r *meet.Room) error {
		r.State, r.EndedAt = meet.RoomEnded, epoch
		return nil
	}, 0, nil); err != nil {
		t.Fatal(err)
	}
	before, commits = rowsChanged(t, db), db.writer.commits.Load()
	if _, err := db.SetCleared(t.Context(), "id-room", true); err != nil {
		t.Fatal(err)
	}
	if got := rowsChanged(t, db) - before; got != joins+1 || db.writer.commits.Load() != commits+joins/requestsAtOnce+1 {
		t.Errorf("%d rows were changed in %d commits, want the %d requests, %d at a time", got,
			db.writer.commits.Load()-commits, joins, requestsAtOnce)
	}
}
