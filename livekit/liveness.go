package livekit

import (
	"context"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
)

// A LiveKit cluster lists participants from its Redis. When a node is killed, the
// people who were connected to it stay in the list for good. So a connection that is
// listed counts only if a node answers for it.
//
// All connections of a room are at one node. So one of those who have answered
// before, taken at random, vouches for the others; new ones are asked one by one.
// Connections are known by their SIDs: who connects again is new.
const (
	vouchedFor = 5 * time.Second  // how long an answer counts for all who have answered
	lostFor    = 30 * time.Second // when a lost connection is asked again: its node may only have been paused

	checkBudget    = 20 * time.Second // for one check of one room; callers wait as long as they like
	checksAtOnce   = 256
	livenessMemory = 10_000 // rooms
)

// liveness remembers which connections are there and which are lost.
type liveness struct {
	ctx     context.Context // ends with close
	stop    context.CancelFunc
	running sync.WaitGroup
	slots   chan struct{} // taken by the checks that run

	mu    sync.Mutex
	rooms map[string]*roomLiveness
}

// roomLiveness is what is known of the connections that were listed last.
type roomLiveness struct {
	connected map[string]bool // by SID; false for a lost one
	vouched   time.Time       // when the last check began
	asked     time.Time       // when lost ones were asked the last time
	check     *livenessCheck  // that runs now; nil if none does
}

// livenessCheck is a check of one room. Many may wait for it.
type livenessCheck struct {
	done chan struct{}
	slow bool // somebody did not answer, so the list may have changed meanwhile
	err  error
}

func newLiveness() *liveness {
	ctx, stop := context.WithCancel(context.Background())
	return &liveness{ctx: ctx, stop: stop, slots: make(chan struct{}, checksAtOnce), rooms: map[string]*roomLiveness{}}
}

func (l *liveness) close() {
	l.mu.Lock() // no check begins any more
	l.stop()
	l.mu.Unlock()
	l.running.Wait()
}

// connectedOf leaves out those of the listed who are lost.
func (l *liveness) connectedOf(roomID string, listed []*livekit.ParticipantInfo) []*livekit.ParticipantInfo {
	l.mu.Lock()
	defer l.mu.Unlock()
	room := l.rooms[roomID]
	if room == nil {
		return listed
	}
	connected := make([]*livekit.ParticipantInfo, 0, len(listed))
	for _, p := range listed {
		if is, known := room.connected[p.GetSid()]; is || !known {
			connected = append(connected, p)
		}
	}
	return connected
}

// checkLiveness finds out which of the listed are connected, unless that is known.
// With again true the list has to be asked for once more.
func (s *Server) checkLiveness(ctx context.Context, roomID string,
	listed []*livekit.ParticipantInfo) (again bool, err error) {
	check, begun := s.beginCheck(roomID, listed)
	if check == nil {
		return false, nil
	}
	select {
	case <-check.done:
		return !begun || check.slow, check.err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// beginCheck begins a check in the background, or gives the one that runs; nil if
// none is due. The check goes on when its caller gives up, for the next one.
func (s *Server) beginCheck(roomID string, listed []*livekit.ParticipantInfo) (check *livenessCheck, begun bool) {
	l := s.liveness
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(listed) == 0 {
		delete(l.rooms, roomID)
		return nil, false
	}
	room := l.rooms[roomID]
	if room == nil {
		if len(l.rooms) >= livenessMemory {
			clear(l.rooms)
		}
		room = &roomLiveness{}
		l.rooms[roomID] = room
	}
	if room.check != nil {
		return room.check, false
	}
	asks := room.whomToAsk(listed, time.Now())
	if asks == nil || l.ctx.Err() != nil {
		return nil, false
	}
	check = &livenessCheck{done: make(chan struct{})}
	room.check = check
	l.running.Go(func() {
		err := s.runCheck(roomID, asks)
		l.mu.Lock()
		defer l.mu.Unlock()
		room.learn(listed, asks, err)
		room.check, check.err, check.slow = nil, err, time.Since(asks.begun) > soon
		close(check.done)
	})
	return check, true
}

// whomToAsk gives nil if everything is known.
func (r *roomLiveness) whomToAsk(listed []*livekit.ParticipantInfo, now time.Time) *livenessAsks {
	asks := &livenessAsks{begun: now, answers: map[string]bool{}}
	for _, p := range listed {
		switch connected, known := r.connected[p.GetSid()]; {
		case !known:
			asks.unknown = append(asks.unknown, p)
		case connected:
			asks.vouching = append(asks.vouching, p)
		default:
			asks.lost = append(asks.lost, p)
		}
	}
	lostDue := len(asks.lost) > 0 && now.Sub(r.asked) > lostFor
	if len(asks.unknown) == 0 && (len(asks.vouching) == 0 || now.Sub(r.vouched) < vouchedFor) && !lostDue {
		return nil
	}
	if !lostDue {
		asks.lost = nil
	}
	return asks
}

// learn takes over what a check has found out. What it has not, stays as it was.
func (r *roomLiveness) learn(listed []*livekit.ParticipantInfo, asks *livenessAsks, err error) {
	connected := make(map[string]bool, len(listed))
	for _, p := range listed {
		sid := p.GetSid()
		if is, found := asks.answers[sid]; found {
			connected[sid] = is
		} else if is, known := r.connected[sid]; known {
			connected[sid] = is
		}
	}
	r.connected = connected
	if err != nil {
		return
	}
	r.vouched = asks.begun
	if len(asks.lost) > 0 {
		r.asked = asks.begun
	}
}
