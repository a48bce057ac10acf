package meet

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"time"
)

// InstanceStore is what the instances of the program that share a database need of
// each other. With a database that only one process uses, its methods do nothing.
type InstanceStore interface {
	// Shared says whether other instances may use the database.
	Shared() bool

	// SubscribeElsewhere has tell called within a second for each event that
	// another instance has committed, once reads here see the change. Only RoomID,
	// AdminID, Action and Target are given. The zero Event means that events may have been
	// missed, or that a user was disabled. tell must be quick and must not call the store.
	SubscribeElsewhere(tell func(Event))

	// LockRoom waits until no other instance has the lock of a room. It is
	// [ErrRoomLocked] if one still has it when ctx ends, or after some seconds. It
	// does not keep two calls of this instance apart. The lock ends with unlock, when
	// the instance is gone, or after some seconds without an unlock.
	LockRoom(ctx context.Context, roomID string) (unlock func(), err error)

	// AnnounceCounts tells the other instances what was counted here. It is not
	// kept: an instance that hears nothing at the moment misses it.
	AnnounceCounts(ctx context.Context, counts []Count) error

	// SubscribeCounts has tell called for what another instance announces. tell
	// must be quick and must not call the store.
	SubscribeCounts(tell func(Count))
}

// Count is how often something happened that a limit is about.
type Count struct {
	Limit string `json:"limit"` // its name
	Key   string `json:"key"`   // see [countKey]
	N     int    `json:"n"`
}

// countKey stands for a caller, a code or a user among the counts. It always has the
// same length, and what travels between instances holds no address and no code.
func countKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return base32.HexEncoding.EncodeToString(sum[:15])
}

// onEventElsewhere is called for every event that another instance has committed.
// The zero Event means that any may have been missed.
func (s *Service) onEventElsewhere(e Event) {
	if e.RoomID == "" {
		s.recentRooms.forgetAll()
		s.waiters.wakeAll()
		return
	}
	if e.Action.Kind() == "room" { // the other instance may have deleted the media room
		s.recentRooms.forget(e.RoomID)
	}
	s.waiters.wakeFor(e)
}

// onCountElsewhere is called for what another instance has counted.
func (s *Service) onCountElsewhere(c Count) {
	if c.Limit == limitGuesses {
		s.guesses.countElsewhere(c.Key, c.N)
		return
	}
	for _, r := range s.rates.all() {
		if r.name == c.Limit {
			r.takeElsewhere(c.Key, c.N)
		}
	}
}

// announceWithin is how long the answer to a wrong code waits for it to be announced.
const announceWithin = 2 * time.Second

// announceGuess tells the other instances of a wrong code.
func (s *Service) announceGuess(ctx context.Context, key string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), announceWithin) // also if its caller gives up
	defer cancel()
	if err := s.store.AnnounceCounts(ctx, []Count{{Limit: limitGuesses, Key: key, N: 1}}); err != nil {
		s.log.WarnContext(ctx, "a wrong code was counted by this instance alone", "err", err)
	}
}

// countsAtOnce bounds how many counts one call of AnnounceCounts has.
const countsAtOnce = 500

// AnnounceCounts tells the other instances what was counted against the limits on
// rates since the last call. Call it about every second, from one goroutine: so
// much later a limit holds for all instances together. What cannot be told is
// told by the next call.
func (s *Service) AnnounceCounts(ctx context.Context) error {
	for _, r := range s.rates.all() {
		counts := r.untold(countsAtOnce)
		if len(counts) == 0 {
			continue
		}
		if err := s.store.AnnounceCounts(ctx, counts); err != nil {
			r.tellAgain(counts)
			return s.storeError(err, "")
		}
	}
	return nil
}
