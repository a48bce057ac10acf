package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"roomkey/meet"
	"roomkey/store"
)

// How long a lease lasts, and how often it is renewed. When its holder dies, another
// instance has it after the sum of both at the latest.
const (
	leaseTTL   = 6 * time.Second
	leaseEvery = 2 * time.Second
)

// lease is the right to do work that one instance of all does at a time. The
// database gives it for a few seconds, and has to be asked again and again.
type lease struct {
	name string
	ttl  time.Duration

	// hold takes the lease for ttl, or renews it, and says whether this instance
	// has it now.
	hold func(ctx context.Context, name string, ttl time.Duration) (bool, error)

	mu    sync.Mutex
	term  context.Context //nolint:containedctx // ends when the lease is lost; nil while there is none
	end   context.CancelCauseFunc
	until time.Time // by the clock that nobody sets, and that goes on while the process is paused
}

func newLease(db *store.DB, name string) *lease {
	return &lease{name: name, ttl: leaseTTL, hold: db.HoldLease}
}

// errLeaseLost is why work ends that is done under a lease.
var errLeaseLost = errors.New("another instance may do this now")

// renew takes the lease, or keeps it, and says whether this instance has it. Where
// the database gives no answer, the lease is kept as long as it lasts.
func (l *lease) renew(ctx context.Context) (held bool, err error) {
	until := time.Now().Add(l.ttl) // the database counts from a later moment
	held, err = l.hold(ctx, l.name, l.ttl)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		return l.isHeld(), err
	}
	if !held || !l.isHeld() { // another instance may have had it meanwhile
		l.lose()
	}
	if !held {
		return false, nil
	}
	l.until = until
	if l.term == nil {
		l.term, l.end = context.WithCancelCause(context.Background())
		l.watch(l.term)
	}
	return l.isHeld(), nil
}

// isHeld looks at the clock, because a process that was paused runs on before its
// timers do. The mutex is held.
func (l *lease) isHeld() bool { return l.term != nil && time.Now().Before(l.until) }

// lose ends what is done under the lease. The mutex is held.
func (l *lease) lose() {
	if l.term != nil {
		l.end(errLeaseLost)
		l.term = nil
	}
}

// watch has a term end when it is not renewed. The mutex is held.
func (l *lease) watch(term context.Context) {
	time.AfterFunc(time.Until(l.until), func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		switch {
		case l.term != term:
		case l.isHeld():
			l.watch(term)
		default:
			l.lose()
		}
	})
}

// do has work done if this instance has the lease. The context of work ends when
// the lease is lost.
func (l *lease) do(ctx context.Context, work func(context.Context) error) error {
	l.mu.Lock()
	term, held := l.term, l.isHeld()
	l.mu.Unlock()
	if !held {
		return nil
	}
	during, cancel := context.WithCancelCause(term)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { cancel(ctx.Err()) })()
	return work(during)
}

// claimLiveKitInside takes the lease of the LiveKit inside, in which nobody finds
// the people of another one. The lease of an instance that has died is over soon.
func (s *Server) claimLiveKitInside(ctx context.Context) error {
	for deadline := time.Now().Add(leaseTTL + leaseEvery); ; {
		switch held, err := s.inside.renew(ctx); {
		case err != nil:
			return fmt.Errorf("take the lease of the LiveKit inside: %w", err)
		case held:
			return nil
		case time.Now().After(deadline):
			return errLiveKitInsideElsewhere
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

var errLiveKitInsideElsewhere = &meet.Error{Code: meet.CodeConflict,
	Message: "Another roomkey with the LiveKit inside runs on this database",
	Hint: "Several roomkeys need one LiveKit of yours (livekit.url, livekit.api_key, livekit.api_secret), " +
		"which is set at all of them. Or stop the other one."}

// keepLiveKitInside gives an error when another instance has taken the lease of the
// LiveKit inside, while this one was paused.
func (s *Server) keepLiveKitInside(ctx context.Context) error {
	ticker := time.NewTicker(leaseEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if held, err := s.inside.renew(ctx); err == nil && !held {
			return errLiveKitInsideElsewhere
		}
	}
}

// releaseLeases lets other instances have the leases at once. Else they have them
// when their time is over.
func (s *Server) releaseLeases() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, l := range []*lease{s.housekeeping, s.inside} {
		if l == nil {
			continue
		}
		if err := s.store.ReleaseLease(ctx, l.name); err != nil {
			s.log.Debug("a lease could not be released", "lease", l.name, "err", err)
		}
	}
}
