package meet

import (
	"context"
	"slices"
)

// lock takes sources away, and ends what is published of them. Once that is
// stored, it also holds for people who are connecting just now.
func (m *muting) lock(ctx context.Context, people []Person) (MuteResult, error) {
	var ours, others []Person // others: Roomkey did not admit them, so only their tracks can be stopped
	for _, person := range people {
		if person.Known {
			ours = append(ours, person)
		} else {
			others = append(others, person)
		}
	}
	if len(others) > 0 && m.call.Identity != Everyone {
		return MuteResult{}, errNotAdmittedHere()
	}
	if err := m.checkNotOverAdmin(ctx, m.caller, m.room, m.call.Identity); err != nil {
		return MuteResult{}, err
	}
	changed, forAll, err := m.storeLocks(ctx, ours, true)
	if err != nil {
		return MuteResult{}, err
	}
	if err := m.projectLocks(ctx, ours); err != nil {
		return MuteResult{}, errNotApplied(err)
	}
	done, err := m.muteAndRecord(ctx, others)
	if err != nil {
		return MuteResult{}, err
	}
	done.Locked, done.ForAll = changed, forAll
	done.Tracks = append(done.Tracks, m.scope.playing(ours)...)
	return done, nil
}

// projectLocks tells LiveKit what was taken from people. Those who are left out
// may have been given something back: everybody is told then.
func (m *muting) projectLocks(ctx context.Context, people []Person) error {
	if len(m.call.Except) == 0 {
		return m.projectOnto(ctx, m.room, participantsOf(people))
	}
	inside, err := m.media.Participants(ctx, m.room.ID)
	if err != nil {
		return err
	}
	return m.projectOnto(ctx, m.room, inside)
}

// unlock gives sources back, also to people who are not inside just now: to the
// one with the identity, or to everybody from whom they were taken.
func (m *muting) unlock(ctx context.Context, people []Person) (MuteResult, error) {
	if m.call.Identity != Everyone {
		switch _, known, err := m.findAdmission(ctx, m.room.ID, m.call.Identity); {
		case err != nil:
			return MuteResult{}, err
		case !known && len(people) == 0:
			return MuteResult{}, errParticipantNotFound()
		}
	}
	changed, forAll, err := m.storeLocks(ctx, people, false)
	if err != nil {
		return MuteResult{}, err
	}
	// Everybody gets their profile: a source may have been taken from an admin, or
	// from other connections of the person as well.
	inside, err := m.media.Participants(ctx, m.room.ID)
	if err == nil {
		err = m.projectOnto(ctx, m.room, inside)
	}
	if err != nil {
		return MuteResult{}, errNotApplied(err)
	}
	return MuteResult{Tracks: []MutedTrack{}, Unlocked: changed, ForAll: forAll}, nil
}

// storeLocks takes the sources of the scope away, or gives them back: from the
// person whom the call names, or from all but admins, also those who come later.
// It says whose sources changed, and whether that of the room did.
func (m *muting) storeLocks(ctx context.Context, people []Person,
	locked bool) (changed []string, forAll bool, err error) {
	changed = []string{}
	for i, source := range m.scope.sources {
		identities, roomChanged, err := m.storeLock(ctx, people, source, locked)
		switch {
		case err != nil && i > 0: // the source before this one is stored
			return nil, false, &Error{Code: CodeUnavailable, Message: "Only a part of the change was made",
				Hint: "Repeat the call in a few seconds.", Err: err}
		case err != nil:
			return nil, false, m.storeError(err, "")
		}
		changed, forAll = merge(changed, identities), forAll || roomChanged
	}
	m.room, err = m.store.RoomByID(ctx, m.room.ID)
	return changed, forAll, errAfterChange(err)
}

func (m *muting) storeLock(ctx context.Context, people []Person, source Source,
	locked bool) (changed []string, forAll bool, err error) {
	action := Locked
	if !locked {
		action = Unlocked
	}
	e := m.line(ctx, action, map[string]string{"source": string(source), "identities": m.call.Identity})
	if m.call.Identity != Everyone {
		changed, err = m.store.LockAdmissions(ctx, m.room.ID, []string{m.call.Identity}, source, locked, e)
		return changed, false, err
	}
	for _, person := range people {
		if slices.Contains(person.Locked, source) != locked {
			changed = append(changed, person.Identity)
		}
	}
	if !locked { // also people who are not inside
		outside, err := m.store.LockedIn(ctx, m.room.ID, source)
		if err != nil {
			return nil, false, err
		}
		changed = without(merge(outside, changed), m.call.Except)
	}
	e.Details["identities"] = shortList(changed)
	forAll, unlocked, err := m.store.LockForAll(ctx, m.room.ID, source, locked, m.call.Except, e)
	return merge(changed, unlocked), forAll, err
}

// merge gives list with those of more that it has not.
func merge[T comparable](list, more []T) []T {
	for _, one := range more {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}

// without gives list less those that are in others.
func without(list, others []string) []string {
	return slices.DeleteFunc(list, func(one string) bool { return slices.Contains(others, one) })
}

func errNotAdmittedHere() *Error {
	return &Error{Code: CodeConflict, Message: "This participant did not come through Roomkey and cannot be locked",
		Hint: "Leave lock out to stop what they publish now, or kick them."}
}

// errNotApplied is for a change that is stored but that LiveKit was not told of.
func errNotApplied(err error) *Error {
	return &Error{Code: CodeUnavailable, Message: "It is stored, but the media server could not be told yet",
		Hint: "It is told as soon as it answers. Repeat the call in a few seconds to be sure.", Err: err}
}
