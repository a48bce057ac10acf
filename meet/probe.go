package meet

import (
	"context"
	"time"
)

// probeTTL is how long an answer of LiveKit's counts.
const probeTTL = time.Second

// probe knows whether LiveKit answers, for calls that do not need it now but make
// something that will. They share one question at a time, and one a second as
// long as it is answered. Each instance asks for itself, because it may be the one
// that LiveKit cannot be reached from.
type probe struct {
	now   func() time.Time
	ping  func(context.Context) error
	mutex RoomMutexes // of no room

	answered time.Time // when LiveKit answered last
	asked    time.Time // when the last question ended, by the real clock
	err      error     // what became of it
}

// check gives nil if LiveKit answered within the last probeTTL, or answers now.
func (p *probe) check(ctx context.Context) error {
	began := time.Now()
	unlock, err := p.mutex.Lock(ctx, "")
	if err != nil {
		return err
	}
	defer unlock()
	if since := p.now().Sub(p.answered); since >= 0 && since < probeTTL {
		return nil
	}
	if p.asked.After(began) {
		return p.err // another caller asked meanwhile
	}
	budget, cancel := withBudget(ctx)
	defer cancel()
	if err = p.ping(budget); err == nil {
		p.answered = p.now()
	}
	if err == nil || ctx.Err() == nil { // a caller who gave up has found nothing out for others
		p.asked, p.err = time.Now(), err
	}
	return err
}
