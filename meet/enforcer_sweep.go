package meet

import (
	"context"
	"errors"
)

// sweepBatch bounds the work of one sweep, so that it does not hold the database
// for long. The next sweep goes on.
const sweepBatch = 100

// forgetBatch bounds how much one sweep deletes of what is old. It is more than
// can come in until the next sweep.
const forgetBatch = 20_000

// Sweep expires rooms, clears the media rooms of rooms that are over, ends what
// moderators have set for a time, gives back uses of codes by people who never got
// inside, and deletes join requests that gave no sign of life and what is older
// than the audit trail reaches. What fails is tried again by the next sweep. Call it every few seconds, from one
// goroutine. If another instance sweeps at the same time no harm is done: each
// step looks anew in its transaction, or with the room locked.
func (e *Enforcer) Sweep(ctx context.Context) error {
	now := e.now()
	due, err := e.store.Due(ctx, DueQuery{Now: now, RequestsSeenUntil: now.Add(-RequestLifetime),
		UsesUntil: now.Add(-tokenMargin), Since: now.Add(-e.keepEvents), NamesUntil: now.Add(-e.keepName)})
	if err != nil {
		return e.storeError(err, "")
	}
	e.anybodyInside.Store(due.Inside)
	if due.Rooms {
		if err := e.expire(ctx); err != nil {
			return err
		}
	}
	if due.Requests {
		if err := e.store.ForgetJoinRequests(ctx, now.Add(-RequestLifetime), sweepBatch); err != nil {
			return e.storeError(err, "")
		}
	}
	if due.Old {
		if err := e.forget(ctx); err != nil {
			return e.storeError(err, "")
		}
	}
	var errs []error
	if due.Overrides {
		errs = append(errs, e.endOverrides(ctx))
	}
	if due.Uses {
		errs = append(errs, e.returnPendingUses(ctx))
	}
	if due.Rooms || due.Uncleared {
		errs = append(errs, e.clearRooms(ctx))
	}
	return errors.Join(errs...)
}

// clearRooms clears the media rooms of rooms that are over.
func (e *Enforcer) clearRooms(ctx context.Context) error {
	uncleared, err := e.store.UnclearedRooms(ctx, sweepBatch)
	if err != nil {
		return e.storeError(err, "")
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	var errs []error
	for _, id := range uncleared {
		_, err := e.lockAndClear(ctx, id)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// forget deletes what is older than the audit trail reaches.
func (e *Enforcer) forget(ctx context.Context) error {
	now := e.now()
	if err := e.store.ForgetNames(ctx, now.Add(-e.keepName), forgetBatch); err != nil {
		return err
	}
	return e.store.Forget(ctx, now.Add(-e.keepEvents), now, forgetBatch)
}

// lockAndClear is clear for a caller who does not hold the room's mutex.
func (e *Enforcer) lockAndClear(ctx context.Context, roomID string) (cameBack bool, err error) {
	unlock, err := e.lock(ctx, roomID)
	if err != nil {
		return false, err
	}
	defer unlock()
	return e.clear(ctx, roomID)
}

// expire ends rooms whose time has come.
func (e *Enforcer) expire(ctx context.Context) error {
	ctx = WithCaller(ctx, Caller{Via: ViaSweeper})
	_, err := e.store.ExpireRooms(ctx, e.now(), sweepBatch, e.expiredEvent(ctx))
	return e.storeError(err, "")
}
