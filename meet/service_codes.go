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
	if err := s.checkChangeRate(p); err != nil {
		return nil, err
	}
	end, err := s.checkCodeLimit(ctx, room, roles, label)
	if err != nil {
		return nil, err
	}
	defer end()
	now := s.now()
	for range maxDraws {
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
		var living []string // nil disables no code of a role that is no more
		if destructionAllowed(ctx) {
			living = s.roles.Names()
		}
		codes, err = s.store.EnsureCodes(ctx, room.ID, fresh, living, now, e)
		if err == nil {
			codes, err := s.withBlocks(ctx, room, codes)
			return codes, errAfterChange(err)
		}
		if !errors.Is(err, ErrCodeTaken) {
			return nil, s.storeError(err, "")
		}
	}
	return nil, &Error{Code: CodeInternal, Message: "Failed to create codes", Err: err}
}

// checkCodeLimit refuses codes that would be more than a room may have; those it
// has already are not made again. end is called when they are stored, or will
// not be.
func (s *Service) checkCodeLimit(ctx context.Context, room Room, roles []string, label string) (end func(), err error) {
	most := s.limits.CodesPerRoom
	if most <= 0 {
		return func() {}, nil
	}
	for {
		underWay, end := s.pendingCounts.begin("codes of "+room.ID, len(roles))
		codes, err := s.store.Codes(ctx, CodeQuery{RoomID: room.ID, Limit: most})
		kept := 0
		for _, code := range codes {
			if code.Label == label && slices.Contains(roles, code.Role) {
				kept++
			}
		}
		more, own := underWay-kept, len(roles)-kept
		if err == nil && (own <= 0 || len(codes)+more <= most) {
			return end, nil
		}
		end()
		if err == nil && len(codes)+own > most {
			return func() {}, s.limitReached("codes_per_room", fmt.Sprintf("The room has %d codes, which is as many as a room may have", len(codes)),
				"Give the same code to several people, or make another room.")
		}
		if err == nil {
			err = waitForOthers(ctx)
		}
		if err != nil {
			return func() {}, s.storeError(err, "")
		}
	}
}

// drawCodes makes one code for each role, a millisecond after the other, so that
// lists have them in the order of the roles.
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
	if f.Role != nil && len(codes) == 0 { // a role that is no more may have codes
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
		return RoomCode{}, Room{}, Invalid("code", "code must be ten letters a to z, like wpi-srjb-wer", "Case, spaces and hyphens do not matter.")
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

// manageCode finds a code and authorizes managing it. Wrong codes never lock an
// admin out of its own ones: that may be the moment a leaked one has to go.
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

// UpdateCode enables, disables or limits a code. With removeParticipants the
// admissions that came by it end in the same transaction, and the people are
// put out of the room; their identities are given back.
func (s *Service) UpdateCode(ctx context.Context, p Principal, written string, change CodeChange, removeParticipants bool) (RoomCode, []string, error) {
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
	ctx, cancel := withBudget(ctx)
	defer cancel()
	unlock, err := s.mutexes.Lock(ctx, room.ID)
	if err != nil {
		return RoomCode{}, nil, errMediaUnavailable(err)
	}
	defer unlock()
	came, err := s.participantsByCode(ctx, room, code.Code) // asked first: a media server that is down must leave everything as it was
	if err != nil {
		return RoomCode{}, nil, err
	}
	revocation := &Revocation{RoomID: room.ID, Code: code.Code, At: s.now(), By: p.ID}
	code, e, err := s.updateCode(ctx, p, room, code.Code, change, revocation, map[string]string{"removed": identities(came)})
	if err != nil {
		return RoomCode{}, nil, err
	}
	removed := []string{}
	came, err = s.participantsByCode(ctx, room, code.Code) // and once more now, when nobody comes by it any more
	if err == nil {
		removed, err = s.removeAll(ctx, room, came)
	}
	if err != nil {
		s.incomplete(ctx, e)
		return RoomCode{}, nil, &Error{Code: CodeUnavailable, Message: "The code was changed, but not everybody who came by it could be removed",
			Hint: "Whoever is left is put out as soon as the media server answers. Repeat the call in a few seconds.", Err: err}
	}
	return code, removed, nil
}

// updateCode stores a change of a code, and details of what comes with it. With
// a revocation that may also be a code that was replaced: nobody comes by it any
// more, but who did may have to go.
func (s *Service) updateCode(ctx context.Context, p Principal, room Room, code string, change CodeChange, revocation *Revocation, details map[string]string) (RoomCode, *Event, error) {
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
		if !destructionAllowed(ctx) && (was.Enabled && !c.Enabled || was.reasonClosed(now) == "" && c.reasonClosed(now) != "") {
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

// checkEnabled refuses to enable what can open nothing.
func (s *Service) checkEnabled(change CodeChange, code RoomCode) error {
	if _, ok := s.roles.Get(code.Role); ok || change.Enabled == nil || !*change.Enabled {
		return nil
	}
	return &Error{Code: CodeForbidden, Message: "A code of a role that no longer exists cannot be enabled", Field: "enabled",
		Hint: "The roles are " + strings.Join(s.roles.Names(), ", ") + "."}
}

// participantsByCode finds who is inside by a code.
func (s *Service) participantsByCode(ctx context.Context, room Room, code string) ([]Participant, error) {
	people, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return nil, errMediaUnavailable(err)
	}
	var came []Participant
	for _, person := range people {
		switch join, err := s.admissionOf(ctx, room.ID, person.Identity); {
		case err != nil && !errors.Is(err, ErrNotFound):
			return nil, s.storeError(err, "")
		case err == nil && join.Code == code:
			came = append(came, person)
		}
	}
	return came, nil
}

// withBlocks marks the codes that let in nobody without an access token,
// because somebody who came by them is blocked.
func (s *Service) withBlocks(ctx context.Context, room Room, codes []RoomCode) ([]RoomCode, error) {
	blocks, err := s.store.Blocks(ctx, room.ID)
	if err != nil {
		return nil, s.storeError(err, "")
	}
	if len(blocks) == 0 {
		return codes, nil
	}
	codes = slices.Clone(codes)
	for i := range codes {
		codes[i].Blocked = slices.ContainsFunc(blocks, func(b Block) bool { return b.Code == codes[i].Code })
	}
	return codes, nil
}

// RotateCode puts a new code in the place of one that got into wrong hands.
// The old one stops in the same transaction.
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
	for range maxDraws {
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
			return code, nil
		}
		if !errors.Is(err, ErrCodeTaken) {
			return RoomCode{}, s.codeError(err)
		}
	}
	return RoomCode{}, &Error{Code: CodeInternal, Message: "Failed to rotate the code", Err: err}
}
