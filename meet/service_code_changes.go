package meet

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"
)

// manageCode finds a code and authorizes managing it. After wrong codes an admin can
// still manage its own codes: one of them may have to be stopped at that moment.
func (s *Service) manageCode(ctx context.Context, p Principal, written string) (RoomCode, Room, error) {
	if !isKnown(p) {
		return RoomCode{}, Room{}, authorize(p, ActManageCodes, nil)
	}
	if canonical, ok := readCode(written); ok {
		code, room, err := s.store.CodeAndRoom(ctx, canonical)
		if err == nil && Allowed(p, ActManageCodes, &room) {
			return code, room, nil
		}
	}
	if err := s.guesses.check(p.key()); err != nil {
		s.onLimit(limitGuesses)
		return RoomCode{}, Room{}, err
	}
	code, room, err := s.lookUpCode(ctx, p, written)
	if err != nil {
		return RoomCode{}, Room{}, err
	}
	return code, room, authorize(p, ActManageCodes, &room)
}

// UpdatedCode is a code after a call that was to change it.
type UpdatedCode struct {
	RoomCode
	Changed []string // what is not as before: enabled, max_uses, expires_at
	Removed []string // identities of the people who were removed
}

// UpdateCode enables, disables or limits a code. With removeParticipants it also
// revokes the admissions by the code, in the same transaction, disconnects the
// people, and gives their identities.
func (s *Service) UpdateCode(
	ctx context.Context, p Principal, written string, change CodeChange, removeParticipants bool,
) (UpdatedCode, error) {
	code, room, err := s.mayChangeCode(ctx, p, written, removeParticipants)
	if err != nil {
		return UpdatedCode{}, err
	}
	var updated UpdatedCode
	updated.RoomCode, updated.Removed, err = s.changeCode(ctx, p, room, code, removeParticipants,
		func(ctx context.Context, r *Revocation, details map[string]string) (RoomCode, *Event, error) {
			code, changed, e, err := s.updateCode(ctx, p, room, code.Code, change, r, details)
			updated.Changed = changed
			return code, e, err
		})
	return updated, err
}

// RotateCode replaces a code, for example one that became known to others. The old
// one stops in the same transaction; the new one is enabled, has the same role,
// label and limits, and no uses. removeParticipants is as with UpdateCode.
func (s *Service) RotateCode(
	ctx context.Context, p Principal, written string, removeParticipants bool,
) (RoomCode, []string, error) {
	code, room, err := s.mayChangeCode(ctx, p, written, true)
	if err != nil {
		return RoomCode{}, nil, err
	}
	return s.changeCode(ctx, p, room, code, removeParticipants,
		func(ctx context.Context, r *Revocation, details map[string]string) (RoomCode, *Event, error) {
			return s.rotateCode(ctx, p, room, code, r, details)
		})
}

// mayChangeCode is manageCode for a change, which may be a destructive one.
func (s *Service) mayChangeCode(
	ctx context.Context, p Principal, written string, destructive bool,
) (code RoomCode, room Room, err error) {
	code, room, err = s.manageCode(ctx, p, written)
	if err == nil && destructive {
		err = checkDestructionAllowed(ctx)
	}
	if err == nil {
		err = s.checkChangeRate(p)
	}
	return code, room, err
}

// changeCode makes a change of a code. With removeParticipants it hands change what
// revokes the admissions by the code, and what belongs into the event, and then
// disconnects the people; it gives their identities.
func (s *Service) changeCode(
	ctx context.Context, p Principal, room Room, code RoomCode, removeParticipants bool,
	change func(context.Context, *Revocation, map[string]string) (RoomCode, *Event, error),
) (RoomCode, []string, error) {
	if !removeParticipants {
		changed, _, err := change(ctx, nil, nil)
		return changed, []string{}, s.nameSuccessor(ctx, p, room, code, err)
	}
	ctx, release, err := s.lockRoom(ctx, room.ID)
	if err != nil {
		return RoomCode{}, nil, err
	}
	defer release()
	people, err := s.participantsByCode(ctx, room, code.Code) // before the change: it must not begin if LiveKit is down
	if err == nil {
		err = s.recordAllPresent(ctx, room, people, anybody)
	}
	if err != nil {
		return RoomCode{}, nil, err
	}
	revocation := &Revocation{RoomID: room.ID, Code: code.Code, At: s.now(), By: p.ID}
	changed, e, err := change(ctx, revocation, map[string]string{"removed": identities(people)})
	if err != nil {
		return RoomCode{}, nil, s.nameSuccessor(ctx, p, room, code, err)
	}
	removed := []string{}
	people, err = s.participantsByCode(ctx, room, code.Code) // again, now that nobody can join by the code
	if err == nil {
		removed, err = s.removeAll(ctx, room, people)
	}
	if err != nil {
		s.incomplete(ctx, e)
		return RoomCode{}, nil, &Error{Code: CodeUnavailable, Err: err,
			Message: "The code was changed, but not everybody who came by it could be removed",
			Hint: "The others are removed as soon as the media server answers. Call update_room_code with the old code " +
				"and remove_participants true in a few seconds."}
	}
	return changed, removed, nil
}

// updateCode stores a change of a code, and details of what comes with it. With
// a revocation that may also be a code that was replaced: nobody comes by it any
// more, but who did may have to go. It also gives the names of what has changed.
func (s *Service) updateCode(
	ctx context.Context, p Principal, room Room, code string, change CodeChange, revocation *Revocation,
	details map[string]string,
) (RoomCode, []string, *Event, error) {
	now := s.now()
	e := s.event(ctx, p, CodeUpdated, room, FirstGroup(code), nil)
	var changed []string
	updated, err := s.store.UpdateCode(ctx, code, func(c *RoomCode) error {
		if !c.RetiredAt.IsZero() && revocation == nil {
			return c.Check(now)
		}
		changes, err := s.alterCode(ctx, change, c, now)
		if err != nil {
			return err
		}
		changed = sortedKeys(changes)
		if len(changes) == 0 && revocation == nil {
			e.Action = "" // nothing has changed
			return nil
		}
		maps.Copy(changes, details)
		changes["role"] = c.Role
		e.Action = CodeUpdated
		e.setDetails(changes)
		c.UpdatedAt = now
		return nil
	}, revocation, e)
	if err != nil {
		return RoomCode{}, nil, nil, s.codeError(err)
	}
	codes, err := s.withBlocks(ctx, room, []RoomCode{updated})
	if err != nil {
		return RoomCode{}, nil, nil, errAfterChange(err)
	}
	return codes[0], changed, e, nil
}

// alterCode writes a change into a code, if it is allowed, and gives what is
// different now.
func (s *Service) alterCode(
	ctx context.Context, change CodeChange, c *RoomCode, now time.Time,
) (map[string]string, error) {
	was := *c
	if err := change.apply(c, now); err != nil {
		return nil, err
	}
	if change.Enabled != nil && *change.Enabled {
		if err := s.checkRoleExists(*c); err != nil {
			return nil, err
		}
	}
	closes := was.Enabled && !c.Enabled || was.reasonClosed(now) == "" && c.reasonClosed(now) != ""
	if closes && !destructionAllowed(ctx) {
		return nil, DestructionDisabledError("No code is switched off by this server")
	}
	changes := codeDifferences(was, *c)
	if len(changes) > 0 {
		c.UpdatedAt = now
	}
	return changes, nil
}

// checkRoleExists refuses to enable a code of a role that no longer exists.
func (s *Service) checkRoleExists(code RoomCode) error {
	if _, ok := s.roles.Get(code.Role); ok {
		return nil
	}
	return &Error{Code: CodeForbidden, Field: "enabled",
		Message: "A code of a role that no longer exists cannot be enabled",
		Hint:    "The roles are " + strings.Join(s.roles.Names(), ", ") + "."}
}

// participantsByCode finds the people inside who came by a code.
func (s *Service) participantsByCode(ctx context.Context, room Room, code string) ([]Participant, error) {
	people, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return nil, errMediaUnavailable(err)
	}
	var found []Participant
	for _, person := range people {
		admission, known, err := s.findAdmission(ctx, room.ID, person.Identity)
		if err != nil {
			return nil, err
		}
		if known && admission.Code == code {
			found = append(found, person)
		}
	}
	return found, nil
}

// rotateCode stores the successor of a code. It would open nothing if the code has
// expired or its role is no more, and is not made then.
func (s *Service) rotateCode(
	ctx context.Context, p Principal, room Room, old RoomCode, revocation *Revocation, details map[string]string,
) (code RoomCode, e *Event, err error) {
	now := s.now()
	err = draw(func() error {
		successor := s.random.grouped()
		all := map[string]string{"role": old.Role, "successor": FirstGroup(successor)}
		maps.Copy(all, details)
		e = s.event(ctx, p, CodeRotated, room, FirstGroup(old.Code), all)
		code, err = s.store.ReplaceCode(ctx, old.Code, successor, now, func(c RoomCode) error {
			if !c.RetiredAt.IsZero() {
				return c.Check(now)
			}
			if !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt) {
				return &Error{Code: CodeConflict, Field: "code",
					Message: "The code has expired, and a new one with the same limits would be, too",
					Hint:    "Give it more time first (update_room_code with expires_in_seconds; 0 is forever)."}
			}
			return s.checkRoleExists(c)
		}, revocation, e)
		return err
	})
	if errors.Is(err, ErrCodeTaken) {
		return code, nil, &Error{Code: CodeInternal, Message: "Failed to rotate the code", Err: err}
	}
	return code, e, s.codeError(err)
}

// nameSuccessor adds to the error about a code that was replaced which one took its
// place, for somebody who may know all codes of the room.
func (s *Service) nameSuccessor(ctx context.Context, p Principal, room Room, code RoomCode, err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeGone || code.RetiredAt.IsZero() || !Allowed(p, ActManageCodes, &room) {
		return err
	}
	successor, lookErr := s.store.CurrentCode(ctx, room.ID, code.Role, code.Label)
	if lookErr != nil {
		return err
	}
	named := *e
	named.Hint = "Its successor is " + successor.Code + "."
	return &named
}
