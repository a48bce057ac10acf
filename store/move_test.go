package store

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/store/postgrestest"
)

func openPlace(t *testing.T, place string) *DB {
	t.Helper()
	if IsURL(place) {
		return openURL(t, place)
	}
	return openAt(t, place)
}

// rowsAt gives all rows of all moved tables as texts, in some order that is always
// the same.
func rowsAt(t *testing.T, place string) []string {
	t.Helper()
	side, err := openSide(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	defer side.close()
	if side.tx, err = side.db.BeginTx(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, table := range movedTables {
		m := &moveOfTable{source: side, target: side, table: table}
		if m.columns, err = columnsOf(t.Context(), side.tx, table); err != nil {
			t.Fatal(err)
		}
		_, err := m.read(t.Context(), side, maphash.MakeSeed(), func(row []any) error {
			all = append(all, fmt.Sprintf("%s %q", table, row))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(all)
	return all
}

// places are new databases of both kinds, none of them made yet.
func places(t *testing.T) (file, url string) {
	t.Helper()
	return filepath.Join(t.TempDir(), "roomkey.db"), postgrestest.URL(t)
}

func quietly(MoveProgress) {}

// Everything arrives as it was, there and back, and the ids of events go on.
func TestMoveThereAndBack(t *testing.T) {
	t.Parallel()
	file, url := places(t)
	back := filepath.Join(t.TempDir(), "data", "roomkey.db")
	const n = 2*moveBatch + 3
	fillForMove(t, file, n)
	want := rowsAt(t, file)
	if len(want) != len(movedTables)*n-1 {
		t.Fatalf("%d rows to move", len(want))
	}
	done := map[string]int64{}
	if err := Move(t.Context(), file, url, func(p MoveProgress) {
		if p.Checked {
			done[p.Table] = p.Rows
		}
	}); err != nil {
		t.Fatal(err)
	}
	if len(done) != len(movedTables) || done["codes"] != n || done["events"] != n-1 {
		t.Errorf("told of %v", done)
	}
	if err := Move(t.Context(), url, back, quietly); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{file, url, back} {
		if got := rowsAt(t, place); !slices.Equal(got, want) {
			t.Errorf("%s has %d rows, not the same as the %d at first", place, len(got), len(want))
		}
		next := newEvent("next")
		if err := openPlace(t, place).AddEvent(t.Context(), next); err != nil || next.ID != n+1 {
			t.Errorf("the next event has number %d, %v; want %d", next.ID, err, n+1)
		}
	}
}

// The last ids go on also where no event is left, and where none ever was.
func TestMoveWithoutEvents(t *testing.T) {
	t.Parallel()
	for given, next := range map[int]int64{0: 1, 1: 2} {
		file, url := places(t)
		if given > 0 {
			fillForMove(t, file, given)
		} else if err := openAt(t, file).Close(); err != nil {
			t.Fatal(err)
		}
		if err := Move(t.Context(), file, url, quietly); err != nil {
			t.Fatal(err)
		}
		db := openURL(t, url)
		event := newEvent("next")
		if err := db.AddEvent(t.Context(), event); err != nil || event.ID != next {
			t.Errorf("after %d events: number %d, %v; want %d", given, event.ID, err, next)
		}
	}
}

// A table or an id that a migration adds is moved, or it stands here why not.
func TestEveryTableIsMoved(t *testing.T) {
	t.Parallel()
	stay := []string{
		"goose_db_version", // each database has its own
		"leases",           // nobody holds one while nothing runs
		"deployment",       // the next instance to start writes it
	}
	onBoth(t, func(t *testing.T, db *DB) {
		tables, err := texts(t.Context(), db.statements.pool, db.dialect.listTables)
		if err != nil {
			t.Fatal(err)
		}
		if len(tables) < len(movedTables) {
			t.Errorf("there are %q", tables)
		}
		for _, table := range tables {
			if !slices.Contains(movedTables, table) && !slices.Contains(stay, table) {
				t.Errorf("roomkey move forgets the table %s", table)
			}
		}
	})
	for dialect, given := range map[*dialect]string{&sqliteDialect: "AUTOINCREMENT", &postgresDialect: "IDENTITY"} {
		if n := strings.Count(migrationTexts(t, dialect), given); n != 1 {
			t.Errorf("%d tables have ids that the database gives; only those of events go on after a move", n)
		}
	}
}

func migrationTexts(t *testing.T, dialect *dialect) string {
	t.Helper()
	var all strings.Builder
	err := fs.WalkDir(dialect.migrations, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(dialect.migrations, path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// What cannot be moved is refused, and the target stays as it was.
func TestMoveRefuses(t *testing.T) {
	t.Parallel()
	file, url := places(t)
	empty, emptyURL := places(t)
	fillForMove(t, file, 3)
	fillForMove(t, url, 3)
	strange := postgrestest.URL(t)
	execAt(t, strange, `CREATE TABLE rooms (n integer)`)
	newer := postgrestest.URL(t)
	openURL(t, newer).Close()
	execAt(t, newer, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`)
	older := filepath.Join(t.TempDir(), "older.db")
	openAt(t, older).Close()
	execAt(t, older, `DELETE FROM goose_db_version WHERE version_id > 3`)
	before := rowsAt(t, url)
	for name, c := range map[string]struct {
		from, to string
		want     error
	}{
		"no source":             {empty, emptyURL, ErrNoDatabase},
		"nothing in the source": {emptyURL, empty, ErrNoDatabase},
		"target has rows":       {file, url, ErrNotEmpty},
		"file has rows":         {url, file, ErrNotEmpty},
		"tables of others":      {file, strange, ErrNotEmpty},
		"older source":          {older, emptyURL, ErrOlderSchema},
		"older target":          {file, older, ErrOlderSchema},
		"newer source":          {newer, empty, ErrNewerSchema},
		"newer target":          {file, newer, ErrNewerSchema},
	} {
		if err := Move(t.Context(), c.from, c.to, quietly); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		} else if strings.Contains(err.Error(), postgrestest.Password) {
			t.Errorf("%s shows the password: %v", name, err)
		}
	}
	if !slices.Equal(rowsAt(t, url), before) {
		t.Error("the target of a refused move has changed")
	}
}

func execAt(t *testing.T, place, text string) {
	t.Helper()
	side, err := openSide(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	defer side.close()
	if _, err := side.db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

// Neither side may have a roomkey, also not one that starts while all is moved.
func TestMoveRefusesWhereARoomkeyRuns(t *testing.T) {
	t.Parallel()
	file, url := places(t)
	fillForMove(t, file, 3)
	running := openURL(t, url)
	if err := running.Ping(t.Context()); err != nil { // it opens its connections now
		t.Fatal(err)
	}
	if err := Move(t.Context(), file, url, quietly); !errors.Is(err, ErrRunning) {
		t.Errorf("to: got %v, want %v", err, ErrRunning)
	}
	if err := Move(t.Context(), url, filepath.Join(t.TempDir(), "x.db"), quietly); !errors.Is(err, ErrRunning) {
		t.Errorf("from: got %v, want %v", err, ErrRunning)
	}

	other := postgrestest.URL(t)
	var started *DB
	err := Move(t.Context(), file, other, func(MoveProgress) {
		if started == nil {
			started = openURL(t, other)
			if _, err := started.RoomByName(t.Context(), "x"); !errors.Is(err, meet.ErrNotFound) {
				t.Error(err)
			}
		}
	})
	if !errors.Is(err, ErrRunning) {
		t.Errorf("started meanwhile: got %v, want %v", err, ErrRunning)
	}
	if got := rowsAt(t, other); len(got) > 0 {
		t.Errorf("%d rows are in the target", len(got))
	}

	leased := postgrestest.URL(t)
	openURL(t, leased).Close()
	execAt(t, leased, `INSERT INTO leases (name, holder, until) VALUES ('sweep', 'x', 99999999999999)`)
	if err := Move(t.Context(), file, leased, quietly); !errors.Is(err, ErrRunning) {
		t.Errorf("with a lease: got %v, want %v", err, ErrRunning)
	}
}

// However a move ends before its end, the source is as it was, the target has no row,
// and the next try succeeds.
func TestMoveInterrupted(t *testing.T) {
	t.Parallel()
	for name, interrupt := range map[string]func(t *testing.T, url string, cancel context.CancelFunc){
		"cancelled": func(_ *testing.T, _ string, cancel context.CancelFunc) { cancel() },
		"connection lost": func(t *testing.T, url string, _ context.CancelFunc) {
			execAt(t, url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		},
	} {
		for _, back := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", back ", back), func(t *testing.T) {
				t.Parallel()
				from, to := places(t)
				url := to
				if back {
					from, to = to, from
				}
				fillForMove(t, from, 2*moveBatch)
				before := rowsAt(t, from)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				interrupted := false
				err := Move(ctx, from, to, func(p MoveProgress) {
					if p.Table == "joins" && !interrupted {
						interrupted = true
						interrupt(t, url, cancel)
					}
				})
				if err == nil || !interrupted || errors.Is(err, meet.ErrOutcomeUnknown) {
					t.Fatalf("got %v, interrupted: %v", err, interrupted)
				}
				if got := rowsAt(t, to); len(got) > 0 {
					t.Errorf("%d rows are in the target", len(got))
				}
				if err := Move(t.Context(), from, to, quietly); err != nil {
					t.Errorf("once more: %v", err)
				}
				if !slices.Equal(rowsAt(t, from), before) || !slices.Equal(rowsAt(t, to), before) {
					t.Error("rows differ")
				}
			})
		}
	}
}

// What the check is for: a target that keeps something else.
func TestMoveChecksWhatArrived(t *testing.T) {
	t.Parallel()
	file, url := places(t)
	fillForMove(t, file, 5)
	openURL(t, url).Close()
	for _, text := range []string{
		`CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN NEW.uses := NEW.uses + 1; RETURN NEW; END $$`,
		`CREATE TRIGGER meddle BEFORE INSERT ON codes FOR EACH ROW WHEN (NEW.code = 'code-3') EXECUTE FUNCTION meddle()`,
	} {
		execAt(t, url, text)
	}
	if err := Move(t.Context(), file, url, quietly); !errors.Is(err, errChanged) {
		t.Errorf("got %v, want %v", err, errChanged)
	}
	if got := rowsAt(t, url); len(got) > 0 {
		t.Errorf("%d rows are in the target", len(got))
	}
}

// Texts that PostgreSQL does not take arrive as those that roomkey would have written.
func TestMoveOfTextsThatPostgresCannotKeep(t *testing.T) {
	t.Parallel()
	file, url := places(t)
	db := openAt(t, file)
	if err := db.AddEvent(t.Context(), newEvent("a\x00b\xff")); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if err := Move(t.Context(), file, url, quietly); err != nil {
		t.Fatal(err)
	}
	events, err := openURL(t, url).Events(t.Context(), meet.EventQuery{Limit: 9})
	if err != nil || len(events) != 1 || events[0].Target != "a\uFFFDb\uFFFD" {
		t.Errorf("got %v, %v", events, err)
	}
}
