package main

import (
	"database/sql"
	"path/filepath"
	"regexp"
	"testing"
)

// setup makes a database with one room and its codes, in a schema like
// Roomkey's. Other columns must not matter.
func setup(t *testing.T) (dir string, db *sql.DB) {
	t.Helper()
	dir = t.TempDir()
	db, err := openSQLite(filepath.Join(dir, "any.db"), "_pragma=journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec(`
		CREATE TABLE rooms (id TEXT PRIMARY KEY, name TEXT NOT NULL,
			created_by TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
		CREATE UNIQUE INDEX rooms_name ON rooms (name);
		CREATE TABLE codes (code TEXT PRIMARY KEY, room_id TEXT NOT NULL REFERENCES rooms (id),
			role TEXT NOT NULL, label TEXT) STRICT;
		CREATE UNIQUE INDEX codes_current ON codes (room_id, role);
		INSERT INTO rooms VALUES ('019ab3c4-aaaa-7fff-bbbb-0123456789ab', 'bench-aaaa', 'bench', 1700000000000);
		INSERT INTO codes VALUES
			('wpisrjbwer', '019ab3c4-aaaa-7fff-bbbb-0123456789ab', 'host', NULL),
			('abcdefghij', '019ab3c4-aaaa-7fff-bbbb-0123456789ab', 'guest', NULL),
			('zyxwvutsrq', '019ab3c4-aaaa-7fff-bbbb-0123456789ab', 'viewer', NULL)`); err != nil {
		t.Fatal(err)
	}
	return dir, db
}

func TestGrowDatabase(t *testing.T) {
	t.Parallel()
	dir, db := setup(t)
	const id = "019ab3c4-aaaa-7fff-bbbb-0123456789ab"
	const n = 1_000
	if err := growDatabase(t.Context(), dir, id, n); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{
		`SELECT count(*) FROM sqlite_schema WHERE name IN ('rooms_name', 'codes_current')`: 2,
		`SELECT count(*) FROM rooms`: n + 1,
		`SELECT count(*) FROM codes`: 3 * (n + 1),
		`SELECT count(*) FROM rooms WHERE created_by = 'bench' AND created_at = 1700000000000`: n + 1,
		`SELECT count(*) FROM codes JOIN rooms ON rooms.id = room_id WHERE label IS NULL`:      3 * (n + 1),
		`SELECT count(*) FROM codes WHERE room_id = '` + lookalike(id, 1) + `'`:                3,
		`SELECT count(*) FROM codes WHERE room_id = '` + lookalike(id, n) + `'`:                3,
		`SELECT count(*) FROM codes WHERE role = 'host' AND code GLOB '*[^a-z]*'`:              0,
	} {
		var got int
		if err := db.QueryRow(query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: got %d, %v; want %d", query, got, err, want)
		}
	}
}

func TestGrowDatabaseRefuses(t *testing.T) {
	t.Parallel()
	if err := growDatabase(t.Context(), t.TempDir(), "id", 1); err == nil {
		t.Error("no error without a database")
	}
	dir, db := setup(t)
	if _, err := db.Exec(`DROP TABLE codes`); err != nil {
		t.Fatal(err)
	}
	if err := growDatabase(t.Context(), dir, "id", 1); err == nil {
		t.Error("no error without a table")
	}
}

func TestLookalike(t *testing.T) {
	t.Parallel()
	for template, shape := range map[string]string{
		"wpi-srjb-wer":  `^[a-z]{3}-[a-z]{4}-[a-z]{3}$`,
		"019ab3c4-7fff": `^[0-9]{3}[a-f]{2}[0-9][a-f][0-9]-[0-9][a-f]{3}$`,
		"01JXYZ":        `^[0-9]{2}[A-Z]{4}$`,
	} {
		seen := make(map[string]bool)
		for i := range int64(50) {
			got := lookalike(template, i)
			if !regexp.MustCompile(shape).MatchString(got) {
				t.Errorf("%s: got %s, want the shape %s", template, got, shape)
			}
			if got != lookalike(template, i) {
				t.Errorf("%s: another text for the same number", template)
			}
			seen[got] = true
		}
		if len(seen) < 50 {
			t.Errorf("%s: got %d different texts of 50", template, len(seen))
		}
	}
}
