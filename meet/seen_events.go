package meet

import "sync"

// seenEventsMemory is how many events are remembered at least, and half of how
// many at most. An event that is not recognized as a repetition, such as one that
// another instance has handled, changes nothing either: it is only a reason to look
// at LiveKit and the database, and what was done about it is in the database, by the
// SID of the connection.
const seenEventsMemory = 16_384

// seenEvents remembers the ids of LiveKit's events that were handled, in two
// generations. The zero value is ready.
type seenEvents struct {
	mu           sync.Mutex
	young, older map[string]bool
}

// before says whether an event was handled before. One without an id never was.
func (s *seenEvents) before(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return id != "" && (s.young[id] || s.older[id])
}

func (s *seenEvents) add(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.young == nil || len(s.young) >= seenEventsMemory {
		s.young, s.older = map[string]bool{}, s.young
	}
	s.young[id] = true
}
