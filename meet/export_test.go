package meet

// Waiters is how many calls wait for something to happen at a room.
func (s *Service) Waiters(roomID string) int {
	s.bell.mu.Lock()
	defer s.bell.mu.Unlock()
	if next := s.bell.rooms[roomID]; next != nil {
		return next.waiting
	}
	return 0
}

// HeardMemory bounds what is remembered of events.
const HeardMemory = heardMemory

// HeardNow is how many events are remembered.
func (s *Service) HeardNow() int {
	s.heard.mu.Lock()
	defer s.heard.mu.Unlock()
	return len(s.heard.young) + len(s.heard.older)
}
