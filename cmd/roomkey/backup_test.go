package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
)

// Backups that are made while a server writes are whole, and hold everything
// that was answered before they began.
func TestBackupsUnderLoad(t *testing.T) {
	t.Parallel()
	const clients, backups, between = 3, 8, 10
	m := newMachine(t)
	m.serve()
	token := m.run("token", "--sub", "root", "--role", "superadmin") // whom no limit stops
	done := make(chan struct{})
	rooms := createRooms(t, m.server.url, token, clients, done)
	before := make([]map[string]string, backups)
	for i := range before {
		if !eventually(func() bool { return len(rooms.answered()) >= i*between || t.Failed() }) {
			t.Fatal("the server creates no rooms any more")
		}
		before[i] = rooms.answered()
		m.run("backup", fmt.Sprintf("backup-%d", i))
		m.run("token", "--sub", "bob") // gets its turn to write, too
	}
	close(done)
	rooms.running.Wait()
	total := len(rooms.answered())
	for i, want := range before {
		folder := filepath.Join(m.dir, fmt.Sprintf("restored-%d", i))
		m.run("restore", fmt.Sprintf("backup-%d", i), "--data", folder)
		holdRestored(t, folder, want)
	}
	t.Logf("%d backups while %d rooms were created", backups, total)
}

// holdRestored looks into the database of a folder that was restored.
func holdRestored(t *testing.T, folder string, want map[string]string) {
	t.Helper()
	changeDatabase(t, folder, func(db *sql.DB) error {
		var verdict string
		if err := db.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&verdict); err != nil {
			return err
		}
		if verdict != "ok" {
			t.Errorf("%s: integrity_check says %s", filepath.Base(folder), verdict)
		}
		rows, err := db.QueryContext(t.Context(), `SELECT name, id FROM rooms`)
		if err != nil {
			return err
		}
		defer rows.Close()
		found := map[string]string{}
		for rows.Next() {
			var name, id string
			if err := rows.Scan(&name, &id); err != nil {
				return err
			}
			found[name] = id
		}
		for name, id := range want {
			if found[name] != id {
				t.Errorf("%s: %s, which was answered before, has the id %q, want %q",
					filepath.Base(folder), name, found[name], id)
			}
		}
		return rows.Err()
	})
}
