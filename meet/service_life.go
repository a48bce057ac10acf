package meet

import (
	"context"
	"errors"
)

// sweepBatch bounds what one sweep takes on, so that the database is not held
// for long; the next sweep goes on.
const sweepBatch = 100

// What is old goes in batches, so that no other write waits long, and in so many
// of them in one sweep that more goes than can come in meanwhile.
const (
	forgetBatch   = 250
	forgetBatches = 80
)

// expire ends rooms whose time has come. It is called by the sweeper, and by
// whoever comes upon such a room before it.
func (s *Service) expire(ctx context.Context) error {
	ctx = WithCaller(ctx, Caller{Via: ViaSweeper})
	var events []*Event
	expired, err := s.store.ExpireRooms(ctx, s.now(), sweepBatch, func(room Room) *Event {
		e := s.event(ctx, systemPrincipal, RoomHasExpired, room, "", nil)
		events = append(events, e)
		return e
	})
	if err != nil {
		return s.storeError(err, "")
	}
	for _, room := range expired {
		s.notifier.notify(room.ID)
	}
	for _, e := range events {
		s.logEvent(ctx, e)
	}
	return nil
}

// expireHolder ends the room that has a name but whose time has come.
func (s *Service) expireHolder(ctx context.Context, name string) error {
	holder, err := s.store.RoomByName(ctx, name)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return s.storeError(err, "")
	case holder.State == RoomActive && !holder.Active(s.now()):
		return s.expire(ctx)
	}
	return nil
}

// Sweep ends rooms whose time has come, clears the media rooms of rooms that
// are over (those it just ended, and any whose clearing failed before), gives
// back uses of codes by those who never got inside, and forgets join requests
// that gave no sign of life and what is older than the audit trail reaches.
// Call it every few seconds, from one goroutine.
func (s *Service) Sweep(ctx context.Context) error {
	if err := s.expire(ctx); err != nil {
		return err
	}
	if err := s.store.ForgetJoinRequests(ctx, s.now().Add(-RequestLifetime), sweepBatch); err != nil {
		return s.storeError(err, "")
	}
	if err := s.forget(ctx); err != nil {
		return s.storeError(err, "")
	}
	uncleared, err := s.store.UnclearedRooms(ctx, sweepBatch)
	if err != nil {
		return s.storeError(err, "")
	}
	failed := []error{s.returnPendingUses(ctx)}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	for _, id := range uncleared {
		if _, err := s.clear(ctx, id); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// forget deletes what is older than the audit trail reaches.
func (s *Service) forget(ctx context.Context) error {
	now := s.now()
	if err := s.store.ForgetNames(ctx, now.Add(-s.keepName), forgetBatch); err != nil {
		return err
	}
	for range forgetBatches {
		more, err := s.store.Forget(ctx, now.Add(-s.keepEvents), now, forgetBatch)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// clear puts everyone out of a room that is over, and says whether its media
// room had come back since it was cleared before. The database remembers that
// it is still to be done until it is done.
func (s *Service) clear(ctx context.Context, roomID string) (cameBack bool, err error) {
	unlock, err := s.locks.lock(ctx, roomID)
	if err != nil {
		return false, err
	}
	defer unlock()
	return s.clearLocked(ctx, roomID)
}

// clearLocked is clear for a caller who holds the room's lock.
func (s *Service) clearLocked(ctx context.Context, roomID string) (cameBack bool, err error) {
	if room, err := s.store.RoomByID(ctx, roomID); err != nil || room.Active(s.now()) {
		return false, s.storeError(err, "") // reopened a moment ago
	}
	existed, err := s.deleteMediaRoom(ctx, roomID)
	if err != nil {
		return false, err
	}
	before, err := s.store.SetCleared(ctx, roomID, true)
	return existed && before, s.storeError(err, "")
}
