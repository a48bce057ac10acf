package store

import (
	"context"
	"fmt"
	"testing"

	"roomkey/meet"
)

// Joins by one code that share a commit go to the database and back once for what they
// read, and once for all that they write.
func TestRoundTripsOfOperationsThatShareACommit(t *testing.T) {
	t.Parallel()
	db, ctx := setupPostgres(t), t.Context()
	createRoom(t, db, newRoom("room"), newCode("aaa", "host"))
	h := hold(t, db)
	trips := &db.writer.connection.(*postgresConnection).trips
	before := trips.Load()
	pass := func(meet.JoinContext) error { return nil }
	const n = 10
	joins := make([]chan error, n)
	for i := range joins {
		join := meet.Admission{Identity: fmt.Sprint(i), RoomID: "id-room", Code: "aaa", Role: meet.RoleHost, CreatedAt: epoch}
		joins[i] = h.queue(func(context.Context) error {
			return errOf(db.AddAdmission(ctx, join, epoch, pass, newEvent(join.Identity)))
		})
	}
	h.letGo()
	wantNoErr(t, append(joins, h.first)...)
	if got, want := trips.Load()-before, int64(2); got > want {
		t.Errorf("%d joins took %d round trips, want at most %d", n, got, want)
	}
	if code, _, err := db.CodeAndRoom(ctx, "aaa"); err != nil || code.Uses != n {
		t.Errorf("the code has %d uses, %v; want %d", code.Uses, err, n)
	}
}

// A connection that was lost before the transaction began is made anew for all that
// share it, also for those that have put off all that they do.
func TestALostConnectionIsMadeAnewForAllThatShareACommit(t *testing.T) {
	t.Parallel()
	db := setupPostgres(t)
	createRoom(t, db, newRoom("room"), newCode("aaa", "host"))
	h := hold(t, db) // its transaction has sent nothing yet
	cutConnections(t, db, fmt.Sprintf("pid = %d", db.writer.connection.(*postgresConnection).conn.PgConn().PID()))
	var done []chan error
	for i := range 3 {
		done = append(done, h.queueRaw(func(t *tx) error {
			touched := t.exec("touch", `UPDATE codes SET uses = uses + 1 WHERE code = $1`, "aaa")
			if touched != nil || i < 2 {
				return touched
			}
			_, err := t.room("id-room")
			return err
		}))
	}
	h.letGo()
	wantNoErr(t, append(done, h.first)...)
	if code, _, err := db.CodeAndRoom(t.Context(), "aaa"); err != nil || code.Uses != 3 {
		t.Errorf("the code has %d uses, %v; want 3", code.Uses, err)
	}
}
