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
