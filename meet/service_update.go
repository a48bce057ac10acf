package meet

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// UpdatedRoom is a room after a call that was to change it.
type UpdatedRoom struct {
	Room
	Changed  []string // what is not as before, by the names in events: name, settings.allow_chat, is_active
	Reopened bool
	HadNoEnd bool       // before
	Codes    []RoomCode // of a reopened room: those that let people in now, at most MaxPage
	JoinCode RoomCode   // as [RoomDetails] has it
}

// UpdateRoom changes a room. With reopen it begins a new opening of a room that has
// ended or expired; an expired room has no end then, unless the change gives one.
func (s *Service) UpdateRoom(
	ctx context.Context, p Principal, ref string, change RoomChange, reopen bool,
) (UpdatedRoom, error) {
	room, err := s.resolveFor(ctx, p, change.action(), ref)
	if err != nil {
		return UpdatedRoom{}, err
	}
	if change.Name != nil && normalizeName(*change.Name) == "" {
		return UpdatedRoom{}, Invalid("name", "name must not be empty", "Leave name out to keep the one the room has.")
	}
	next := room
	if reopen && !next.Active(s.now()) {
		next.reopen(s.now())
	}
	if err := change.apply(&next, s.now()); err != nil {
		return UpdatedRoom{}, err
	}
	if err := s.checkChangeRate(p); err != nil {
		return UpdatedRoom{}, err
	}
	allowed := func(r *Room) error { return authorize(p, change.action(), r) }
	return s.updateTo(ctx, p, room, roomUpdate{next, change, reopen, allowed})
}

// roomUpdate is a change of a room that was checked.
type roomUpdate struct {
	next    Room // as the room is to be, unless somebody else changes it first
	change  RoomChange
	reopen  bool
	allowed func(*Room) error // asked again of the room that is changed: it may have been handed over just now
}

// updateTo is [Service.UpdateRoom] by p, who is allowed to.
func (s *Service) updateTo(ctx context.Context, p Principal, room Room, to roomUpdate) (UpdatedRoom, error) {
	next, change, reopen := to.next, to.change, to.reopen
	if err := s.checkNewName(ctx, p, room, next.Name, reopen); err != nil {
		return UpdatedRoom{}, err
	}
	if rights := rightsDiffer(room, next); room.Active(s.now()) && (rights || change.MaxParticipants != nil) {
		if err := s.recordBeforeChange(ctx, room, rights); err != nil {
			return UpdatedRoom{}, err
		}
	}
	unlock, err := s.lock(ctx, room.ID) // the media room of the opening before may be being deleted
	if err != nil {
		return UpdatedRoom{}, err
	}
	now, was := s.now(), room
	if err := s.expireBefore(ctx, room, next.Name); err != nil {
		unlock()
		return UpdatedRoom{}, err
	}
	var changed []string
	e := s.event(ctx, p, RoomUpdated, room, "", nil)
	room, err = s.store.UpdateRoom(ctx, room.ID, func(r *Room) error {
		was, e.Action = *r, RoomUpdated
		if err := to.allowed(r); err != nil {
			return err
		}
		switch {
		case reopen && !r.Active(now):
			r.reopen(now)
			e.Action = RoomReopened
		case r.State == RoomActive && !r.Active(now): // a later end alone does not open it again
			r.State, r.EndedAt = RoomExpired, r.ExpiresAt
		}
		if err := change.apply(r, now); err != nil {
			return err
		}
		e.RoomName, e.AdminID = r.Name, r.AdminID
		e.setDetails(differences(was, *r))
		changed = sortedKeys(e.Details)
		if e.Action == RoomReopened {
			changed = append(changed, "is_active")
		}
		if e.Action == RoomUpdated && len(e.Details) == 0 {
			e.Action = "" // nothing has changed
			return nil
		}
		r.UpdatedAt = now
		return nil
	}, s.roomLimit(p), e)
	unlock()
	switch {
	case errors.Is(err, ErrLimitReached):
		return UpdatedRoom{}, s.roomLimitReached()
	case errors.Is(err, ErrNameTaken):
		e := errNameTaken()
		e.Hint = "Give a name that no other active room has."
		return UpdatedRoom{}, e
	case err != nil:
		return UpdatedRoom{}, s.storeError(err, "")
	}
	if room.Active(now) && rightsDiffer(was, room) {
		s.projectOrLog(ctx, room)
	}
	if change.MaxParticipants != nil && room.Active(now) {
		s.updateMediaRoom(ctx, room)
	}
	updated := UpdatedRoom{
		Room: room, Changed: changed, Reopened: e.Action == RoomReopened, HadNoEnd: was.ExpiresAt.IsZero(),
	}
	if updated.Reopened {
		updated.Codes, err = s.openCodes(ctx, room)
	}
	if err == nil {
		updated.JoinCode, err = s.joinCode(ctx, room)
	}
	return updated, errAfterChange(err)
}

// openCodes gives the first of a room's codes that let people in now.
func (s *Service) openCodes(ctx context.Context, room Room) (open []RoomCode, err error) {
	enabled := true
	codes, err := s.store.Codes(ctx, CodeQuery{
		RoomID: room.ID, Enabled: &enabled, Limit: max(s.limits.CodesPerRoom, MaxPage),
	})
	if err != nil {
		return nil, s.storeError(err, "")
	}
	now := s.now()
	codes = slices.DeleteFunc(slices.Clone(codes), func(c RoomCode) bool { return c.reasonClosed(now) != "" })
	return s.withBlocks(ctx, room, codes[:min(len(codes), MaxPage)])
}

// checkNewName checks a change by which the room takes a name, or becomes active
// again under its own, as if the room were created.
func (s *Service) checkNewName(ctx context.Context, p Principal, room Room, name string, reopen bool) error {
	if name == room.Name && (!reopen || room.Active(s.now())) {
		return nil
	}
	if err := s.checkRoomRate(p); err != nil {
		return err
	}
	use, err := s.nameUse(ctx, name, "")
	return cmp.Or(err, s.checkKept(use, room.CreatedBy))
}

// recordBeforeChange puts on record who is inside before a change that concerns
// them: they keep their seats when the limit becomes lower. If the media server is
// down, a change of rights fails, so that the rights of nobody change.
func (s *Service) recordBeforeChange(ctx context.Context, room Room, rights bool) error {
	ctx, cancel := withBudget(ctx)
	defer cancel()
	people, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		if rights {
			return errMediaUnavailable(err)
		}
		return nil
	}
	return s.recordAllPresent(ctx, room, people, anybody)
}

// expireBefore marks rooms that have expired before a change: the room itself, or
// the one that has the name it is to get.
func (s *Service) expireBefore(ctx context.Context, room Room, name string) error {
	if room.State == RoomActive && !room.Active(s.now()) {
		if err := s.expireHolder(ctx, room.Name); err != nil {
			return err
		}
	}
	if room.State == RoomActive && name == room.Name {
		return nil // it keeps the name that it has
	}
	_, err := s.nameUse(ctx, name, "")
	return err
}

// updateMediaRoom tells LiveKit about a changed limit. If that fails, the next join
// does it.
func (s *Service) updateMediaRoom(ctx context.Context, room Room) {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	if err := s.media.EnsureRoom(ctx, room); err != nil {
		s.log.WarnContext(ctx, "could not tell the media server about a changed room", "room", room.ID, "err", err)
	}
}

// EndRoom ends a room: everyone is out, its codes stop working. confirmName
// must be the room's name, so that nobody ends a room they did not mean.
// It gives the identities that were removed.
//
// People are removed before the database says so, because a media server that
// cannot be reached must leave the room as it was; then the database, and
// once more the media server, for those who slipped in between. Should that
// last step fail, [Enforcer.Sweep] makes it good.
func (s *Service) EndRoom(ctx context.Context, p Principal, ref, confirmName string) (Room, []string, error) {
	room, err := s.resolveForChange(ctx, p, ActManageRoom, ref, checkDestructionAllowed(ctx))
	if err != nil {
		return Room{}, nil, err
	}
	if normalizeName(confirmName) != room.Name {
		return Room{}, nil, Invalid("confirm_name", "confirm_name must be the room's name",
			"Repeat the name of the room you mean to end, as get_room shows it.")
	}
	return s.end(ctx, p, room)
}

// end is [Service.EndRoom] by p, who is allowed to.
func (s *Service) end(ctx context.Context, p Principal, room Room) (Room, []string, error) {
	budget, release, err := s.lockRoom(ctx, room.ID)
	if err != nil {
		return Room{}, nil, err
	}
	defer release()
	opening := room.Opening
	switch room, err = s.store.RoomByID(ctx, room.ID); {
	case err != nil:
		return Room{}, nil, s.storeError(err, "")
	case room.Opening != opening:
		return Room{}, nil, errReopened()
	}
	inside, err := s.media.Participants(budget, room.ID)
	if err != nil {
		return Room{}, nil, errMediaUnavailable(err)
	}
	if err := s.recordAllPresent(budget, room, inside, anybody); err != nil {
		return Room{}, nil, err
	}
	if _, err := s.deleteMediaRoom(budget, room.ID); err != nil {
		return Room{}, nil, errMediaUncertain(err)
	}
	now := s.now()
	e := s.event(ctx, p, "", room, "", map[string]string{"removed": identities(inside)})
	room, err = s.store.UpdateRoom(ctx, room.ID, func(r *Room) error {
		e.Action = ""
		if r.Opening != opening { // this instance stalled, and another one went on
			return errReopened()
		}
		if r.State == RoomActive {
			r.State, r.EndedBy, r.EndedAt, r.UpdatedAt = RoomEnded, p.ID, now, now
			e.Action = RoomWasEnded
		}
		return nil
	}, 0, e)
	switch {
	case IsCode(err, CodeConflict):
		return Room{}, nil, err
	case err != nil:
		e := AsError(s.storeError(err, ""))
		e.Hint = "Everyone was removed, but the room is not ended and can be joined again. Repeat the call in a few seconds."
		return Room{}, nil, e
	}
	if _, err := s.clear(budget, room.ID); err != nil {
		s.log.WarnContext(ctx, "could not clear an ended room; the sweeper goes on", "room", room.ID, "err", err)
	}
	return room, identityList(inside), nil
}
