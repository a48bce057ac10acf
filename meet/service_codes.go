package meet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CodeRequest says which codes a room is to have.
type CodeRequest struct {
	Role   *string // only for this role; nil is one for every role
	Label  string
	People []Invitee  // one code for each of them, labelled with the name; guests if no role is given
	Change CodeChange // limits of the codes, made now or before; nil leaves those of existing ones
}

// EnsuredCodes are the codes that a [CodeRequest] asked for, and what became of
// them.
type EnsuredCodes struct {
	Codes []RoomCode

	Created, Changed, Unchanged int // how many of the codes
}

// CreateCodes gives the codes of a room for one role, or for every role. It makes
// missing codes, gives all of them the limits that were asked for, and disables
// those of roles that no longer exist. Calling it again makes no more codes.
func (s *Service) CreateCodes(ctx context.Context, p Principal, ref string, req CodeRequest) (EnsuredCodes, error) {
	keys, bad := s.codeKeys(req)
	room, err := s.resolveForChange(ctx, p, ActManageCodes, ref, bad)
	if err != nil {
		return EnsuredCodes{}, err
	}
	return s.ensureCodes(ctx, p, room, req, keys)
}

// ensureCodes is [Service.CreateCodes] by p, who is allowed to.
func (s *Service) ensureCodes(
	ctx context.Context, p Principal, room Room, req CodeRequest, keys []codeKey,
) (ensured EnsuredCodes, err error) {
	e := s.event(ctx, p, CodesCreated, room, "", creationDetails(req, keys))
	var known []string // nil disables no code
	if destructionAllowed(ctx) {
		known = s.roles.Names()
	}
	now, most := s.now(), s.limits.CodesPerRoom
	err = draw(func() error {
		wanted := s.drawCodes(room.ID, keys, now)
		for i := range wanted {
			if err := req.Change.apply(&wanted[i], now); err != nil {
				return err
			}
		}
		changed := map[string]bool{} // by code
		codes, err := s.store.EnsureCodes(ctx, room.ID, wanted, known, func(c *RoomCode) (*Event, error) {
			change := req.Change
			i := slices.IndexFunc(keys, func(k codeKey) bool { return k.role == c.Role && k.label == c.Label })
			if i >= 0 && keys[i].email != "" {
				change.Email = &keys[i].email
			}
			changes, err := s.alterCode(ctx, change, c, now)
			changed[c.Code] = len(changes) > 0
			if err != nil || len(changes) == 0 {
				return nil, err
			}
			changes["role"] = c.Role
			return s.event(ctx, p, CodeUpdated, room, FirstGroup(c.Code), changes), nil
		}, now, most, e)
		ensured = countEnsured(wanted, codes, changed)
		return err
	})
	switch {
	case errors.Is(err, ErrLimitReached):
		return EnsuredCodes{}, s.limitReached("codes_per_room", fmt.Sprintf("A room may have at most %d codes", most),
			"Give the same code to several people, or make another room.")
	case errors.Is(err, ErrCodeTaken):
		return EnsuredCodes{}, &Error{Code: CodeInternal, Message: "Failed to create codes", Err: err}
	case err != nil:
		return EnsuredCodes{}, s.storeError(err, "")
	}
	ensured.Codes, err = s.withBlocks(ctx, room, ensured.Codes)
	return ensured, errAfterChange(err)
}

// countEnsured compares the codes that there are with those that were to be made
// where none was.
func countEnsured(wanted, codes []RoomCode, changed map[string]bool) EnsuredCodes {
	ensured := EnsuredCodes{Codes: codes}
	for i, code := range codes {
		switch {
		case code.Code == wanted[i].Code:
			ensured.Created++
		case changed[code.Code]:
			ensured.Changed++
		default:
			ensured.Unchanged++
		}
	}
	return ensured
}

// creationDetails says in an event what codes were asked for.
func creationDetails(req CodeRequest, keys []codeKey) map[string]string {
	var roles []string
	for _, key := range keys {
		if !slices.Contains(roles, key.role) {
			roles = append(roles, key.role)
		}
	}
	details := map[string]string{"roles": strings.Join(roles, ",")}
	switch {
	case req.People != nil:
		details["people"] = strconv.Itoa(len(keys))
	case keys[0].label != "":
		details["label"] = keys[0].label
	}
	return details
}

// drawCodes makes one code for each key, created a millisecond after one another,
// so that lists have them in the order of the keys.
func (s *Service) drawCodes(roomID string, keys []codeKey, now time.Time) []RoomCode {
	codes := make([]RoomCode, len(keys))
	for i, key := range keys {
		at := now.Add(time.Duration(i) * time.Millisecond)
		codes[i] = RoomCode{Code: s.random.grouped(), RoomID: roomID, Role: key.role, Label: key.label,
			Email: key.email, Enabled: true, CreatedAt: at, UpdatedAt: at}
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
	Unused  *bool // only codes by which nobody was inside yet, or only the others
	Limit   *int  // nil is DefaultPage
	Cursor  string
}

// Codes lists the current codes of a room, oldest first, and gives the cursor
// of the next page, empty after the last.
func (s *Service) Codes(ctx context.Context, p Principal, ref string, f CodeFilter) ([]RoomCode, string, error) {
	room, err := s.resolveFor(ctx, p, ActManageCodes, ref)
	if err != nil {
		return nil, "", err
	}
	q := CodeQuery{RoomID: room.ID, Enabled: f.Enabled, Unused: f.Unused}
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
	if q.After, err = parsePositionCursor(listOfCodes(room.ID), f.Cursor); err != nil {
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
	return codes[:limit], positionCursor(listOfCodes(room.ID), Position{last.CreatedAt, last.Code}), nil
}

// lookUpCode finds the code that somebody wrote, and its room. Wrong ones are
// counted against the caller.
func (s *Service) lookUpCode(ctx context.Context, p Principal, written string) (RoomCode, Room, error) {
	canonical, ok := readCode(written)
	if !ok {
		return RoomCode{}, Room{}, Invalid("code", "code must be ten letters a to z, like wpi-srjb-wer",
			"Case, spaces and hyphens do not matter.")
	}
	code, room, err := s.store.CodeAndRoom(ctx, canonical)
	if err == nil && !p.Rooms.Has(room.ID) {
		code, room, err = RoomCode{}, Room{}, ErrNotFound
	}
	if errors.Is(err, ErrNotFound) {
		if limited := s.guesses.countWrong(ctx, p.key()); limited != nil {
			s.onLimit(limitGuesses)
			return RoomCode{}, Room{}, limited
		}
	}
	return code, room, s.codeError(err)
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
