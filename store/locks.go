package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"roomkey/meet"
)

// This file keeps what is locked: for one admission (locked), and for all in a
// room (LockedForAll) except some admissions (unlocked).

const (
	lockJoin = `UPDATE joins SET locked = $2 WHERE identity = $1`

	setUnlocked = `UPDATE joins SET unlocked = $2 WHERE identity = $1`

	selectGivenBack = `SELECT unlocked FROM joins WHERE room_id = $1 AND person = $2 AND unlocked <> '' AND opening = $3`

	// All that is locked for the person of a join, who may have joined before.
	selectLockedWith = `SELECT other.identity, other.locked FROM joins JOIN joins AS other ON other.room_id = joins.room_id
		AND (other.identity = joins.identity OR other.person = joins.person AND joins.person <> '')
	WHERE joins.identity = $1 AND joins.room_id = $2 AND other.locked <> ''`

	selectLocked = `SELECT identity, locked FROM joins WHERE room_id = $1 AND locked <> '' ORDER BY created_at, identity`

	selectExcepted = `SELECT identity, unlocked FROM joins WHERE room_id = $1 AND unlocked <> ''`
)

// LockAdmissions implements [meet.AdmissionStore]. It passes over identities of
// nobody in the room. What is given back is given back to the person, with their
// other admissions: it must not be locked again when they join again.
func (db *DB) LockAdmissions(ctx context.Context, roomID string, identities []string, source meet.Source, locked bool,
	e *meet.Event) ([]string, error) {
	return write(ctx, db.writer, func(t *tx) ([]string, error) {
		change := t.unlockPerson
		if locked {
			change = t.lock
		}
		changed := []string{}
		for _, identity := range identities {
			identities, err := change(roomID, identity, source)
			if err != nil {
				return nil, err
			}
			changed = append(changed, identities...)
		}
		if len(changed) == 0 {
			return changed, nil
		}
		return changed, t.event(e)
	})
}

// lock gives the identity if that changed something.
func (t *tx) lock(roomID, identity string, source meet.Source) ([]string, error) {
	admission, err := t.admissionIn(roomID, identity)
	if errors.Is(err, meet.ErrNotFound) || err == nil && slices.Contains(admission.Locked, source) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if slices.Contains(admission.Unlocked, source) { // or it would be given back again with that of all
		err = t.setUnlocked(admission, source, false)
	}
	return []string{identity}, cmp.Or(err, t.setLocked(admission, append(admission.Locked, source)))
}

// unlockPerson gives the identities of the person for which that changed something.
func (t *tx) unlockPerson(roomID, identity string, source meet.Source) ([]string, error) {
	changed, err := t.unlockEach(source, selectLockedWith, nil, identity, roomID)
	if err != nil {
		return nil, err
	}
	room, err := t.room(roomID)
	if errors.Is(err, meet.ErrNotFound) || err == nil && !slices.Contains(room.LockedForAll, source) {
		return changed, nil
	}
	if err != nil {
		return nil, err
	}
	admission, err := t.admissionIn(roomID, identity)
	if errors.Is(err, meet.ErrNotFound) || err == nil && slices.Contains(admission.Unlocked, source) {
		return changed, nil
	}
	if err != nil {
		return nil, err
	}
	if !slices.Contains(changed, identity) {
		changed = append(changed, identity)
	}
	return changed, t.setUnlocked(admission, source, true)
}

// unlockEach gives a source back to those found for whom it is locked, but not to
// those in except, and gives their identities.
func (t *tx) unlockEach(source meet.Source, text string, except []string, args ...any) (unlocked []string, err error) {
	found, err := queryAll(t, "read locks", text, lockedPointers, args...)
	for _, admission := range found {
		if slices.Contains(admission.Locked, source) && !slices.Contains(except, admission.Identity) {
			err = cmp.Or(err, t.setLocked(admission, without(admission.Locked, source)))
			unlocked = append(unlocked, admission.Identity)
		}
	}
	return unlocked, err
}

// lockedForAll is what LockForAll has done.
type lockedForAll struct {
	changed  bool
	unlocked []string
}

// LockForAll implements [meet.AdmissionStore]. No exceptions are left after it but
// those in except.
func (db *DB) LockForAll(ctx context.Context, roomID string, source meet.Source, locked bool, except []string,
	e *meet.Event) (bool, []string, error) {
	done, err := write(ctx, db.writer, func(t *tx) (done lockedForAll, err error) {
		room, err := t.room(roomID)
		if err != nil {
			return done, err
		}
		var leftOut, ended bool
		if !locked { // while it still shows for whom it was locked
			if leftOut, err = t.keepLocked(room, source, except); err != nil {
				return done, err
			}
		}
		if done.changed = slices.Contains(room.LockedForAll, source) != locked; done.changed {
			room.LockedForAll = without(room.LockedForAll, source)
			if locked {
				room.LockedForAll = append(room.LockedForAll, source)
			}
			_, err = t.updateRoom(roomID, room)
		}
		switch {
		case err != nil:
			return done, err
		case locked:
			leftOut, err = t.setExceptions(roomID, source, except)
			if err == nil {
				ended, err = t.endAllowed(roomID, source, except)
			}
		default:
			err = t.dropExceptions(roomID, source)
			if err == nil {
				done.unlocked, err = t.unlockEach(source, selectLocked, except, roomID)
			}
		}
		if err != nil || !done.changed && !leftOut && !ended && len(done.unlocked) == 0 {
			return done, err
		}
		return done, t.event(e)
	})
	return done.changed, done.unlocked, err
}

// setExceptions ends all exceptions from a lock for all but those in except, and
// says whether that changed anything. What is locked for one of them alone stays.
func (t *tx) setExceptions(roomID string, source meet.Source, except []string) (changed bool, err error) {
	found, err := queryAll(t, "read exceptions from a lock", selectExcepted, unlockedPointers, roomID)
	for _, admission := range found {
		if slices.Contains(admission.Unlocked, source) && !slices.Contains(except, admission.Identity) {
			err = cmp.Or(err, t.setUnlocked(admission, source, false))
			changed = true
		}
	}
	if err != nil {
		return false, err
	}
	for _, identity := range except {
		admission, err := t.admissionIn(roomID, identity)
		switch {
		case errors.Is(err, meet.ErrNotFound):
			continue
		case err != nil:
			return false, err
		case slices.Contains(admission.Locked, source) || slices.Contains(admission.Unlocked, source):
			continue
		}
		if err := t.setUnlocked(admission, source, true); err != nil {
			return false, err
		}
		changed = true
	}
	return changed, nil
}

// dropExceptions ends all exceptions from a lock for all.
func (t *tx) dropExceptions(roomID string, source meet.Source) error {
	_, err := t.setExceptions(roomID, source, nil)
	return err
}

// keepLocked locks a source for those in except alone for whom it is locked
// together with all, and says whether there were any.
func (t *tx) keepLocked(room meet.Room, source meet.Source, except []string) (kept bool, err error) {
	if !slices.Contains(room.LockedForAll, source) {
		return false, nil
	}
	for _, identity := range except {
		admission, err := t.admissionIn(room.ID, identity)
		switch {
		case errors.Is(err, meet.ErrNotFound):
			continue
		case err != nil:
			return false, err
		case admission.IsAdminOf(room) || slices.Contains(admission.Unlocked, source) ||
			slices.Contains(admission.Locked, source):
			continue
		}
		if err := t.setLocked(admission, append(admission.Locked, source)); err != nil {
			return false, err
		}
		kept = true
	}
	return kept, nil
}

func (t *tx) setLocked(admission meet.Admission, locked []meet.Source) error {
	return t.exec("lock join", lockJoin, admission.Identity, sourcesText(locked))
}

func (t *tx) setUnlocked(admission meet.Admission, source meet.Source, unlocked bool) error {
	list := without(admission.Unlocked, source)
	if unlocked {
		list = append(list, source)
	}
	return t.exec("except join from a lock", setUnlocked, admission.Identity, sourcesText(list))
}

// inherit has an admission begin with what moderators have locked and set for the
// same person in the room's opening. It also gives back what was given back to them
// although it is locked for all, but only an access token proves that it is the
// same person.
func (t *tx) inherit(admission *meet.Admission, room meet.Room) error {
	if admission.Person == "" {
		return nil
	}
	key := []any{room.ID, admission.Person, room.Opening}
	found, err := queryAll(t, "look for what is set for a person", lookModerated, intPointers, key...)
	var earlier []meet.Admission
	if len(found) > 0 {
		earlier, err = queryAll(t, "read what is set for a person", selectModerated, admissionPointers, key...)
	}
	for _, before := range earlier {
		admission.Locked = union(admission.Locked, before.Locked)
	}
	admission.InheritOverrides(earlier)
	if err != nil || len(room.LockedForAll) == 0 || admission.Subject == "" {
		return err
	}
	given, err := queryAll(t, "read what was given back to a person", selectGivenBack, sourcesPointers,
		room.ID, admission.Person, room.Opening)
	admission.Unlocked = union(nil, slices.Concat(given...))
	return err
}

// union gives list with those of more that it has not.
func union(list, more []meet.Source) []meet.Source {
	for _, source := range more {
		if !slices.Contains(list, source) {
			list = append(list, source)
		}
	}
	return list
}

// LockedIn implements [meet.AdmissionStore]. The oldest admission comes first.
func (db *DB) LockedIn(ctx context.Context, roomID string, source meet.Source) ([]string, error) {
	found, err := list(ctx, db, "list locks", selectLocked, lockedPointers, roomID)
	identities := []string{}
	for _, admission := range found {
		if slices.Contains(admission.Locked, source) {
			identities = append(identities, admission.Identity)
		}
	}
	return identities, err
}

func lockedPointers(j *meet.Admission) []any   { return []any{&j.Identity, (*sources)(&j.Locked)} }
func unlockedPointers(j *meet.Admission) []any { return []any{&j.Identity, (*sources)(&j.Unlocked)} }
func sourcesPointers(s *[]meet.Source) []any   { return []any{(*sources)(s)} }

// without gives a list of its own, less one source.
func without(list []meet.Source, source meet.Source) []meet.Source {
	return slices.DeleteFunc(slices.Clone(list), func(s meet.Source) bool { return s == source })
}

// sources are kept as a text with commas between them.
type sources []meet.Source

// Scan implements [sql.Scanner].
func (s *sources) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("column holds %T, not a text", value)
	}
	*s = nil
	for name := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' }) {
		*s = append(*s, meet.Source(name))
	}
	return nil
}

func sourcesText(list []meet.Source) string {
	names := make([]string, len(list))
	for i, source := range list {
		names[i] = string(source)
	}
	return strings.Join(names, ",")
}
