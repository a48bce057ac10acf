package meet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// KickCall says how to put somebody out.
type KickCall struct {
	Identity string
	Block    bool   // refuse the person's codes and joins until it is lifted
	Reason   string // for the record
}

// Kick puts a participant out of the room and gives the identities removed.
// Their tokens are dead from then on, also those that the media server has made
// anew for them. They can come back by asking anew, unless they are blocked;
// where the room asks for approval they have to be let in again. With a block
// all connections go that the same subject has.
//
// The database says so first, so that nobody slips back in between. Should the
// media server stop answering then, [Enforcer.Reconcile] goes on.
func (s *Service) Kick(ctx context.Context, p Principal, ref string, call KickCall) ([]string, error) {
	room, err := s.resolveFor(ctx, p, ActModerate, ref)
	if err == nil {
		err = checkDestructionAllowed(ctx)
	}
	if err != nil {
		return nil, err
	}
	if err := checkSingleIdentity(call.Identity); err != nil {
		return nil, err
	}
	if call.Reason, err = checkText("reason", call.Reason, MaxReason); err != nil {
		return nil, err
	}
	if err := s.checkChangeRate(p); err != nil {
		return nil, err
	}
	ctx, cancel := withBudget(ctx)
	defer cancel()
	unlock, err := s.mutexes.lock(ctx, room.ID)
	if err != nil {
		return nil, errMediaUnavailable(err)
	}
	defer unlock()
	if call.Block {
		if err := s.checkBlockLimit(ctx, room, call.Identity); err != nil {
			return nil, err
		}
	}
	people, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return nil, errMediaUnavailable(err)
	}
	at := slices.IndexFunc(people, func(person Participant) bool { return person.Identity == call.Identity })
	if at < 0 {
		if err := s.removeUnlisted(ctx, room, call); err != nil {
			return nil, err
		}
		people, at = append(people, Participant{Identity: call.Identity}), len(people)
	}
	person, err := s.person(ctx, room, people[at])
	if err != nil {
		return nil, err
	}
	join := person.admission
	revocation := Revocation{RoomID: room.ID, Identities: []string{call.Identity}, At: s.now(), By: p.ID}
	if person.Known {
		revocation.Identities = []string{join.Identity} // not that of a second connection beside the first
	}
	details := join.identityDetails(map[string]string{"participant_name": redactCode(person.Name, join.Code), "role": person.Role})
	if call.Reason != "" {
		details["reason"] = redactCode(call.Reason, join.Code)
	}
	if call.Block {
		if revocation.Block, err = s.blockFor(p, join, call.Reason); err != nil {
			return nil, err
		}
		details["blocked"] = "true"
		same, err := s.sameSubject(ctx, room, *revocation.Block, people)
		if err != nil {
			return nil, err
		}
		revocation.Identities = append(revocation.Identities, same...)
		if err := s.recordAllPresent(ctx, room, people, revocation.Block.matchesClaim); err != nil {
			return nil, err
		}
	}
	e := s.event(ctx, p, Kicked, room, call.Identity, details)
	if err := s.store.RevokeAdmissions(ctx, revocation, e); err != nil {
		return nil, s.storeError(err, "")
	}
	defer s.waiters.wake(room.ID, waiter.isHost) // the requests of those who are blocked are gone
	if call.Block {
		if err := s.dropBlocked(ctx, room); err != nil {
			s.log.WarnContext(ctx, "could not forget the requests of those who are blocked", "room", room.ID, "err", err)
		}
	}
	removed, err := s.removeAll(ctx, room, withIdentities(people, revocation.Identities))
	if err != nil {
		s.incomplete(ctx, e)
		return nil, &Error{Code: CodeUnavailable, Message: "They may not be in the room any more, but could not be put out yet",
			Hint: "The media server stopped answering; they are put out as soon as it does. Repeat the call in a few seconds.", Err: err}
	}
	return removed, nil
}

// removeUnlisted puts out somebody who is not listed but may just be connecting.
func (s *Service) removeUnlisted(ctx context.Context, room Room, call KickCall) error {
	err := s.media.Remove(ctx, room.ID, call.Identity)
	switch {
	case isNotFound(err):
		e := errParticipantNotFound()
		if call.Block {
			e.Hint = "Whoever has left cannot be blocked: list_events shows by which code they came (participant.admitted), update_room_code with enabled false closes it."
		}
		return e
	case err != nil:
		return errMediaUncertain(err)
	}
	return nil
}

// checkBlockLimit refuses a block that would be more than a room may have: every
// join looks at all of them. The room's lock is held.
func (s *Service) checkBlockLimit(ctx context.Context, room Room, identity string) error {
	blocks, err := s.store.Blocks(ctx, room.ID)
	if err != nil {
		return s.storeError(err, "")
	}
	again := slices.ContainsFunc(blocks, func(b Block) bool { return b.Identity == identity })
	if most := s.limits.BlocksPerRoom; most <= 0 || again || len(blocks) < most {
		return nil
	}
	return s.limitReached("blocks_per_room", fmt.Sprintf("%d people are blocked from this room, which is as many as can be",
		len(blocks)),
		"Lift some of the blocks (block false), or let people in one by one: update_room with settings.require_approval true.")
}

// blockFor makes the block of who came by a join.
func (s *Service) blockFor(p Principal, join Admission, reason string) (*Block, error) {
	switch {
	case join.Identity == "":
		return nil, &Error{Code: CodeConflict, Message: "This participant did not come through Roomkey and cannot be blocked",
			Hint: "Leave block out to put them out; whoever holds the media server's key let them in."}
	case join.Admin:
		return nil, &Error{Code: CodeForbidden, Message: "An admin of the room cannot be blocked", Hint: "Leave block out to put them out."}
	}
	b := newBlock(join, p.ID, reason, s.now())
	return &b, nil
}

// sameSubject finds who else inside has proven to be the blocked person. What
// was only claimed throws nobody out.
func (s *Service) sameSubject(ctx context.Context, room Room, b Block, people []Participant) ([]string, error) {
	var same []string
	for _, person := range people {
		join, err := s.admissionOf(ctx, room.ID, person.Identity)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, s.storeError(err, "")
		}
		if err == nil && b.Subject != "" && join.Subject == b.Subject && join.Identity != b.Identity && !join.Admin {
			same = append(same, join.Identity)
		}
	}
	return same, nil
}

// withIdentities gives those of the people who have one of the identities, with the
// second connections that the media server may have let in.
func withIdentities(people []Participant, identities []string) (meant []Participant) {
	for _, person := range people {
		base, _, _ := strings.Cut(person.Identity, "#")
		if slices.Contains(identities, person.Identity) || slices.Contains(identities, base) {
			meant = append(meant, person)
		}
	}
	return meant
}

// removeAll puts people out. Whoever has left meanwhile is out as well.
func (s *Service) removeAll(ctx context.Context, room Room, people []Participant) ([]string, error) {
	removed := []string{}
	for _, person := range people {
		if err := s.media.Remove(ctx, room.ID, person.Identity); err != nil && !isNotFound(err) {
			return removed, err
		}
		removed = append(removed, person.Identity)
	}
	return removed, nil
}

// Unblock lifts the block that was made by kicking an identity.
func (s *Service) Unblock(ctx context.Context, p Principal, ref, identity string) error {
	room, err := s.resolveFor(ctx, p, ActUnblock, ref)
	if err != nil {
		return err
	}
	if err := checkIdentity(identity); err != nil {
		return err
	}
	if err := s.checkChangeRate(p); err != nil {
		return err
	}
	e := s.event(ctx, p, Unblocked, room, identity, s.identityDetailsOf(ctx, room, identity, nil))
	err = s.store.Unblock(ctx, room.ID, identity, e)
	if errors.Is(err, ErrNotFound) {
		return &Error{Code: CodeNotFound, Message: "Nobody is blocked by this identity", Field: "identity",
			Hint: "blocks of list_participants has the identities. To put a participant out leave block out."}
	}
	return s.storeError(err, "")
}
