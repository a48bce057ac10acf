package meet

import (
	"context"
	"errors"
	"sync"
	"time"
)

// freshFor is how long a media room that was just made or seen is taken to be
// there still. A token that was given out then lives for minutes; whatever
// could go wrong within these two seconds could go wrong after them as well.
const freshFor = 2 * time.Second

// freshMemory bounds how many rooms are remembered.
const freshMemory = 10_000

// freshRooms remembers which media rooms were ensured a moment ago, so that
// many who join at once ask the media server once.
type freshRooms struct {
	now func() time.Time

	mu      sync.Mutex
	ensured map[string]freshRoom // by room id
	deletes uint64               // how often something was forgotten
}

type freshRoom struct {
	until time.Time
	limit int // of participants, as the media room has it
}

// has says whether the media room is there, as the room would have it, and
// gives what put needs.
func (f *freshRooms) has(room Room) (ok bool, seen uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known, ok := f.ensured[room.ID]
	return ok && known.limit == room.MaxParticipants && f.now().Before(known.until), f.deletes
}

// put remembers a room that was ensured after has gave seen, unless one was
// deleted meanwhile: it could be that one.
func (f *freshRooms) put(room Room, seen uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.deletes != seen {
		return
	}
	if f.ensured == nil || len(f.ensured) >= freshMemory {
		f.ensured = map[string]freshRoom{}
	}
	f.ensured[room.ID] = freshRoom{f.now().Add(freshFor), room.MaxParticipants}
}

func (f *freshRooms) forget(roomID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deletes++
	delete(f.ensured, roomID)
}

// ensureFresh is EnsureRoom for somebody who joins, left out if it was done a
// moment ago.
func (s *Service) ensureFresh(ctx context.Context, room Room) error {
	ok, seen := s.fresh.has(room)
	if ok {
		return nil
	}
	if err := s.media.EnsureRoom(ctx, room); err != nil {
		return err
	}
	s.fresh.put(room, seen)
	return nil
}

// Arrive sees to it that there is a media room for the bearer of a join token,
// who is about to connect: a media server that was started anew knows none of
// its rooms. That is done for active rooms alone. It refuses whose token is dead,
// also if its time is over: with CodeForbidden who was removed, with CodeNotFound
// those whose session of the room has ended. Whether a token is any good otherwise
// is the media server's word.
func (s *Service) Arrive(ctx context.Context, joinToken string) error {
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
	join, err := s.joinOf(ctx, roomID, identity)
	known := err == nil
	switch {
	case !known && !errors.Is(err, ErrNotFound):
		return s.storeError(err, "")
	case known:
		if err := s.mayBeInside(ctx, join, room); err != nil {
			return err
		}
	case !room.Active(s.now()):
		return nil
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	if err := s.ensureFresh(ctx, room); err != nil {
		return mediaUnavailable(err)
	}
	if now, err := s.store.RoomByID(ctx, roomID); err == nil && !now.Active(s.now()) {
		s.mediaRoomIsBack(ctx, now) // it has ended meanwhile
	}
	return nil
}

// deleteMediaRoom puts everyone out and ends the media room. What was known of
// it is forgotten before, for those who come meanwhile, and after, for those
// who came meanwhile.
func (s *Service) deleteMediaRoom(ctx context.Context, roomID string) (existed bool, err error) {
	s.fresh.forget(roomID)
	defer s.fresh.forget(roomID)
	return s.media.DeleteRoom(ctx, roomID)
}
