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
	mu         sync.RWMutex
	version    uint64 // counts up when something is forgotten
	committing bool   // nothing is remembered now
	rooms      map[string]meet.Room
	names      map[string]string          // name → id of the room it means
	codes      map[string][]meet.RoomCode // room id → all its current codes
	size       int                        // the number of codes and blocks in codes and blocks
	codeRows   map[string]meet.RoomCode   // code → its row, current or not
	blocks     map[string][]meet.Block    // room id → all its blocks, mostly none
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
	c.codeRows = map[string]meet.RoomCode{}
	c.blocks = map[string][]meet.Block{}
}

// currentVersion is asked before a read of the database. What was read is
// remembered only if nothing has been forgotten since: it could be old.
func (c *cache) currentVersion() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.version
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

// codeAndRoom gives a code, current or not, and its room.
func (c *cache) codeAndRoom(code string) (meet.RoomCode, meet.Room, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	row, ok := c.codeRows[code]
	if !ok {
		return meet.RoomCode{}, meet.Room{}, false
	}
	room, ok := c.rooms[row.RoomID]
	return row, room, ok
}

// codesOf answers a query from a room's codes if all of them are remembered and
// the query begins at the start.
func (c *cache) codesOf(q meet.CodeQuery) ([]meet.RoomCode, bool) {
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

func (c *cache) putBlocks(version uint64, roomID string, blocks []meet.Block) {
	c.put(version, func() {
		c.size += len(blocks) - len(c.blocks[roomID])
		c.blocks[roomID] = slices.Clone(blocks)
	})
}

func (c *cache) putRoom(version uint64, room meet.Room, name string) {
	c.put(version, func() {
		c.rooms[room.ID] = room
		if name != "" {
			c.names[name] = room.ID
		}
	})
}

func (c *cache) putCodeAndRoom(version uint64, code meet.RoomCode, room meet.Room) {
	c.put(version, func() {
		c.codeRows[code.Code] = code
		c.rooms[room.ID] = room
	})
}

// putCodes remembers the codes that a query found, if they are all there are.
func (c *cache) putCodes(version uint64, q meet.CodeQuery, codes []meet.RoomCode) {
	if q.After == nil && q.Role == "" && q.Enabled == nil && len(codes) < q.Limit {
		c.put(version, func() {
			c.size += len(codes) - len(c.codes[q.RoomID])
			c.codes[q.RoomID] = slices.Clone(codes)
		})
	}
}

func (c *cache) put(version uint64, do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version != version || c.committing {
		return
	}
	if max(len(c.rooms), len(c.names), len(c.codes), len(c.blocks)) >= cacheRooms || c.size+len(c.codeRows) >= cacheCodes {
		c.clear() // rare, and costs no more than reading again
	}
	do()
}

// changes are what a transaction has changed, committed or not.
type changes struct {
	rooms  []string // ids of rooms whose row has changed
	codes  []string // ids of rooms whose codes have changed
	blocks []string // ids of rooms whose blocks have changed

	// The rows of codes that have changed; nil for one that is not known. With
	// allCodeRows rows of codes that are not named have changed, too.
	codeRows    map[string]*meet.RoomCode
	allCodeRows bool
}

func (c *changes) setCodeRow(code string, row *meet.RoomCode) {
	if c.codeRows == nil {
		c.codeRows = map[string]*meet.RoomCode{}
	}
	c.codeRows[code] = row
}

// beforeCommit forgets what the commit is about to change, and lets nothing be
// remembered until afterCommit: after somebody has read the new state, nobody
// reads the old one. A room that changes may take a name or give it back, so all
// names are forgotten.
func (c *cache) beforeCommit(what changes) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.committing = true
	c.version++
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
	for code := range what.codeRows {
		delete(c.codeRows, code)
	}
	if what.allCodeRows {
		clear(c.codeRows)
	}
}

// afterCommit is called before anybody is told of the commit. Reads that began
// before it are not remembered. The new rows of codes that were used are: the
// same codes are used again and again.
func (c *cache) afterCommit(what changes, committed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.committing = false
	c.version++
	if !committed || what.allCodeRows {
		return
	}
	for code, row := range what.codeRows {
		if row != nil && c.size+len(c.codeRows) < cacheCodes {
			c.codeRows[code] = *row
		}
	}
}
