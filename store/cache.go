package store

import (
	"slices"
	"sync"

	"roomkey/meet"
)

// What is remembered at most.
const (
	cacheRooms = 4096
	cacheCodes = 4 * cacheRooms
)

// cache remembers rooms and their codes as the database has them, for the
// reads that nearly every call makes. It is right because every write of this
// process goes through one writer, which has it forget what a commit changes
// before the commit. Checks that decide (a use of a code, a
// change) run inside a transaction and never look here.
type cache struct {
	mu      sync.RWMutex
	changes uint64 // how often something was forgotten
	held    bool   // a commit is under way
	rooms   map[string]meet.Room
	names   map[string]string          // name → id of the room it means
	codes   map[string][]meet.RoomCode // room id → all its current codes
	size    int                        // how many codes and blocks that are
	doors   map[string]meet.RoomCode   // code → its row, current or not
	blocks  map[string][]meet.Block    // room id → all its blocks, mostly none
}

func newCache() *cache {
	c := &cache{}
	c.clear()
	return c
}

func (c *cache) clear() {
	c.rooms = map[string]meet.Room{}
	c.names = map[string]string{}
	c.codes = map[string][]meet.RoomCode{}
	c.size = 0
	c.doors = map[string]meet.RoomCode{}
	c.blocks = map[string][]meet.Block{}
}

// seen is the state of the cache before a read of the database. What was read
// is remembered only if nothing has been forgotten since: it could be old.
func (c *cache) seen() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.changes
}

func (c *cache) room(id string) (meet.Room, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	room, ok := c.rooms[id]
	return room, ok
}

func (c *cache) roomByName(name string) (meet.Room, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	room, ok := c.rooms[c.names[name]]
	return room, ok
}

// door gives a code and its room.
func (c *cache) door(code string) (meet.RoomCode, meet.Room, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	row, ok := c.doors[code]
	if !ok {
		return meet.RoomCode{}, meet.Room{}, false
	}
	room, ok := c.rooms[row.RoomID]
	return row, room, ok
}

// list answers a query from a room's codes if all of them are remembered and
// the query begins at the start.
func (c *cache) list(q meet.CodeQuery) ([]meet.RoomCode, bool) {
	if q.After != nil {
		return nil, false
	}
	c.mu.RLock()
	all, ok := c.codes[q.RoomID]
	c.mu.RUnlock()
	if !ok {
		return nil, false
	}
	var codes []meet.RoomCode
	for _, code := range all {
		if len(codes) < q.Limit && (q.Role == "" || q.Role == code.Role) && (q.Enabled == nil || *q.Enabled == code.Enabled) {
			codes = append(codes, code)
		}
	}
	return codes, true
}

// blocksOf gives the blocks of a room, which the caller must not change.
func (c *cache) blocksOf(roomID string) ([]meet.Block, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	blocks, ok := c.blocks[roomID]
	return blocks, ok
}

func (c *cache) putBlocks(seen uint64, roomID string, blocks []meet.Block) {
	c.put(seen, func() {
		c.size += len(blocks) - len(c.blocks[roomID])
		c.blocks[roomID] = slices.Clone(blocks)
	})
}

func (c *cache) putRoom(seen uint64, room meet.Room, name string) {
	c.put(seen, func() {
		c.rooms[room.ID] = room
		if name != "" {
			c.names[name] = room.ID
		}
	})
}

func (c *cache) putDoor(seen uint64, code meet.RoomCode, room meet.Room) {
	c.put(seen, func() {
		c.doors[code.Code] = code
		c.rooms[room.ID] = room
	})
}

// putCodes remembers the codes that a query found, if they are all there are.
func (c *cache) putCodes(seen uint64, q meet.CodeQuery, codes []meet.RoomCode) {
	if q.After == nil && q.Role == "" && q.Enabled == nil && len(codes) < q.Limit {
		c.put(seen, func() {
			c.size += len(codes) - len(c.codes[q.RoomID])
			c.codes[q.RoomID] = slices.Clone(codes)
		})
	}
}

func (c *cache) put(seen uint64, do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes != seen || c.held {
		return
	}
	if max(len(c.rooms), len(c.names), len(c.codes), len(c.blocks)) >= cacheRooms || c.size+len(c.doors) >= cacheCodes {
		c.clear() // rare, and costs no more than reading again
	}
	do()
}

// changed is what a transaction has touched, committed or not.
type changed struct {
	rooms []string // ids of rooms whose row is another
	codes []string // ids of rooms whose codes are others

	blocks []string // ids of rooms whose blocks are others

	// Codes whose row is another, and what it is then; nil where nobody knows.
	// With allRows it is so for codes that are not named.
	rows    map[string]*meet.RoomCode
	allRows bool
}

func (c *changed) row(code string, row *meet.RoomCode) {
	if c.rows == nil {
		c.rows = map[string]*meet.RoomCode{}
	}
	c.rows[code] = row
}

// hold is called before a commit. It forgets what the commit is about to change
// and lets nothing be remembered until release: no reader gets the old back
// after it, or another one, has read the new. A room's row that changes may take
// or give back a name, so names go altogether.
func (c *cache) hold(what changed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = true
	c.changes++
	for _, id := range what.rooms {
		delete(c.rooms, id)
	}
	if len(what.rooms) > 0 {
		clear(c.names)
	}
	for _, id := range what.codes {
		c.size -= len(c.codes[id])
		delete(c.codes, id)
	}
	for _, id := range what.blocks {
		c.size -= len(c.blocks[id])
		delete(c.blocks, id)
	}
	for code := range what.rows {
		delete(c.doors, code)
	}
	if what.allRows {
		clear(c.doors)
	}
}

// release ends hold, after the commit and before anybody is told of it. Reads
// that began before it are not remembered. What the commit has made of codes
// that were used is: the same ones are used again and again.
func (c *cache) release(what changed, committed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = false
	c.changes++
	if !committed || what.allRows {
		return
	}
	for code, row := range what.rows {
		if row != nil && c.size+len(c.doors) < cacheCodes {
			c.doors[code] = *row
		}
	}
}
