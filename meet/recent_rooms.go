package meet

import (
	"sync"
	"time"
)

// recentFor is for how long a media room that was just made or seen is taken to
// exist still. What could go wrong within that time could also go wrong later,
// because a join token lives for minutes.
const recentFor = 2 * time.Second

// recentMemory bounds how many rooms are remembered.
const recentMemory = 10_000

// recentRooms remembers which media rooms were made or seen a moment ago, so that
// many people who join at once cost LiveKit one call.
type recentRooms struct {
	now func() time.Time

	mu      sync.Mutex
	ensured map[string]recentRoom // by room id
	deletes uint64                // how often a room was forgotten
}

type recentRoom struct {
	until time.Time
	limit int // of participants, as the media room has it
}

// has says whether the media room exists and has the room's limit, and gives what
// put needs.
func (f *recentRooms) has(room Room) (ok bool, seen uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known, ok := f.ensured[room.ID]
	return ok && known.limit == room.MaxParticipants && f.now().Before(known.until), f.deletes
}

// put remembers a room that was made after has gave seen, unless a room was
// forgotten meanwhile: it could be this one.
func (f *recentRooms) put(room Room, seen uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.deletes != seen {
		return
	}
	if f.ensured == nil || len(f.ensured) >= recentMemory {
		f.ensured = map[string]recentRoom{}
	}
	f.ensured[room.ID] = recentRoom{until: f.now().Add(recentFor), limit: room.MaxParticipants}
}

func (f *recentRooms) forget(roomID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deletes++
	delete(f.ensured, roomID)
}
