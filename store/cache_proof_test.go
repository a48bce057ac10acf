package store

import (
	"testing"
	"time"

	"roomkey/meet"
)

// An instance that was paused for longer than changes of others go unproven uses
// nothing that it remembers, and nothing that it was reading before.
func TestCacheNeedsProof(t *testing.T) {
	t.Parallel()
	c := newCache(1 << 20)
	room := meet.Room{ID: "1", Name: "alpha", State: meet.RoomActive}
	remembered := func() bool {
		_, byID := c.room(room.ID)
		_, byName := c.roomByName(room.Name)
		if byID != byName {
			t.Errorf("remembered by id: %v, by name: %v", byID, byName)
		}
		return byID
	}
	c.proven(time.Now().Add(time.Hour))
	c.putRoom(c.now(), room)
	if !remembered() {
		t.Error("the room is not remembered while changes are heard")
	}
	before := c.now()
	c.proven(time.Now().Add(-time.Second))
	if remembered() {
		t.Error("the room is used although changes may not have been heard")
	}
	c.proven(time.Now().Add(time.Hour))
	c.putRoom(before, room) // was read before
	if remembered() {
		t.Error("the room of before is used after changes are heard again")
	}
	c.putRoom(c.now(), room)
	if !remembered() {
		t.Error("the room is not remembered although changes are heard again")
	}
}
