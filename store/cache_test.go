package store

import (
	"fmt"
	"math"
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

// What is remembered is bounded by rooms and codes together, and by the memory that
// there is. What was not asked for for longest is forgotten.
func TestCacheIsBounded(t *testing.T) {
	c := newCache()
	if c.most != 1<<17 || mostCached(64<<20) != 11983 || mostCached(math.MaxInt64) != 1<<17 {
		t.Errorf("at most %d, with 64 MB %d", c.most, mostCached(64<<20))
	}
	c.most = 100
	put := func(i int) {
		id := fmt.Sprint("id-", i)
		c.putRoom(c.now(), meet.Room{ID: id, Name: fmt.Sprint("room-", i), State: meet.RoomActive, Admins: []string{"bob"}})
		c.putCodes(c.now(), id, make([]meet.RoomCode, 3))
	}
	for i := range 1000 {
		put(i)
		c.roomByName("room-0")
	}
	if c.rooms.Len() != 20 || c.size != 100 || len(c.names) != 20 {
		t.Errorf("%d rooms with %d names of the size %d; want 20 of 100", c.rooms.Len(), len(c.names), c.size)
	}
	for i, want := range map[int]bool{0: true, 1: false, 980: false, 981: true, 999: true} {
		if _, ok := c.roomByName(fmt.Sprint("room-", i)); ok != want {
			t.Errorf("room %d is remembered: %t, want %t", i, ok, want)
		}
	}
	c.forget([]string{"id-0"})
	if _, ok := c.roomByName("room-0"); ok || c.size != 95 {
		t.Errorf("after a change the room is found: %t, the size is %d; want 95", ok, c.size)
	}
	c.forgetAll()
	if c.size != 0 || len(c.names) != 0 {
		t.Errorf("after all is forgotten the size is %d, with %d names", c.size, len(c.names))
	}
}
