package meet

import "sync"

// maxHeldCalls bounds how many calls wait for events at a time, of all users.
const maxHeldCalls = 5000

// heldCalls counts the calls that are held open until there are events, each of
// which costs a connection and looks at the database again and again.
type heldCalls struct {
	mu     sync.Mutex
	all    int
	byUser map[string]int
}

// holdOpen counts a call of p that is held open until end is called, or refuses it.
func (s *Service) holdOpen(p Principal) (end func(), err error) {
	h := &s.heldCalls
	h.mu.Lock()
	defer h.mu.Unlock()
	most := s.limits.WaitsPerUser
	switch {
	case most > 0 && p.usedRole() != Superadmin && h.byUser[p.ID] >= most:
		return nil, s.tooManyHeld("waits_per_user", "As many of your calls wait for events as one user may have")
	case h.all >= maxHeldCalls:
		return nil, s.tooManyHeld("waits", "Too many calls wait for events on this server")
	}
	if h.byUser == nil {
		h.byUser = map[string]int{}
	}
	h.all++
	h.byUser[p.ID]++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.all--
		if h.byUser[p.ID]--; h.byUser[p.ID] == 0 {
			delete(h.byUser, p.ID)
		}
	}, nil
}

func (s *Service) tooManyHeld(limit, message string) error {
	s.onLimit(limit)
	return &Error{Code: CodeRateLimited, Message: message, RetryAfter: followEvery,
		Hint: "Wait until one of them is answered, or ask without waiting (leave wait_seconds out)."}
}

// HeldCalls is how many calls wait for events now.
func (s *Service) HeldCalls() int {
	s.heldCalls.mu.Lock()
	defer s.heldCalls.mu.Unlock()
	return s.heldCalls.all
}
