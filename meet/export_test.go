package meet

// Waiters is how many calls wait for something to happen at a room.
func (s *Service) Waiters(roomID string) int {
	s.notifier.mu.Lock()
	defer s.notifier.mu.Unlock()
	if next := s.notifier.rooms[roomID]; next != nil {
		return next.waiting
	}
	return 0
}

// SeenEventsMemory bounds what is remembered of events.
const SeenEventsMemory = seenEventsMemory

// SeenEvents is how many events are remembered.
func (s *Service) SeenEvents() int {
	s.seenEvents.mu.Lock()
	defer s.seenEvents.mu.Unlock()
	return len(s.seenEvents.young) + len(s.seenEvents.older)
}
