package meet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// CodeRequest says which codes a room is to have.
type CodeRequest struct {
	Role   *string // only for this role; nil is one for every role
	Label  string
	Change CodeChange // limits of the codes that are made; existing ones keep theirs
}

// CreateCodes gives the codes of a room for one role, or for every role. It keeps
// existing codes as they are, makes missing ones, and disables those of roles that
// no longer exist. Calling it again changes nothing.
func (s *Service) CreateCodes(ctx context.Context, p Principal, ref string, req CodeRequest) ([]RoomCode, error) {
	roles, badRole := s.roles.Names(), error(nil)
	if req.Role != nil {
		roles, badRole = []string{*req.Role}, s.checkRole(*req.Role)
	}
	label, badLabel := checkText("label", req.Label, MaxLabel)
	room, err := s.resolveForChange(ctx, p, ActManageCodes, ref, badRole, badLabel)
	if err != nil {
		return nil, err
	}
	details := map[string]string{"roles": strings.Join(roles, ",")}
	if label != "" {
		details["label"] = label
	}
	e := s.event(ctx, p, CodesCreated, room, "", details)
	var known []string // nil disables no code
	if destructionAllowed(ctx) {
		known = s.roles.Names()
	}
	now, most := s.now(), s.limits.CodesPerRoom
	var codes []RoomCode
	err = draw(func() error {
		wanted := s.drawCodes(room.ID, roles, label, now)
		for i := range wanted {
			if err := req.Change.apply(&wanted[i], now); err != nil {
				return err
			}
		}
		codes, err = s.store.EnsureCodes(ctx, room.ID, wanted, known, now, most, e)
		return err
	})
	switch {
	case errors.Is(err, ErrLimitReached):
		return nil, s.limitReached("codes_per_room", fmt.Sprintf("A room may have at most %d codes", most),
			"Give the same code to several people, or make another room.")
	case errors.Is(err, ErrCodeTaken):
		return nil, &Error{Code: CodeInternal, Message: "Failed to create codes", Err: err}
	case err != nil:
		return nil, s.storeError(err, "")
	}
	codes, err = s.withBlocks(ctx, room, codes)
	return codes, errAfterChange(err)
}

// drawCodes makes one code for each role, created a millisecond after one another,
// so that lists have them in the order of the roles.
func (s *Service) drawCodes(roomID string, roles []string, label string, now time.Time) []RoomCode {
	codes := make([]RoomCode, len(roles))
	for i, role := range roles {
		at := now.Add(time.Duration(i) * time.Millisecond)
		codes[i] = RoomCode{Code: s.random.grouped(), RoomID: roomID, Role: role, Label: label,
			Enabled: true, CreatedAt: at, UpdatedAt: at}
	}
	return codes
}

func (s *Service) checkRole(role string) error {
	if _, ok := s.roles.Get(role); !ok {
		return Invalid("role", "there is no such role", "The roles are "+strings.Join(s.roles.Names(), ", ")+".")
	}
	return nil
}

// CodeFilter says which codes of a room to list.
type CodeFilter struct {
	Role    *string
	Enabled *bool
	Limit   *int // nil is DefaultPage
	Cursor  string
}

// Codes lists the current codes of a room, oldest first, and gives the cursor
// of the next page, empty after the last.
func (s *Service) Codes(ctx context.Context, p Principal, ref string, f CodeFilter) ([]RoomCode, string, error) {
	room, err := s.resolveFor(ctx, p, ActManageCodes, ref)
	if err != nil {
		return nil, "", err
	}
	q := CodeQuery{RoomID: room.ID, Enabled: f.Enabled}
	if f.Role != nil {
		if q.Role, err = checkText("role", *f.Role, MaxLabel); err != nil {
			return nil, "", err
		}
		if q.Role == "" {
			return nil, "", s.checkRole("")
		}
	}
	limit, err := pageLimit(f.Limit)
	if err != nil {
		return nil, "", err
	}
	if q.After, err = parseCursor(f.Cursor); err != nil {
		return nil, "", err
	}
	q.Limit = limit + 1
	codes, err := s.store.Codes(ctx, q)
	if err != nil {
		return nil, "", s.storeError(err, "")
	}
	if f.Role != nil && len(codes) == 0 { // a role that no longer exists may have codes
		if err := s.checkRole(q.Role); err != nil {
			return nil, "", err
		}
	}
	if codes, err = s.withBlocks(ctx, room, codes); err != nil {
		return nil, "", err
	}
	if len(codes) <= limit {
		return codes, "", nil
	}
	last := codes[limit-1]
	return codes[:limit], cursor(Position{last.CreatedAt, last.Code}), nil
}

// lookUpCode finds the code that somebody wrote, and its room. Wrong ones are
// counted against the caller.
func (s *Service) lookUpCode(ctx context.Context, p Principal, written string) (RoomCode, Room, error) {
	canonical, ok := ParseCode(written)
	if !ok {
		return RoomCode{}, Room{}, Invalid("code", "code must be ten letters a to z, like wpi-srjb-wer",
			"Case, spaces and hyphens do not matter.")
	}
	code, room, err := s.store.CodeAndRoom(ctx, canonical)
	if errors.Is(err, ErrNotFound) {
		if limited := s.guesses.countWrong(p.key()); limited != nil {
			s.onLimit(limitGuesses)
			return RoomCode{}, Room{}, limited
		}
	}
	return code, room, s.codeError(err)
}

// manageCode finds a code and authorizes managing it. After wrong codes an admin can
// still manage its own codes: one of them may have to be stopped at that moment.
func (s *Service) manageCode(ctx context.Context, p Principal, written string) (RoomCode, Room, error) {
	if !isKnown(p) {
		return RoomCode{}, Room{}, authorize(p, ActManageCodes, nil)
	}
	if canonical, ok := ParseCode(written); ok {
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

// UpdateCode enables, disables or limits a code. With removeParticipants it also
// revokes the admissions by the code, in the same transaction, disconnects the
// people, and gives their identities.
func (s *Service) UpdateCode(
	ctx context.Context, p Principal, written string, change CodeChange, removeParticipants bool,
) (RoomCode, []string, error) {
	code, room, err := s.manageCode(ctx, p, written)
	if err != nil {
		return RoomCode{}, nil, err
	}
	if removeParticipants {
		if err := checkDestructionAllowed(ctx); err != nil {
			return RoomCode{}, nil, err
		}
	}
	if err := s.checkChangeRate(p); err != nil {
		return RoomCode{}, nil, err
	}
	if !removeParticipants {
		code, _, err := s.updateCode(ctx, p, room, code.Code, change, nil, nil)
		return code, []string{}, err
	}
	ctx, release, err := s.lockRoom(ctx, room.ID)
	if err != nil {
		return RoomCode{}, nil, err
	}
	defer release()
	people, err := s.participantsByCode(ctx, room, code.Code) // before the change: it must not begin if LiveKit is down
	if err != nil {
		return RoomCode{}, nil, err
	}
	revocation := &Revocation{RoomID: room.ID, Code: code.Code, At: s.now(), By: p.ID}
	code, e, err := s.updateCode(ctx, p, room, code.Code, change, revocation,
		map[string]string{"removed": identities(people)})
	if err != nil {
		return RoomCode{}, nil, err
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
			Hint:    "The others are removed as soon as the media server answers. Repeat the call in a few seconds."}
	}
	return code, removed, nil
}

// updateCode stores a change of a code, and details of what comes with it. With
// a revocation that may also be a code that was replaced: nobody comes by it any
// more, but who did may have to go.
func (s *Service) updateCode(
	ctx context.Context, p Principal, room Room, code string, change CodeChange, revocation *Revocation,
	details map[string]string,
) (RoomCode, *Event, error) {
	now := s.now()
	e := s.event(ctx, p, CodeUpdated, room, FirstGroup(code), nil)
	changed, err := s.store.UpdateCode(ctx, code, func(c *RoomCode) error {
		if !c.RetiredAt.IsZero() && revocation == nil {
			return c.Check(now)
		}
		was := *c
		if err := change.apply(c, now); err != nil {
			return err
		}
		if err := s.checkEnabled(change, *c); err != nil {
			return err
		}
		closes := was.Enabled && !c.Enabled || was.reasonClosed(now) == "" && c.reasonClosed(now) != ""
		if closes && !destructionAllowed(ctx) {
			return DestructionDisabledError("No code is switched off by this server")
		}
		changes := codeDifferences(was, *c)
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
		return RoomCode{}, nil, s.codeError(err)
	}
	codes, err := s.withBlocks(ctx, room, []RoomCode{changed})
	if err != nil {
		return RoomCode{}, nil, errAfterChange(err)
	}
	return codes[0], e, nil
}

// checkEnabled refuses to enable a code of a role that no longer exists.
func (s *Service) checkEnabled(change CodeChange, code RoomCode) error {
	if _, ok := s.roles.Get(code.Role); ok || change.Enabled == nil || !*change.Enabled {
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

// withBlocks marks the codes that nobody can use without an access token, because
// somebody who came by them is blocked.
func (s *Service) withBlocks(ctx context.Context, room Room, codes []RoomCode) ([]RoomCode, error) {
	if !room.HasBlocks {
		return codes, nil
	}
	blocks, err := s.store.Blocks(ctx, room.ID)
	if err != nil {
		return nil, s.storeError(err, "")
	}
	codes = slices.Clone(codes)
	for i := range codes {
		codes[i].Blocked = slices.ContainsFunc(blocks, func(b Block) bool { return b.Code == codes[i].Code })
	}
	return codes, nil
}

// RotateCode replaces a code, for example one that became known to others. The old
// one stops in the same transaction.
func (s *Service) RotateCode(ctx context.Context, p Principal, written string) (RoomCode, error) {
	old, room, err := s.manageCode(ctx, p, written)
	if err == nil {
		err = checkDestructionAllowed(ctx)
	}
	if err != nil {
		return RoomCode{}, err
	}
	if err := s.checkChangeRate(p); err != nil {
		return RoomCode{}, err
	}
	now := s.now()
	var code RoomCode
	err = draw(func() error {
		successor := s.random.grouped()
		e := s.event(ctx, p, CodeRotated, room, FirstGroup(old.Code),
			map[string]string{"role": old.Role, "successor": FirstGroup(successor)})
		code, err = s.store.ReplaceCode(ctx, old.Code, successor, now, func(c RoomCode) error {
			if !c.RetiredAt.IsZero() {
				return c.Check(now)
			}
			return nil
		}, e)
		return err
	})
	if errors.Is(err, ErrCodeTaken) {
		return RoomCode{}, &Error{Code: CodeInternal, Message: "Failed to rotate the code", Err: err}
	}
	return code, s.codeError(err)
}
