package store

import (
	"math"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"roomkey/meet"
)

// mostCached bounds how many bytes what is remembered takes, by the memory that the
// program may use. 90 MB are some 50,000 rooms with three codes each.
func mostCached(memoryLimit int64) int { return int(min(90<<20, memoryLimit/8)) }

// cache remembers rooms and their current codes, which nearly every call reads.
// Before each commit the writer has it forget the rooms that change, and other
// instances tell what they change. What decides whether a person may be inside is
// read from the database all the same.
type cache struct {
	mu      sync.Mutex
	version uint64                             // odd while a commit is under way
	off     bool                               // nothing is remembered
	until   time.Time                          // what is remembered counts so long; zero is for ever
	rooms   *simplelru.LRU[string, cachedRoom] // by id
	names   map[string]string                  // the id of the active room that has the name, of those in rooms
	size    int                                // of all in rooms, in bytes
	most    int                                // bounds size
}

type cachedRoom struct {
	room  meet.Room
	codes []meet.RoomCode // all that are current; nil if they were not read
}

// size is about how many bytes of memory it takes.
func (r cachedRoom) size() int {
	size := 650 + len(r.room.Name) + len(r.room.Title) + len(r.room.CreatedBy) + len(r.room.AdminID)
	for _, admin := range r.room.Admins {
		size += 32 + len(admin)
	}
	for _, code := range r.codes {
		size += 370 + len(code.Label) + len(code.Email)
	}
	return size
}

func newCache(most int) *cache {
	c := &cache{most: most}
	c.empty()
	return c
}

// empty forgets all. The mutex is held.
func (c *cache) empty() {
	c.rooms, _ = simplelru.NewLRU(math.MaxInt, c.forgotten) // fails for sizes below 1 alone
	c.names, c.size = map[string]string{}, 0
}

// add remembers a room, and forgets those that nobody has asked for for longest. The
// mutex is held.
func (c *cache) add(r cachedRoom) {
	c.rooms.Remove(r.room.ID)
	c.rooms.Add(r.room.ID, r)
	c.size += r.size()
	if r.room.State == meet.RoomActive {
		c.names[r.room.Name] = r.room.ID
	}
	for c.size > c.most {
		c.rooms.RemoveOldest()
	}
}

// forgotten is called for each room that leaves c.rooms. The mutex is held.
func (c *cache) forgotten(id string, r cachedRoom) {
	c.size -= r.size()
	if c.names[r.room.Name] == id {
		delete(c.names, r.room.Name)
	}
}

// now is asked before the database is read. What was read is remembered only if
// no commit has begun since: it could be old.
func (c *cache) now() (version uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version
}

func (c *cache) room(id string) (cachedRoom, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isOver() {
		return cachedRoom{}, false
	}
	return c.rooms.Get(id)
}

// roomByName finds the room that has the name now. A room that ends or gets
// another name changes, and is forgotten.
func (c *cache) roomByName(name string) (meet.Room, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isOver() {
		return meet.Room{}, false
	}
	cached, ok := c.rooms.Get(c.names[name])
	return cached.room, ok
}

func (c *cache) putRoom(version uint64, room meet.Room) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.off || c.version != version || version%2 != 0 {
		return
	}
	if !c.rooms.Contains(room.ID) {
		c.add(cachedRoom{room: room})
	}
}

// putCodes remembers the codes of a room that is remembered.
func (c *cache) putCodes(version uint64, roomID string, codes []meet.RoomCode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cached, ok := c.rooms.Get(roomID)
	if ok && c.version == version && version%2 == 0 {
		c.add(cachedRoom{cached.room, append([]meet.RoomCode{}, codes...)})
	}
}

// beforeCommit forgets the rooms that the commit changes, and lets nothing be
// remembered until afterCommit: after somebody has read the new state, nobody
// reads the old one.
func (c *cache) beforeCommit(rooms []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	for _, id := range rooms {
		c.rooms.Remove(id)
	}
}

func (c *cache) afterCommit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
}

// forget forgets rooms that another instance has changed. What is being read at the
// moment is not remembered either: it could be from before. The version stays odd
// or even.
func (c *cache) forget(rooms []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version += 2
	for _, id := range rooms {
		c.rooms.Remove(id)
	}
}

// forgetAll has nothing remembered until remember, because nobody tells what other
// instances change.
func (c *cache) forgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = true
	c.empty()
}

// remember has what is read from now on remembered.
func (c *cache) remember() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version += 2
	c.off = false
}

// isOver says whether it is too long ago that changes of other instances were
// certainly heard: this one was paused, for example. The mutex is held.
func (c *cache) isOver() bool { return !c.until.IsZero() && time.Now().After(c.until) }

// proven is called when the connection by which other instances tell what they
// change stands: what is remembered counts until that time.
func (c *cache) proven(until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isOver() { // what was told meanwhile may not have been heard yet
		c.version += 2
		c.empty()
	}
	c.until = until
}
