package store

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"roomkey/meet"
)

// A database of an earlier version is brought up to date with what is in it.
func TestMigrateFromTheFirstVersion(t *testing.T) {
	t.Parallel()
	db := migrated(t, 1, `INSERT INTO rooms (id, name, created_by, admin_id, state, ended_by, is_public, mode,
		max_participants,
		allow_chat, allow_video, allow_audio, e2ee, created_at, updated_at)
		VALUES ('r', 'room', 'ann', 'ann', 'active', '', 0, 'standard', 3, 1, 0, 1, 1, 1000, 2000)`)
	want := meet.Settings{AllowChat: true, AllowAudio: true, AllowScreenShare: true, E2EE: true}
	room, err := db.RoomByName(t.Context(), "room")
	if err != nil || room.MaxParticipants != 3 || room.Opening != 1 || room.Settings != want {
		t.Errorf("after the migration: %+v, %v; want the room as it was, in its first opening, %+v", room, err, want)
	}
}

// What counted when openings were told apart by their beginnings counts in the
// present opening, and nothing else does.
func TestMigrationNumbersOpenings(t *testing.T) {
	t.Parallel()
	var statements []string
	for room, opened := range map[string]int{"new": 1000, "reopened": 5000} {
		statements = append(statements, fmt.Sprintf(`INSERT INTO rooms (id, name, created_by, admin_id, state, ended_by,
		is_public, mode,
			max_participants, allow_chat, allow_video, allow_audio, e2ee, require_approval, created_at, opened_at, updated_at)
			VALUES ('%[1]s', '%[1]s', 'ann', 'ann', 'active', '', 0, 'standard', 3, 1, 1, 1, 0, 1, 1000, %[2]d, 9000)`,
			room, opened))
		for name, at := range map[string]int{"before": opened - 1, "since": opened} {
			statements = append(statements,
				fmt.Sprintf(`INSERT INTO joins (identity, room_id, subject, user_id, name, role, admin, created_at)
					VALUES ('%[1]s %[2]s', '%[1]s', 'bob', 'bob', 'Bob', 'guest', 0, %[3]d)`, room, name, at),
				fmt.Sprintf(`INSERT INTO join_requests (id, room_id, caller, subject, user_id, name, role, code, state, answered_by,
					created_at, seen_at) VALUES ('%[1]s %[2]s', '%[1]s', 'bob', 'bob', 'bob', 'Bob', 'guest', '', 'approved', '',
					%[3]d, 9000)`,
					room, name, at))
		}
	}
	db := migrated(t, 10, statements...)
	for _, id := range []string{"new", "reopened"} {
		room, err := db.RoomByID(t.Context(), id)
		if err != nil || !room.Settings.RequireApproval {
			t.Errorf("%s room: %+v, %v; want one that requires approval", id, room, err)
		}
		for name, want := range map[string]bool{"before": false, "since": true} {
			join, _, err := db.Admission(t.Context(), id+" "+name)
			if err != nil || join.Opening == room.Opening != want {
				t.Errorf("admission of %s room %s it was opened: in opening %d of %d, %v; want it to count: %t", id, name,
					join.Opening, room.Opening, err, want)
			}
			request, err := db.JoinRequest(t.Context(), id+" "+name)
			if err != nil || request.Living(room, time.UnixMilli(9000)) != want {
				t.Errorf("request of %s room %s it was opened: in opening %d of %d, %v; want it to count: %t", id, name,
					request.Opening, room.Opening, err, want)
			}
		}
	}
}

// migrated opens a database that an earlier version has made.
func migrated(t *testing.T, version int64, statements ...string) *DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roomkey.db")
	makeSchema(t, path, version, statements...)
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
