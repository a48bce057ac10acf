package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
)

// What was acknowledged is there after kill -9, whole.
func TestKillDuringCreates(t *testing.T) {
	t.Parallel()
	const clients, enough = 4, 60
	dir, token := t.TempDir(), ownerToken(t)
	p := startServer(t, dir, withSecret)

	var mu sync.Mutex
	acknowledged := map[string]string{} // name → id
	done := make(chan struct{})
	var running sync.WaitGroup
	for n := range clients {
		running.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("room-%d-%d", n, i)
				raw, err := callAt(t.Context(), p.url, token, "create_room", map[string]any{"name": name, "create_codes": true})
				if err != nil {
					return // killed
				}
				var made struct{ Room struct{ ID string } }
				if err := json.Unmarshal(raw, &made); err != nil || made.Room.ID == "" {
					t.Errorf("create_room: got %s, %v, want a room", raw, err)
					return
				}
				mu.Lock()
				acknowledged[name] = made.Room.ID
				if len(acknowledged) == enough {
					close(done)
				}
				mu.Unlock()
			}
		})
	}
	<-done
	p.kill()
	running.Wait()

	again := startServer(t, dir, withSecret)
	found := map[string]string{}
	for cursor := ""; ; {
		raw, err := callAt(t.Context(), again.url, token, "list_rooms", map[string]any{"scope": "all", "limit": 100, "cursor": cursor})
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
