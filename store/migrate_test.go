package store

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"
)

// A database of an earlier version is brought up to date with what is in it.
func TestMigrateFromTheFirstVersion(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "roomkey.db")
	makeSchema(t, path, 1, `INSERT INTO rooms (id, name, created_by, admin_id, state, ended_by, is_public, mode, max_participants,
		allow_chat, allow_video, allow_audio, e2ee, created_at, updated_at) VALUES ('r', 'room', 'ann', 'ann', 'active', '', 0, 'standard', 3, 1, 1, 1, 0, 1000, 2000)`)
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	room, err := db.RoomByName(t.Context(), "room")
	if err != nil || room.MaxParticipants != 3 || room.Settings.RequireApproval || !room.OpenedAt.Equal(room.CreatedAt) {
		t.Errorf("after the migration: %+v, %v; want the room as it was, opened when it was created", room, err)
	}
}

func TestMigrationsCanBeTakenBack(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "roomkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := fs.Sub(migrations, migrationsFolder)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(migrationsDialect, db, files)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := provider.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := provider.DownTo(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
}
