package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"sync"
	"testing"

	"roomkey/cmd/roomkey/internal/programtest"
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
		if !programtest.Eventually(func() bool { return len(rooms.answered()) >= i*between || t.Failed() }) {
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

// createdRooms are rooms that clients create at the same time, until they are
// told to stop or the server is gone.
type createdRooms struct {
	running sync.WaitGroup

	mu sync.Mutex
	id map[string]string // by name, of those that were answered
}

func createRooms(t *testing.T, url, token string, clients int, done <-chan struct{}) *createdRooms {
	t.Helper()
	r := &createdRooms{id: map[string]string{}}
	for n := range clients {
		r.running.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				name := fmt.Sprintf("room-%d-%d", n, i)
				raw, err := programtest.CallAt(t.Context(), url, token, "create_room",
					map[string]any{"name": name, "create_codes": true})
				if err != nil {
					return // it is gone
				}
				var made struct{ Room struct{ ID string } }
				if err := json.Unmarshal(raw, &made); err != nil || made.Room.ID == "" {
					t.Errorf("create_room: got %s, %v, want a room", raw, err)
					return
				}
				r.mu.Lock()
				r.id[name] = made.Room.ID
				r.mu.Unlock()
			}
		})
	}
	return r
}

// answered are the rooms that were created so far.
func (r *createdRooms) answered() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.id)
}
