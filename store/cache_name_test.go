package store

import (
	"testing"

	"roomkey/meet"
)

// A room that is over must not take its name from the active room that has it now.
func TestCacheNameOfActiveRoom(t *testing.T) {
	c := newCache()
	c.putRoom(c.now(), meet.Room{ID: "new", Name: "team", State: meet.RoomActive})
	c.putRoom(c.now(), meet.Room{ID: "old", Name: "team", State: meet.RoomEnded})
	c.putRoom(c.now(), meet.Room{ID: "new", Name: "team", State: meet.RoomActive}) // what RoomByName does after a miss
	if _, ok := c.roomByName("team"); !ok {
		t.Error("the active room is never found by its name again")
	}
}
