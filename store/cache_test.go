package store

import (
	"fmt"
	"math"
	"testing"

	"roomkey/meet"
)

// A room that is over must not take its name from the active room that has it now.
func TestCacheNameOfActiveRoom(t *testing.T) {
	c := newCache(1 << 20)
	c.putRoom(c.now(), meet.Room{ID: "new", Name: "team", State: meet.RoomActive})
	c.putRoom(c.now(), meet.Room{ID: "old", Name: "team", State: meet.RoomEnded})
	c.putRoom(c.now(), meet.Room{ID: "new", Name: "team", State: meet.RoomActive}) // what RoomByName does after a miss
	if _, ok := c.roomByName("team"); !ok {
		t.Error("the active room is never found by its name again")
	}
}

// What is remembered is bounded by its size. What nobody has asked for for longest is
// forgotten.
func TestCacheIsBounded(t *testing.T) {
	for limit, want := range map[int64]int{math.MaxInt64: 90 << 20, 64 << 20: 8 << 20} {
		if got := mostCached(limit); got != want {
			t.Errorf("with %d bytes of memory: %d, want %d", limit, got, want)
		}
	}
	one := cachedRoom{meet.Room{Name: "room-000", Admins: []string{"bob"}}, []meet.RoomCode{{Label: "Zoe"}, {}}}.size()
	c := newCache(20 * one)
	name := func(i int) string { return fmt.Sprintf("room-%03d", i) }
	for i := range 1000 {
		c.putRoom(c.now(), meet.Room{ID: name(i), Name: name(i), State: meet.RoomActive, Admins: []string{"bob"}})
		c.putCodes(c.now(), name(i), []meet.RoomCode{{Label: "Zoe"}, {}})
		c.roomByName(name(0))
	}
	if c.rooms.Len() != 20 || c.size != 20*one || len(c.names) != 20 {
		t.Errorf("%d rooms with %d names of the size %d; want 20 of %d", c.rooms.Len(), len(c.names), c.size, 20*one)
	}
	for i, want := range map[int]bool{0: true, 1: false, 980: false, 981: true, 999: true} {
		if _, ok := c.roomByName(name(i)); ok != want {
			t.Errorf("room %d is remembered: %t, want %t", i, ok, want)
		}
	}
	c.forget([]string{name(0)})
	if _, ok := c.roomByName(name(0)); ok || c.size != 19*one {
		t.Errorf("after a change the room is found: %t, the size is %d; want %d", ok, c.size, 19*one)
	}
	c.forgetAll()
	if c.size != 0 || len(c.names) != 0 || c.rooms.Len() != 0 {
		t.Errorf("after all is forgotten: %d rooms, %d names, the size %d", c.rooms.Len(), len(c.names), c.size)
	}
}
