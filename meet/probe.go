package meet

import (
	"context"
	"sync"
	"time"
)

// probeFor is how long the answer of the media server to a probe counts.
const probeFor = time.Second

// probe knows whether the media server answers, for calls that do not need it
// now but make something that will. All of them share one question a second.
type probe struct {
	now  func() time.Time
	ping func(context.Context) error

	mu    sync.Mutex
	asked time.Time
	err   error         // the answer
	under chan struct{} // closed with the answer; nil while nobody asks
}

// check gives nil if the media server answered not longer than probeFor ago.
func (p *probe) check(ctx context.Context) error {
	p.mu.Lock()
	if since := p.now().Sub(p.asked); !p.asked.IsZero() && since >= 0 && since < probeFor {
		defer p.mu.Unlock()
		return p.err
	}
	if under := p.under; under != nil {
		p.mu.Unlock()
		select {
		case <-under:
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	under := make(chan struct{})
	p.under = under
	p.mu.Unlock()

	ctx, cancel := withBudget(context.WithoutCancel(ctx)) // others wait for the answer, too
	defer cancel()
	err := p.ping(ctx)

	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked, p.err, p.under = p.now(), err, nil
	close(under)
	return err
}
