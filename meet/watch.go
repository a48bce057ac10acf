package meet

import (
	"context"
	"errors"
	"slices"
	"time"
)

// maxWatched bounds how many rooms one call watches.
const maxWatched = 20

const (
	watchPause = time.Second      // what happens within this time is told of once
	watchEvery = 15 * time.Second // how often a call looks that nobody wakes
)

// errWatchEnds says that there is nothing more to watch.
var errWatchEnds = errors.New("the watch has ended")

// Watch tells in which of some rooms something happens. Its methods are for one
// goroutine.
type Watch struct {
	service   *Service
	principal Principal
	stillMay  func() error
	rooms     []watchedRoom
	call      waitingCall
	end       func()
	told      time.Time
}

type watchedRoom struct {
	ref, id string
	last    int64 // the newest event that was told of
}

// WatchRooms watches those of the rooms whose events p may read, by their id or
// name, up to maxWatched. stillMay is as in [Follow]. Close has to be called.
func (s *Service) WatchRooms(ctx context.Context, p Principal, refs []string, stillMay func() error) (*Watch, error) {
	w := &Watch{service: s, principal: p, stillMay: stillMay, end: func() {}}
	var waiters []waiter
	for _, ref := range refs[:min(len(refs), maxWatched)] {
		room, err := s.resolveFor(ctx, p, ActReadEvents, ref)
		switch {
		case IsCode(err, CodeNotFound) || IsCode(err, CodeForbidden) || IsCode(err, CodeInvalid):
		case err != nil:
			return nil, err
		case !slices.ContainsFunc(w.rooms, func(r watchedRoom) bool { return r.ref == ref }):
			w.rooms = append(w.rooms, watchedRoom{ref: ref, id: room.ID})
			waiters = append(waiters, s.waiters.follower(EventQuery{RoomID: room.ID}))
		}
	}
	if len(w.rooms) == 0 {
		return w, nil
	}
	release, err := s.holdOpen(p)
	if err != nil {
		return nil, err
	}
	call, leave := s.waiters.begin(waiters...)
	w.call, w.end = call, func() { leave(); release() }
	for i := range w.rooms {
		if _, err := w.look(ctx, &w.rooms[i]); err != nil {
			w.Close()
			return nil, err
		}
	}
	return w, nil
}

// Close ends the watch.
func (w *Watch) Close() { w.end() }

// Rooms are the rooms that are watched, as they were asked for.
func (w *Watch) Rooms() []string {
	refs := make([]string, len(w.rooms))
	for i, room := range w.rooms {
		refs[i] = room.ref
	}
	return refs
}

// Next waits until something has happened, and gives the rooms in which it has. It
// gives none now and then, which shows that the watch goes on. An error ends the
// watch: ctx is done, the program stops, the access token has ended, or p may read
// the events of none of the rooms any more.
func (w *Watch) Next(ctx context.Context) (changed []string, err error) {
	pause := time.NewTimer(time.Until(w.told.Add(watchPause)))
	defer pause.Stop()
	again := time.NewTimer(watchEvery)
	defer again.Stop()
	if err := w.wait(ctx, pause.C, nil); err != nil {
		return nil, err
	}
	if err := w.wait(ctx, again.C, w.call.changed); err != nil {
		return nil, err
	}
	if w.stillMay != nil {
		if err := w.stillMay(); err != nil {
			return nil, err
		}
	}
	w.rooms = slices.DeleteFunc(w.rooms, func(room watchedRoom) bool {
		err := w.service.mayFollow(ctx, w.principal, room.id, nil)
		return IsCode(err, CodeForbidden) || IsCode(err, CodeNotFound)
	})
	if len(w.rooms) == 0 {
		return nil, errWatchEnds
	}
	for i := range w.rooms {
		if isNew, err := w.look(ctx, &w.rooms[i]); err == nil && isNew { // else the next look finds it
			changed = append(changed, w.rooms[i].ref)
		}
	}
	if len(changed) > 0 {
		w.told = time.Now()
	}
	return changed, nil
}

func (w *Watch) wait(ctx context.Context, timer <-chan time.Time, changed <-chan struct{}) error {
	select {
	case <-timer:
	case <-changed:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.service.shutdown:
		return errWatchEnds
	}
	return nil
}

// look says whether there are events in a room that were not told of.
func (w *Watch) look(ctx context.Context, room *watchedRoom) (isNew bool, err error) {
	newest, err := w.service.store.Events(ctx, EventQuery{RoomID: room.id, After: room.last, Limit: 1})
	if err != nil || len(newest) == 0 {
		return false, w.service.storeError(err, "")
	}
	room.last = newest[0].ID
	return true, nil
}
