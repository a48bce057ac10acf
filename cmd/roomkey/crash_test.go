package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
)

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
				raw, err := callAt(t.Context(), url, token, "create_room", map[string]any{"name": name, "create_codes": true})
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

// What was acknowledged is there after kill -9, whole.
func TestKillDuringCreates(t *testing.T) {
	t.Parallel()
	const clients, enough = 4, 60
	dir, token := t.TempDir(), ownerToken(t)
	p := startServer(t, dir, withSecret)

	done := make(chan struct{})
	rooms := createRooms(t, p.url, token, clients, done)
	if !eventually(func() bool { return len(rooms.answered()) >= enough || t.Failed() }) {
		t.Fatal("the server creates no rooms any more")
	}
	p.kill()
	close(done)
	rooms.running.Wait()
	acknowledged := rooms.answered()

	again := startServer(t, dir, withSecret)
	found := map[string]string{}
	for cursor := ""; ; {
		raw, err := callAt(t.Context(), again.url, token, "list_rooms",
			map[string]any{"scope": "all", "limit": 100, "cursor": cursor})
		if err != nil {
			t.Fatalf("list_rooms: %v", err)
		}
		var page struct {
			Rooms      []struct{ ID, Name string }
			NextCursor string `json:"next_cursor"`
		}
		if err := json.Unmarshal(raw, &page); err != nil {
			t.Fatal(err)
		}
		for _, room := range page.Rooms {
			found[room.Name] = room.ID
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	for name, id := range acknowledged {
		if found[name] != id {
			t.Errorf("room %s after the kill: got id %q, want %q", name, found[name], id)
		}
	}
	if extra := len(found) - len(acknowledged); extra > clients {
		t.Errorf("rooms nobody was told of: got %d, want %d at most, one per client", extra, clients)
	}
	// Those that were cut off are whole as well, or not there at all.
	for _, name := range slices.Sorted(maps.Keys(found)) {
		raw, err := callAt(t.Context(), again.url, token, "get_room_codes", map[string]any{"room_id": name})
		var got struct{ Codes []struct{ Role string } }
		if err == nil {
			err = json.Unmarshal(raw, &got)
		}
		if err != nil || len(got.Codes) != 3 {
			t.Errorf("codes of %s: got %s, %v, want three", name, raw, err)
		}
	}
	// And one that is there can be used: its media room is made again.
	if _, err := callAt(t.Context(), again.url, token, "join_room", map[string]any{"room_id": "room-0-0"}); err != nil {
		t.Errorf("join after the kill: %v", err)
	}
}
