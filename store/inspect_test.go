package store

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
)

// knownSchema is the version of the newest migration.
var knownSchema = func() int64 {
	files, err := fs.Glob(sqliteDialect.migrations, "*.sql")
	if err != nil || len(files) == 0 {
		panic("no migrations")
	}
	version, err := goose.NumericComponent(files[len(files)-1]) // Glob sorts
	if err != nil {
		panic(err)
	}
	return version
}()

// makeSchema makes a database of an earlier version, and closes it again.
func makeSchema(t *testing.T, path string, version int64, statements ...string) {
	t.Helper()
	old, err := openDSN(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := provider(&sqliteDialect, old)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := old.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
}

// contents are the files of a folder.
func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, entry := range entries {
		b, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[entry.Name()] = string(b)
	}
	return all
}

// inspect looks at a database and holds that to leave everything as it was.
func inspect(t *testing.T, path string) (Schema, error) {
	t.Helper()
	before := contents(t, filepath.Dir(path))
	schema, err := Inspect(t.Context(), path, t.TempDir())
	if after := contents(t, filepath.Dir(path)); !maps.Equal(before, after) {
		t.Errorf("Inspect: got other files than before: %q, then %q", slices.Sorted(maps.Keys(before)),
			slices.Sorted(maps.Keys(after)))
	}
	return schema, err
}

const (
	walMode   = `PRAGMA journal_mode = WAL`
	newerThis = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`
)

func TestInspect(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		make func(t *testing.T, path string)
		want int64
		err  string
	}{
		{"this version", func(t *testing.T, path string) { makeSchema(t, path, knownSchema, walMode) }, knownSchema, ""},
		{"an earlier version", func(t *testing.T, path string) { makeSchema(t, path, 2, walMode) }, 2, ""},
		{"an earlier version without a log", func(t *testing.T, path string) { makeSchema(t, path, 2) }, 2, ""},
		{"a newer version", func(t *testing.T, path string) { makeSchema(t, path, knownSchema, walMode, newerThis) }, 99999,
			ErrNewerSchema.Error()},
		{"an empty file", func(t *testing.T, path string) { writeFile(t, path, "") }, 0, ""},
		{"no database", func(t *testing.T, path string) { writeFile(t, path, strings.Repeat("no database ", 500)) }, 0,
			"not a database"},
		{"none", func(*testing.T, string) {}, 0, "unable to open"},
		{"a damaged page", func(t *testing.T, path string) {
			makeSchema(t, path, knownSchema, walMode)
			file := contents(t, filepath.Dir(path))[filepath.Base(path)]
			at := (rootOf(t, path, "events_room") - 1) * 4096
			writeFile(t, path, file[:at]+strings.Repeat("x", 4096)+file[at+4096:])
		}, knownSchema, "the database is damaged ("},
		{"half a file", func(t *testing.T, path string) {
			makeSchema(t, path, knownSchema, walMode)
			file := contents(t, filepath.Dir(path))[filepath.Base(path)]
			writeFile(t, path, file[:len(file)/2])
		}, knownSchema, "malformed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "odd ?#% name.db")
			test.make(t, path)
			schema, err := inspect(t, path)
			if schema.Have != test.want && test.name != "half a file" || err == nil && schema.Know != knownSchema {
				t.Errorf("schema: got %+v, want %d of %d", schema, test.want, knownSchema)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error: got %v, want %q", err, test.err)
			}
		})
	}
}

// rootOf gives the number of the first page of an index, counted from 1.
func rootOf(t *testing.T, path, index string) (page int) {
	t.Helper()
	db, err := openUnchanging(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), `SELECT rootpage FROM sqlite_schema WHERE name = $1`,
		index).Scan(&page); err != nil {
		t.Fatal(err)
	}
	return page
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// What stands in the log of a process that died counts, and stays there.
func TestInspectAfterACrash(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "roomkey.db")
	makeSchema(t, path, 2, walMode)
	db, err := Open(t.Context(), path) // brings the schema up to date, in the log
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	crashed := t.TempDir()
	for name, content := range contents(t, filepath.Dir(path)) {
		writeFile(t, filepath.Join(crashed, name), content)
	}
	if wal := contents(t, crashed)["roomkey.db-wal"]; wal == "" {
		t.Fatal("there is no log to look at")
	}
	schema, err := inspect(t, filepath.Join(crashed, "roomkey.db"))
	if want := (Schema{knownSchema, knownSchema}); err != nil || schema != want {
		t.Errorf("Inspect: got %+v, %v, want %+v", schema, err, want)
	}
}

// Nobody waits for it longer than they want to.
func TestInspectInHaste(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "roomkey.db")
	makeSchema(t, path, 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Inspect(ctx, path, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("Inspect after its context: got %v, want that it ended", err)
	}
}
