package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"roomkey/meet"
)

// This file keeps what is locked for everybody in a room, and who is excepted.

const (
	setUnlocked = `UPDATE joins SET unlocked = $2 WHERE identity = $1`

	selectExcepted = `SELECT identity, unlocked FROM joins WHERE room_id = $1 AND unlocked <> ''`

	selectGivenBack = `SELECT unlocked FROM joins WHERE room_id = $1 AND person = $2 AND unlocked <> '' AND session = $3`
)

// lockedForAll is what LockForAll has done.
type lockedForAll struct {
	changed  bool
	unlocked []string
}

// LockForAll implements [meet.Store]. Whichever way it goes, nobody is excepted
// afterwards.
func (db *DB) LockForAll(ctx context.Context, roomID string, source meet.Source, locked bool, e *meet.Event) (bool, []string, error) {
	done, err := write(ctx, db.writer, func(t *tx) (done lockedForAll, err error) {
		room, err := t.room(roomID)
		if err != nil {
			return done, err
		}
		if done.changed = slices.Contains(room.LockedForAll, source) != locked; done.changed {
			if room.LockedForAll = without(room.LockedForAll, source); locked {
				room.LockedForAll = append(room.LockedForAll, source)
			}
			if _, err := t.updateRoom(roomID, room); err != nil {
				return done, err
			}
		}
		if err := t.exceptNobody(roomID, source); err != nil {
			return done, err
		}
		if !locked {
			if done.unlocked, err = t.unlockEverybody(roomID, source); err != nil {
				return done, err
			}
		}
		if !done.changed && len(done.unlocked) == 0 {
			return done, nil
		}
		return done, t.event(e)
	})
	return done.changed, done.unlocked, err
}

// exceptNobody takes back that a source was given back although it was taken
// from all.
func (t *tx) exceptNobody(roomID string, source meet.Source) error {
	rows, err := t.rows(selectExcepted, roomID)
	excepted, err := scanAll(rows, err, func(j *meet.Admission) []any { return []any{&j.Identity, (*sources)(&j.Unlocked)} })
	if err != nil {
		return failed("read who is excepted from a lock", err)
	}
	for _, join := range excepted {
		if err := t.setUnlocked(join, source, false); err != nil {
			return err
		}
	}
	return nil
}

// unlockEverybody gives a source back to everybody it was taken from alone.
func (t *tx) unlockEverybody(roomID string, source meet.Source) (unlocked []string, err error) {
	rows, err := t.rows(selectLocked, roomID)
	locked, err := scanAll(rows, err, lockedPointers)
	if err != nil {
		return nil, failed("read locks", err)
	}
	for _, join := range locked {
		if !slices.Contains(join.Locked, source) {
			continue
		}
		if err := t.exec(lockJoin, join.Identity, sourcesText(without(join.Locked, source))); err != nil {
			return nil, failed("unlock join", err)
		}
		unlocked = append(unlocked, join.Identity)
	}
	return unlocked, nil
}

// exceptFromAll excepts a join from the lock on a source that holds for all, if
// there is one. It gives changed, with the identity if it was not in it.
func (t *tx) exceptFromAll(roomID, identity string, source meet.Source, changed []string) ([]string, error) {
	room, err := t.room(roomID)
	switch {
	case errors.Is(err, meet.ErrNotFound):
		return changed, nil
	case err != nil:
		return nil, err
	case !slices.Contains(room.LockedForAll, source):
		return changed, nil
	}
	join, err := scanOne(t.row(selectJoin, identity), joinPointers)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return changed, nil
	case err != nil:
		return nil, failed("read join", err)
	case join.RoomID != roomID || slices.Contains(join.Unlocked, source):
		return changed, nil
	}
	if !slices.Contains(changed, identity) {
		changed = append(changed, identity)
	}
	return changed, t.setUnlocked(join, source, true)
}

func (t *tx) setUnlocked(join meet.Admission, source meet.Source, unlocked bool) error {
	list := without(join.Unlocked, source)
	if unlocked {
		list = append(list, source)
	}
	return failed("except join from a lock", t.exec(setUnlocked, join.Identity, sourcesText(list)))
}

// givenBackTo gives what was given back to the same person in the room's
// session although it is taken from all. Only an access token proves that it is
// the same person.
func (t *tx) givenBackTo(join meet.Admission, room meet.Room) ([]meet.Source, error) {
	if len(room.LockedForAll) == 0 || join.Subject == "" || join.Person == "" {
		return nil, nil
	}
	rows, err := t.rows(selectGivenBack, room.ID, join.Person, room.Session)
	found, err := scanAll(rows, err, func(s *[]meet.Source) []any { return []any{(*sources)(s)} })
	var back []meet.Source
	for _, more := range found {
		for _, source := range more {
			if !slices.Contains(back, source) {
				back = append(back, source)
			}
		}
	}
	return back, failed("read who is excepted from a lock", err)
}

// without gives a list of its own, less one source.
func without(list []meet.Source, source meet.Source) []meet.Source {
	return slices.DeleteFunc(slices.Clone(list), func(s meet.Source) bool { return s == source })
}
