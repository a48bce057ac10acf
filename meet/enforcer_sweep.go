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

// Sweep expires rooms, clears the media rooms of rooms that are over, gives back
// uses of codes by people who never got inside, and deletes join requests that
// gave no sign of life and what is older than the audit trail reaches. What
// fails is tried again by the next sweep. Call it every few seconds, from one
// goroutine.
func (e *Enforcer) Sweep(ctx context.Context) error {
	if err := e.expire(ctx); err != nil {
		return err
	}
	if err := e.store.ForgetJoinRequests(ctx, e.now().Add(-RequestLifetime), sweepBatch); err != nil {
		return e.storeError(err, "")
	}
	if err := e.forget(ctx); err != nil {
		return e.storeError(err, "")
	}
	uncleared, err := e.store.UnclearedRooms(ctx, sweepBatch)
	if err != nil {
		return e.storeError(err, "")
	}
	errs := []error{e.returnPendingUses(ctx)}
	ctx, cancel := withBudget(ctx)
	defer cancel()
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
