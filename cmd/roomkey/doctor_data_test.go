package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/programtest"
)

// makeData makes a data folder whose database has the schema of a version, 0 for
// the newest, and what the statement puts in.
func makeData(t *testing.T, schema int64, statement string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	changeDatabase(t, folder, func(db *sql.DB) error {
		provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("../../store/migrations/sqlite"))
		if err != nil {
			return err
		}
		if schema > 0 {
			_, err = provider.UpTo(t.Context(), schema)
		} else {
			_, err = provider.Up(t.Context())
		}
		if err == nil {
			_, err = db.ExecContext(t.Context(), statement)
		}
		return err
	})
	if err := os.WriteFile(filepath.Join(folder, "secret"), []byte(programtest.Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// changeDatabase does something to the database of a folder that no roomkey has.
func changeDatabase(t *testing.T, folder string, change func(*sql.DB) error) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, "roomkey.db")+"?_journal_mode=WAL")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := change(db); err != nil {
		t.Fatal(err)
	}
}

// files are the names, modes and contents of what is in a folder.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[entry.Name()] = fmt.Sprintln(info.Mode(), string(content))
	}
	return all
}

// A room that has expired long ago, and nobody has noticed; a schema of the
// future.
const (
	expiredRoom = `INSERT INTO rooms (id, name, created_by, admin_id, state, ended_by, is_public, mode, max_participants,
		allow_chat, allow_video, allow_audio, e2ee, expires_at, created_at, updated_at)
		VALUES ('r', 'room', 'ann', 'ann', 'active', '', 0, 'standard', 3, 1, 1, 1, 0, 3000, 1000, 2000)`
	newerSchema = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`
)

// The doctor leaves a data folder as it was, whatever is in it.
func TestDoctorChangesNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		make func(t *testing.T) (folder string)
		code int
		want string // FOLDER is the folder
	}{
		"an earlier schema": {func(t *testing.T) string { return makeData(t, 2, expiredRoom) }, 0,
			"warn database: schema 2; serve brings it to "},
		"a newer schema": {func(t *testing.T) string { return makeData(t, 0, newerSchema) }, 1,
			"FAIL database: FOLDER/roomkey.db has schema 99999, made by a newer roomkey"},
		"a damaged file": {func(t *testing.T) string {
			folder := makeData(t, 0, "")
			database := datafolder.DatabaseFile(folder)
			info, err := os.Stat(database)
			if err == nil {
				err = os.Truncate(database, info.Size()/2)
			}
			if err != nil {
				t.Fatal(err)
			}
			return folder
		}, 1, "FAIL database: "},
		"what a crash left": {func(t *testing.T) string {
			dir := t.TempDir()
			p := startServer(t, dir, withSecret)
			_, err := programtest.CallAt(t.Context(), p.url, ownerToken(t), "create_room", map[string]any{"name": "alpha"})
			if err != nil {
				t.Fatal(err)
			}
			p.kill()
			folder := filepath.Join(dir, "data")
			info, err := os.Stat(datafolder.DatabaseFile(folder) + "-wal")
			if err != nil || info.Size() == 0 {
				t.Fatalf("write-ahead log: got %v, %v, want one that is not empty", info, err)
			}
			return folder
		}, 0, "ok   database: schema "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := test.make(t)
			before := files(t, folder)
			holdSaid(t, []string{"ROOMKEY_DATA=" + folder}, test.code,
				"ok   data: "+folder+" is used by no other roomkey\n", strings.Replace(test.want, "FOLDER", folder, 1))
			if diff := cmp.Diff(before, files(t, folder)); diff != "" {
				t.Errorf("data folder (-before +after):\n%.2000s", diff)
			}
		})
	}
}
