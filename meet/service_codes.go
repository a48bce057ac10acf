package meet

import (
	"context"
	"errors"
	"log/slog"
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
		codes, err = s.store.EnsureCodes(ctx, room.ID, fresh, s.roles.Names(), now)
		if err == nil {
			s.note(ctx, p, "codes created", room, slog.Int("codes", len(codes)))
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
	code, err = s.store.UpdateCode(ctx, code.Code, func(c *RoomCode) error {
		if !c.RetiredAt.IsZero() {
			return c.Check(now)
		}
		c.UpdatedAt = now
		return change.apply(c, now)
	})
	if err != nil {
		return RoomCode{}, nil, s.codeError(err)
	}
	s.bell.ring(room.ID)
	removed := []string{}
	if removeParticipants { // and looked for now, when nobody comes by the code any more
		removed, err = s.removeByCode(budget, p, room, code.Code)
	}
	s.note(ctx, p, "code updated", room, slog.String("code", FirstGroup(code.Code)),
		slog.Bool("enabled", code.Enabled), slog.Int("removed", len(removed)))
	return code, removed, err
}

// removeByCode puts out those who came by a code; whoever has left meanwhile is
// not an error.
func (s *Service) removeByCode(ctx context.Context, p Principal, room Room, code string) ([]string, error) {
	removed := []string{}
	failed := func(err error) error {
		return &Error{Code: CodeUnavailable, Message: "The code was changed, but not everybody who came by it could be removed",
			Hint: "The media server stopped answering. Repeat the call in a few seconds.", Err: err}
	}
	came, err := s.store.IdentitiesByCode(ctx, code)
	if err != nil {
		return removed, failed(err)
	}
	people, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return removed, failed(err)
	}
	for _, person := range people {
		if !slices.Contains(came, person.Identity) {
			continue
		}
		switch err := s.media.Remove(ctx, room.ID, person.Identity); {
		case err == nil:
			removed = append(removed, person.Identity)
			s.forgetApproval(ctx, p, person.Identity)
		case !IsCode(err, CodeNotFound):
			return removed, failed(err)
		}
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
		code, err = s.store.ReplaceCode(ctx, old.Code, s.random.grouped(), now, func(c RoomCode) error {
			if !c.RetiredAt.IsZero() {
				return c.Check(now)
			}
			return nil
		})
		if err == nil {
			s.bell.ring(room.ID)
			s.note(ctx, p, "code rotated", room, slog.String("old", FirstGroup(old.Code)), slog.String("code", FirstGroup(code.Code)))
			return code, nil
		}
		if !errors.Is(err, ErrCodeTaken) {
			return RoomCode{}, s.codeError(err)
		}
	}
	return RoomCode{}, &Error{Code: CodeInternal, Message: "Failed to rotate the code", Err: err}
}
