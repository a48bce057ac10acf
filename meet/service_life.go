package meet

import (
	"context"
	"errors"
)

// sweepBatch bounds what one sweep takes on, so that the database is not held
// for long; the next sweep goes on.
const sweepBatch = 100

// Sweep ends rooms whose time has come, clears the media rooms of rooms that
// are over (those it just ended, and any whose clearing failed before), and
// forgets join requests that gave no sign of life.
// Call it every few seconds, from one goroutine.
func (s *Service) Sweep(ctx context.Context) error {
	expired, err := s.store.ExpireRooms(ctx, s.now(), sweepBatch)
	if err != nil {
		return s.storeError(err, "")
	}
	for _, room := range expired {
		s.bell.ring(room.ID)
		s.note(ctx, Principal{ID: "sweeper"}, "room expired", room)
	}
	if err := s.store.ForgetJoinRequests(ctx, s.now().Add(-RequestLifetime), sweepBatch); err != nil {
		return s.storeError(err, "")
	}
	uncleared, err := s.store.UnclearedRooms(ctx, sweepBatch)
	if err != nil {
		return s.storeError(err, "")
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	var failed []error
	for _, id := range uncleared {
		if room, err := s.store.RoomByID(ctx, id); err != nil || room.Active(s.now()) {
			continue // reopened a moment ago
		}
		if err := s.clear(ctx, id); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// clear puts everyone out of a room that is over. The database remembers that
// it is still to be done until it is done.
func (s *Service) clear(ctx context.Context, roomID string) error {
	if err := s.deleteMediaRoom(ctx, roomID); err != nil {
		return err
	}
	if err := s.store.SetCleared(ctx, roomID, true); err != nil {
		return s.storeError(err, "")
	}
	return nil
}
