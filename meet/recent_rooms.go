package meet

import (
	"sync"
	"time"
)

// recentFor is how long a media room that was just made or seen is taken to be
// there still. A token that was given out then lives for minutes; whatever
// could go wrong within these two seconds could go wrong after them as well.
const recentFor = 2 * time.Second

// recentMemory bounds how many rooms are remembered.
const recentMemory = 10_000

// recentRooms remembers which media rooms were ensured a moment ago, so that
// many who join at once ask the media server once.
type recentRooms struct {
	now func() time.Time

	mu      sync.Mutex
	ensured map[string]recentRoom // by room id
	deletes uint64                // how often something was forgotten
}

type recentRoom struct {
	until time.Time
	limit int // of participants, as the media room has it
}

// has says whether the media room is there, as the room would have it, and
// gives what put needs.
func (f *recentRooms) has(room Room) (ok bool, seen uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known, ok := f.ensured[room.ID]
	return ok && known.limit == room.MaxParticipants && f.now().Before(known.until), f.deletes
}

// put remembers a room that was ensured after has gave seen, unless one was
// deleted meanwhile: it could be that one.
func (f *recentRooms) put(room Room, seen uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.deletes != seen {
		return
	}
	if f.ensured == nil || len(f.ensured) >= recentMemory {
		f.ensured = map[string]recentRoom{}
	}
	f.ensured[room.ID] = recentRoom{f.now().Add(recentFor), room.MaxParticipants}
}

func (f *recentRooms) forget(roomID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deletes++
	delete(f.ensured, roomID)
}
