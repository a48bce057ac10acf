package meet

import (
	"context"
	"sync"
	"time"
)

// roomNotifier tells those who wait at a room that something has changed there.
type roomNotifier struct {
	mu    sync.Mutex
	rooms map[string]*roomSignal
}

// roomSignal is the next ring of one room's bell.
type roomSignal struct {
	rung    chan struct{} // closed when it rings
	waiting int
}

// listen gives a channel that is closed at the next ring. Look at the state
// after listening, not before, so that no ring is missed. leave must be
// called in the end.
func (b *roomNotifier) listen(roomID string) (rung <-chan struct{}, leave func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.rooms[roomID]
	if next == nil {
		if b.rooms == nil {
			b.rooms = map[string]*roomSignal{}
		}
		next = &roomSignal{rung: make(chan struct{})}
		b.rooms[roomID] = next
	}
	next.waiting++
	return next.rung, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if next.waiting--; next.waiting == 0 && b.rooms[roomID] == next {
			delete(b.rooms, roomID)
		}
	}
}

func (b *roomNotifier) notify(roomID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if next := b.rooms[roomID]; next != nil {
		close(next.rung)
		delete(b.rooms, roomID)
	}
}

// Waiters is how many calls wait now for something to happen in a room.
func (s *Service) Waiters(roomID string) int {
	s.notifier.mu.Lock()
	defer s.notifier.mu.Unlock()
	if next := s.notifier.rooms[roomID]; next != nil {
		return next.waiting
	}
	return 0
}

// waiter is somebody who waits at a room. Each waits once: a newer call of
// theirs has the older one answer at once, so that nobody can pile up calls.
type waiter struct {
	room string
	who  string // a join request's id or a participant's identity
}

// waiters are the calls that wait now.
type waiters struct {
	mu    sync.Mutex
	calls map[waiter]chan struct{} // closed when a newer one comes
}

// begin takes the waiter's place from an older call, if there is one.
func (w *waiters) begin(who waiter) (displaced <-chan struct{}, end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if older, ok := w.calls[who]; ok {
		close(older)
	}
	if w.calls == nil {
		w.calls = map[waiter]chan struct{}{}
	}
	mine := make(chan struct{})
	w.calls[who] = mine
	return mine, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.calls[who] == mine {
			delete(w.calls, who)
		}
	}
}

// await calls look now and after every ring of the room's bell, until it is
// done or fails, the time is over, ctx ends, the same waiter calls again, or
// all waiting is to stop. The last four are no error: whoever waits is told how
// things stand.
func (s *Service) await(ctx context.Context, who waiter, wait time.Duration, look func() (done bool, err error)) error {
	if wait <= 0 {
		_, err := look()
		return err
	}
	displaced, end := s.waiters.begin(who)
	defer end()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		rung, leave := s.notifier.listen(who.room)
		done, err := look()
		if err != nil || done {
			leave()
			return err
		}
		select {
		case <-rung:
			leave()
			continue
		case <-timer.C:
		case <-ctx.Done():
		case <-displaced:
		case <-s.shutdown:
		}
		leave()
		return nil
	}
}

// StopWaiting has calls that wait for something to happen answer at once, now
// and from now on. Call it once, when the program is to stop.
func (s *Service) StopWaiting() { close(s.shutdown) }
