package meet

import (
	"context"
	"errors"
	"time"
)

// LiveKit tells when somebody leaves. If LiveKit dies, alone or with this program,
// nobody tells it. People left then when they were seen last. So [Enforcer.Observe]
// notes each second that they are there.

// seenWithin is how old the note may be that [Enforcer.Observe] renews. In a longer
// gap somebody may have left, so [Enforcer.Reconcile] looks first who is inside.
const seenWithin = 10 * time.Second

// Observe notes that LiveKit runs, so that the people inside are there. Call it about
// every second, from one goroutine.
func (e *Enforcer) Observe(ctx context.Context) error {
	if !e.anybodyInside.Load() {
		return nil
	}
	now := e.now()
	if e.media.Ping(ctx) != nil { // the log has that from Reconcile
		e.interrupted.Store(true)
	}
	if e.interrupted.Load() {
		return nil
	}
	return e.storeError(e.store.NoteSeen(ctx, now, now.Add(-seenWithin)), "")
}

// leftUnnoticed says when people left of whose going nobody told: when they were
// seen last, if nobody could see them since. Zero means now.
func (e *Enforcer) leftUnnoticed(ctx context.Context, now time.Time) (time.Time, error) {
	seen, err := e.store.LastSeen(ctx)
	if err != nil || !e.interrupted.Load() && now.Sub(seen) <= seenWithin {
		return time.Time{}, e.storeError(err, "")
	}
	return seen, nil
}

// MediaRestarted is to be called after the start of the LiveKit inside, before
// anybody can connect: all who were inside before have left.
func (e *Enforcer) MediaRestarted(ctx context.Context) error {
	ctx = WithCaller(ctx, Caller{Via: ViaReconcile})
	open, err := e.store.OpenPresences(ctx, "")
	if err != nil || len(open) == 0 {
		return e.storeError(err, "")
	}
	seen, err := e.store.LastSeen(ctx)
	if err != nil {
		return e.storeError(err, "")
	}
	errs := make([]error, len(open))
	inParallel(len(open), maxParallelRooms, func(i int) {
		errs[i] = e.recordUnnoticed(ctx, open[i], seen)
	})
	return errors.Join(errs...)
}

// recordUnnoticed is recordLeft for somebody who was seen last at that time; zero is
// now.
func (e *Enforcer) recordUnnoticed(ctx context.Context, p Presence, seen time.Time) error {
	if !seen.IsZero() {
		p.LeftAt = latest(seen, p.JoinedAt)
	}
	return e.recordLeft(ctx, p, Left)
}

// sessionEnd says why a session ends with the leaving of its last person.
func sessionEnd(a access, leftAt time.Time) SessionEnd {
	expires := a.room.ExpiresAt
	switch {
	case a.admission.Opening != a.room.Opening || a.room.State == RoomEnded:
		return SessionRoomEnded
	case a.room.State == RoomExpired || !expires.IsZero() && !leftAt.Before(expires):
		return SessionRoomExpired
	}
	return EveryoneLeft
}
