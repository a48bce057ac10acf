package meet

import (
	"context"
	"sync"
	"time"
)

// probeTTL is how long it counts that the media server has answered.
const probeTTL = time.Second

// probe knows whether the media server answers, for calls that do not need it
// now but make something that will. All of them share one question at a time,
// and one a second as long as it is answered.
type probe struct {
	now  func() time.Time
	ping func(context.Context) error

	mu       sync.Mutex
	answered time.Time
	asking   *probeCall // nil while nobody asks
}

// probeCall is one that several wait for.
type probeCall struct {
	done chan struct{} // closed with the answer
	err  error
	lost bool // who asked gave up; the others have to ask anew
}

// check gives nil if the media server answered not longer than probeFor ago.
func (p *probe) check(ctx context.Context) error {
	for {
		p.mu.Lock()
		if since := p.now().Sub(p.answered); since >= 0 && since < probeTTL {
			p.mu.Unlock()
			return nil
		}
		q := p.asking
		if q == nil {
			q = &probeCall{done: make(chan struct{})}
			p.asking = q
			p.mu.Unlock()
			return p.ask(ctx, q)
		}
		p.mu.Unlock()
		select {
		case <-q.done:
			if !q.lost {
				return q.err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *probe) ask(ctx context.Context, q *probeCall) error {
	budget, cancel := withBudget(ctx)
	defer cancel()
	q.err = p.ping(budget)
	q.lost = q.err != nil && ctx.Err() != nil
	p.mu.Lock()
	defer p.mu.Unlock()
	if q.err == nil {
		p.answered = p.now()
	}
	p.asking = nil
	close(q.done)
	return q.err
}
