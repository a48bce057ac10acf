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
// many people who join at once cost LiveKit one call. What another instance does to
// a room makes it forgotten here too, see [Service.onEventElsewhere].
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
func (r *recentRooms) has(room Room) (ok bool, seen uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.ensured[room.ID]
	return ok && known.limit == room.MaxParticipants && r.now().Before(known.until), r.deletes
}

// put remembers a room that was made after has gave seen, unless a room was
// forgotten meanwhile: it could be this one.
func (r *recentRooms) put(room Room, seen uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.deletes != seen {
		return
	}
	if r.ensured == nil || len(r.ensured) >= recentMemory {
		r.ensured = map[string]recentRoom{}
	}
	r.ensured[room.ID] = recentRoom{until: r.now().Add(recentFor), limit: room.MaxParticipants}
}

func (r *recentRooms) forget(roomID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deletes++
	delete(r.ensured, roomID)
}

// forgetAll forgets every room.
func (r *recentRooms) forgetAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deletes++
	clear(r.ensured)
}
