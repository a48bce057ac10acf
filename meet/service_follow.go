package meet

import (
	"context"
	"math"
	"strconv"
	"time"
)

// Follow says where the events begin that somebody follows, and for how long to
// wait for one.
type Follow struct {
	After string        // the id of the event before them; empty is now, or Since of the filter
	Wait  time.Duration // while there is none

	// StillMay is called each time before the call looks. Its error ends the call:
	// the access token may have been revoked. Nil means yes.
	StillMay func() error
}

// Followed are the next events, oldest first.
type Followed struct {
	Events []Event
	More   bool   // there are more already
	After  string // with it the next call goes on, so that no event is missed and none comes twice
}

// followEvery is how often a call that follows events looks when nobody wakes it.
// It ends so soon after its access token, and so late it learns of an event of
// which it was not told.
const followEvery = 5 * time.Second

// FollowEvents gives what has happened since the caller has looked last, or waits
// until something happens. The filter has no cursor.
func (s *Service) FollowEvents(ctx context.Context, p Principal, f EventFilter, follow Follow) (Followed, error) {
	after, err := follow.begin(f)
	if err != nil {
		return Followed{}, err
	}
	q, limit, err := s.eventQuery(ctx, p, f)
	if err != nil {
		return Followed{}, err
	}
	q.OldestFirst = true
	var next Followed
	look := func() (done bool, err error) {
		if err := s.mayFollow(ctx, p, q.RoomID, follow.StillMay); err != nil {
			return false, err
		}
		newest, err := s.store.Events(ctx, EventQuery{Limit: 1})
		if err != nil {
			return false, s.storeError(err, "")
		}
		present := int64(0) // the id of the newest event of all
		if len(newest) > 0 {
			present = newest[0].ID
		}
		after = min(after, present) // it may be of before an older backup was brought back
		q.After = after
		events, err := s.store.Events(ctx, q)
		if err != nil {
			return false, s.storeError(err, "")
		}
		next = followed(events, limit, present)
		return len(events) > 0, nil
	}
	if done, err := look(); err != nil || done || follow.Wait <= 0 {
		return next, err
	}
	end, err := s.holdOpen(p) // from here on the call has seen what there is
	if err != nil {
		return Followed{}, err
	}
	defer end()
	err = s.await(ctx, s.waiters.follower(q), follow.Wait, look)
	return next, err
}

// begin gives the id behind which the events begin. The largest one is now.
func (follow Follow) begin(f EventFilter) (after int64, err error) {
	switch {
	case f.Cursor != "":
		return 0, Invalid("cursor", "cursor goes back to older events, after and wait_seconds go on to newer ones",
			"Leave cursor out to follow what happens.")
	case follow.After == "" && !f.Since.IsZero():
		return 0, nil
	case follow.After == "":
		return math.MaxInt64, nil
	}
	after, err = strconv.ParseInt(follow.After, 10, 64)
	if err != nil || after < 0 {
		return 0, Invalid("after", "after must be the id of an event",
			"Pass after of the previous answer, or the id of an event, unchanged; 0 is before the first.")
	}
	return after, nil
}

// followed makes the answer of at most limit events. present is an event of which
// nothing older can be missing.
func followed(events []Event, limit int, present int64) Followed {
	more := len(events) > limit
	if more {
		events, present = events[:limit], 0
	}
	if len(events) > 0 {
		present = max(present, events[len(events)-1].ID)
	}
	return Followed{Events: events, More: more, After: strconv.FormatInt(present, 10)}
}

// mayFollow authorizes a call that follows events once more: its token may have
// ended, or somebody else may administer the room.
func (s *Service) mayFollow(ctx context.Context, p Principal, roomID string, stillMay func() error) error {
	if stillMay != nil {
		if err := stillMay(); err != nil {
			return err
		}
	}
	if roomID == "" {
		return authorize(p, ActReadOwnEvents, nil)
	}
	room, err := s.store.RoomByID(ctx, roomID)
	if err != nil {
		return s.storeError(err, "")
	}
	return authorize(p, ActReadEvents, &room)
}
