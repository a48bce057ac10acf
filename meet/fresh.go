package meet

import (
	"context"
	"errors"
	"sync"
	"time"
)

// recentFor is how long a media room that was just made or seen is taken to be
// there still. A token that was given out then lives for minutes; whatever
// could go wrong within these two seconds could go wrong after them as well.
const recentFor = 2 * time.Second

// recentMemory bounds how many rooms are remembered.
const recentMemory = 10_000

// recentRooms remembers which media rooms were ensured a moment ago, so that
// many who join at once ask the media server once.
type recentRooms struct {
	now func() time.Time

	mu      sync.Mutex
	ensured map[string]recentRoom // by room id
	deletes uint64                // how often something was forgotten
}

type recentRoom struct {
	until time.Time
	limit int // of participants, as the media room has it
}

// has says whether the media room is there, as the room would have it, and
// gives what put needs.
func (f *recentRooms) has(room Room) (ok bool, seen uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known, ok := f.ensured[room.ID]
	return ok && known.limit == room.MaxParticipants && f.now().Before(known.until), f.deletes
}

// put remembers a room that was ensured after has gave seen, unless one was
// deleted meanwhile: it could be that one.
func (f *recentRooms) put(room Room, seen uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.deletes != seen {
		return
	}
	if f.ensured == nil || len(f.ensured) >= recentMemory {
		f.ensured = map[string]recentRoom{}
	}
	f.ensured[room.ID] = recentRoom{f.now().Add(recentFor), room.MaxParticipants}
}

func (f *recentRooms) forget(roomID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deletes++
	delete(f.ensured, roomID)
}

// ensureMediaRoom is EnsureRoom for somebody who joins, left out if it was done a
// moment ago.
func (s *Service) ensureMediaRoom(ctx context.Context, room Room) error {
	ok, seen := s.recentRooms.has(room)
	if ok {
		return nil
	}
	if err := s.media.EnsureRoom(ctx, room); err != nil {
		return err
	}
	s.recentRooms.put(room, seen)
	return nil
}

// BeforeConnect sees to it that there is a media room for the bearer of a join token,
// who is about to connect: a media server that was started anew knows none of
// its rooms. That is done for active rooms alone. It refuses whose token is dead,
// also if its time is over: with CodeForbidden who was removed, with CodeNotFound
// those whose session of the room has ended. Whether a token is any good otherwise
// is the media server's word.
func (s *Service) BeforeConnect(ctx context.Context, joinToken string) error {
	roomID, identity, ok := s.media.ReadToken(joinToken)
	if !ok {
		return nil
	}
	room, err := s.store.RoomByID(ctx, roomID)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return s.storeError(err, "")
	}
	join, err := s.admissionOf(ctx, roomID, identity)
	known := err == nil
	switch {
	case !known && !errors.Is(err, ErrNotFound):
		return s.storeError(err, "")
	case known:
		if err := s.checkAdmission(ctx, join, room); err != nil {
			return err
		}
	case !room.Active(s.now()):
		return nil
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	if err := s.ensureMediaRoom(ctx, room); err != nil {
		return errMediaUnavailable(err)
	}
	if now, err := s.store.RoomByID(ctx, roomID); err == nil && !now.Active(s.now()) {
		s.markUncleared(ctx, now) // it has ended meanwhile
	}
	return nil
}

// deleteMediaRoom puts everyone out and ends the media room. What was known of
// it is forgotten before, for those who come meanwhile, and after, for those
// who came meanwhile.
func (s *Service) deleteMediaRoom(ctx context.Context, roomID string) (existed bool, err error) {
	s.recentRooms.forget(roomID)
	defer s.recentRooms.forget(roomID)
	return s.media.DeleteRoom(ctx, roomID)
}
