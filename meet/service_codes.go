package meet

import (
	"context"
	"errors"
	"strings"
	"time"
)

// CodeRequest says which codes a room is to have.
type CodeRequest struct {
	Role   *string // only for this role; nil is one for every role
	Label  string
	Change CodeChange // limits of the codes that are made; existing ones keep theirs
}

// CreateCodes sees to it that the room has a code for the role, or one for
// every role: existing ones are kept as they are, missing ones made, and
// those of roles that no longer exist disabled. Calling it again changes
// nothing.
func (s *Service) CreateCodes(ctx context.Context, p Principal, ref string, req CodeRequest) ([]RoomCode, error) {
	room, err := s.resolveFor(ctx, p, ActManageCodes, ref)
	if err != nil {
		return nil, err
	}
	roles := s.roles.Names()
	if req.Role != nil {
		if err := s.checkRole(*req.Role); err != nil {
			return nil, err
		}
		roles = []string{*req.Role}
	}
	label, err := checkText("label", req.Label, MaxLabel)
	if err != nil {
		return nil, err
	}
	now := s.now()
	for range drawAgain {
		fresh := s.drawCodes(room.ID, roles, label, now)
		for i := range fresh {
			if err := req.Change.apply(&fresh[i], now); err != nil {
				return nil, err
			}
		}
		var codes []RoomCode
		details := map[string]string{"roles": strings.Join(roles, ",")}
		if label != "" {
			details["label"] = label
		}
		e := s.event(ctx, p, CodesCreated, room, "", details)
		codes, err = s.store.EnsureCodes(ctx, room.ID, fresh, s.roles.Names(), now, e)
		if err == nil {
			s.logEvent(ctx, e)
			return codes, nil
		}
		if !errors.Is(err, ErrCodeTaken) {
			return nil, s.storeError(err, "")
		}
	}
	return nil, &Error{Code: CodeInternal, Message: "Failed to create codes", Err: err}
}

// drawCodes makes one code for each role.
func (s *Service) drawCodes(roomID string, roles []string, label string, now time.Time) []RoomCode {
	codes := make([]RoomCode, len(roles))
	for i, role := range roles {
		codes[i] = RoomCode{Code: s.random.grouped(), RoomID: roomID, Role: role, Label: label,
			Enabled: true, CreatedAt: now, UpdatedAt: now}
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
		return RoomCode{}, Room{}, Invalid("code", "code must be ten letters a to z, like wpi-srjb-wer", "Case, spaces and hyphens do not matter.")
	}
	code, room, err := s.store.CodeAndRoom(ctx, canonical)
	if errors.Is(err, ErrNotFound) {
		if limited := s.guard.fail(p.key()); limited != nil {
			return RoomCode{}, Room{}, limited
		}
	}
	return code, room, s.codeError(err)
}

// manageCode finds a code and authorizes managing it. Wrong codes never lock an
// admin out of its own ones: that may be the moment a leaked one has to go.
func (s *Service) manageCode(ctx context.Context, p Principal, written string) (RoomCode, Room, error) {
	if standingOf(p, nil) >= asAnonymous {
		return RoomCode{}, Room{}, authorize(p, ActManageCodes, nil)
	}
	if canonical, ok := ParseCode(written); ok {
		code, room, err := s.store.CodeAndRoom(ctx, canonical)
		if err == nil && Allowed(p, ActManageCodes, &room) {
			return code, room, nil
		}
	}
	if err := s.guard.admit(p.key()); err != nil {
		return RoomCode{}, Room{}, err
	}
	code, room, err := s.lookUpCode(ctx, p, written)
	if err != nil {
		return RoomCode{}, Room{}, err
	}
	return code, room, authorize(p, ActManageCodes, &room)
}

// UpdateCode enables, disables or limits a code. With removeParticipants the
// people it let in are put out of the room as well; their identities are
// given back.
func (s *Service) UpdateCode(ctx context.Context, p Principal, written string, change CodeChange, removeParticipants bool) (RoomCode, []string, error) {
	code, room, err := s.manageCode(ctx, p, written)
	if err != nil {
		return RoomCode{}, nil, err
	}
	budget, cancel := withBudget(ctx)
	defer cancel()
	if removeParticipants { // asked first: a media server that is down must leave everything as it was
		if err := s.media.Ping(budget); err != nil {
			return RoomCode{}, nil, mediaUnavailable(err)
		}
	}
	now := s.now()
	e := s.event(ctx, p, CodeUpdated, room, FirstGroup(code.Code), nil)
	code, err = s.store.UpdateCode(ctx, code.Code, func(c *RoomCode) error {
		if !c.RetiredAt.IsZero() {
			return c.Check(now)
		}
		was := *c
		err := change.apply(c, now)
		e.Details = codeDifferences(was, *c)
		if e.Action = CodeUpdated; removeParticipants {
			e.Details["remove_participants"] = "true"
		}
		if len(e.Details) == 0 {
			e.Action = ""
		}
		e.Details["role"] = c.Role
		c.UpdatedAt = now
		return err
	}, e)
	if err != nil {
		return RoomCode{}, nil, s.codeError(err)
	}
	s.logEvent(ctx, e)
	s.bell.ring(room.ID)
	removed := []string{}
	if removeParticipants { // and looked for now, when nobody comes by the code any more
		removed, err = s.removeByCode(budget, p, room, code.Code)
	}
	return code, removed, err
}

// removeByCode puts out those who came by a code: their tokens are dead, also
// of those who are not inside just now.
func (s *Service) removeByCode(ctx context.Context, p Principal, room Room, code string) ([]string, error) {
	failed := func(err error) error {
		return &Error{Code: CodeUnavailable, Message: "The code was changed, but not everybody who came by it could be removed",
			Hint: "Whoever is left is put out as soon as the media server answers. Repeat the call in a few seconds.", Err: err}
	}
	unlock, err := s.locks.lock(ctx, room.ID)
	if err != nil {
		return []string{}, failed(err)
	}
	defer unlock()
	if err := s.store.RevokeJoins(ctx, Revocation{RoomID: room.ID, Code: code, At: s.now(), By: p.ID}, nil); err != nil {
		return []string{}, failed(err)
	}
	people, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return []string{}, failed(err)
	}
	var came []string
	for _, person := range people {
		join, err := s.joinOf(ctx, room.ID, person.Identity)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return []string{}, failed(err)
		}
		if err == nil && join.Code == code {
			came = append(came, person.Identity)
		}
	}
	removed, err := s.remove(ctx, room, people, came)
	if err != nil {
		return removed, failed(err)
	}
	return removed, nil
}

// RotateCode puts a new code in the place of one that got into wrong hands.
// The old one stops in the same transaction.
func (s *Service) RotateCode(ctx context.Context, p Principal, written string) (RoomCode, error) {
	old, room, err := s.manageCode(ctx, p, written)
	if err != nil {
		return RoomCode{}, err
	}
	now := s.now()
	for range drawAgain {
		var code RoomCode
		fresh := s.random.grouped()
		e := s.event(ctx, p, CodeRotated, room, FirstGroup(old.Code), map[string]string{"role": old.Role, "successor": FirstGroup(fresh)})
		code, err = s.store.ReplaceCode(ctx, old.Code, fresh, now, func(c RoomCode) error {
			if !c.RetiredAt.IsZero() {
				return c.Check(now)
			}
			return nil
		}, e)
		if err == nil {
			s.bell.ring(room.ID)
			s.logEvent(ctx, e)
			return code, nil
		}
		if !errors.Is(err, ErrCodeTaken) {
			return RoomCode{}, s.codeError(err)
		}
	}
	return RoomCode{}, &Error{Code: CodeInternal, Message: "Failed to rotate the code", Err: err}
}
