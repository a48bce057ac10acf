package store

import (
	"os"
	"testing"

	"roomkey/meet"
)

// What the frequent changes cost in the writer, where everybody waits for it: the
// statements beside BEGIN and COMMIT, the rows that change, and the pages of 4 KiB
// that a commit writes. They must not grow unnoticed.
func TestWhatAChangeCosts(t *testing.T) {
	t.Parallel()
	db, ctx := setup(t), t.Context()
	pass := func(meet.JoinContext) error { return nil }
	admit := func(a meet.Admission) func() error {
		a.RoomID, a.Subject, a.Role, a.CreatedAt = "id-room", "ann", meet.RoleHost, epoch
		return func() error {
			return errOf(db.AddAdmission(ctx, a, epoch.Add(meet.TokenLifetime), pass, newEvent(a.Identity)))
		}
	}
	limited := newCode("limited", "guest")
	limited.MaxUses = 5
	kick := meet.Revocation{RoomID: "id-room", Identities: []string{"by name"}, At: epoch, By: "ann"}
	block := kick
	block.Identities = []string{"by code"}
	block.Block = &meet.Block{RoomID: "id-room", Identity: "by code", CreatedAt: epoch}
	for _, c := range []struct {
		name                    string
		do                      func() error
		statements, rows, pages int
	}{
		{"create a room with three codes, at most 9 active", func() error {
			r := roomWith(newRoom("room"), newCode("host", "host"), newCode("aaa", "guest-2"), limited)
			r.Most, r.UnusedSince = 9, epoch
			return db.CreateRoom(ctx, r, newEvent("room"))
		}, 6, 5, 14},
		{"join by name", admit(meet.Admission{Identity: "by name"}), 4, 3, 9},
		{"join by name, as a known person", admit(meet.Admission{Identity: "known", Person: "p"}), 5, 2, 7},
		{"join by code", admit(meet.Admission{Identity: "by code", Code: "aaa"}), 5, 3, 8},
		{"join by code with a limit", admit(meet.Admission{Identity: "limited", Code: "limited"}), 6, 4, 10},
		{"set something for the known person", func() error {
			return errOf(db.UpdateOverrides(ctx, "known", func(a *meet.Admission, _ meet.Room) error {
				a.Overrides = meet.Overrides{meet.PropertyChat: {Value: "false", At: epoch}}
				return nil
			}, newEvent("set")))
		}, 4, 2, 8},
		{"join as that person", admit(meet.Admission{Identity: "known-2", Person: "p"}), 6, 2, 9},
		{"join as that person again", admit(meet.Admission{Identity: "known-3", Person: "p"}), 6, 2, 9},
		{"kick", func() error { return db.RevokeAdmissions(ctx, kick, newEvent("kick")) }, 2, 2, 5},
		{"kick and block", func() error { return db.RevokeAdmissions(ctx, block, newEvent("block")) }, 3, 3, 6},
	} {
		rows, statements, size := rowsChanged(t, db), db.writer.executed.Load(), logSize(t, db)
		if err := c.do(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		got := [2]int{int(db.writer.executed.Load() - statements), rowsChanged(t, db) - rows}
		pages := (logSize(t, db) - size) / (4096 + 24)
		if got != [2]int{c.statements, c.rows} || pages > c.pages {
			t.Errorf("%s: %d statements, %d rows, %d pages; want %d, %d, at most %d", c.name, got[0], got[1], pages,
				c.statements, c.rows, c.pages)
		}
	}
}

// logSize gives the size of the write-ahead log. It grows with each commit until it
// is merged, and a test writes too little for that.
func logSize(t *testing.T, db *DB) int {
	t.Helper()
	var seq int
	var name, path string
	if err := writesOf(db).QueryRowContext(t.Context(), `PRAGMA database_list`).Scan(&seq, &name, &path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Size())
}

// The joins that share a commit have their events inserted at once.
func TestEventsOfACommitShareAStatement(t *testing.T) {
	t.Parallel()
	const joins = 32
	db := withRoom(t, setup(t))
	operations := make([]func() error, joins)
	for i := range operations {
		operations[i] = func() error { return db.AddEvent(t.Context(), newEvent("x")) }
	}
	before := db.writer.executed.Load()
	for _, err := range oneCommit(t, db, operations...) {
		if err != nil {
			t.Error(err)
		}
	}
	const inserts = joins / 16 // statements of 16 rows
	if n := db.writer.executed.Load() - before; n > inserts+1 {
		t.Errorf("%d statements, want at most %d", n, inserts+1)
	}
}
