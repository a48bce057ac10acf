package meet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// KickCall says whom to kick.
type KickCall struct {
	Identity string   // or what else stands for one person inside, or [Everyone]
	Except   []string // with [Everyone]: who is left out
	Block    bool     // refuse the person's codes and joins until it is lifted
	Reason   string   // for the record
}

// Kick revokes a participant's admission, disconnects them, and gives the
// identities that were removed. Their tokens do not count any more, also those
// that LiveKit has made anew for them. They can come back by joining anew, unless
// they are blocked; where the room asks for approval, a host has to let them in
// again. A block also removes the other connections of the same subject, and is
// possible for somebody who has left. [Everyone] is everybody inside but admins.
//
// The database says so first, so that nobody slips back in between. Should
// LiveKit stop answering then, [Enforcer.Reconcile] goes on.
func (s *Service) Kick(ctx context.Context, p Principal, ref string, call KickCall) ([]string, error) {
	reason, badReason := checkText("reason", call.Reason, MaxReason)
	whom, badTarget := checkTarget(call.Identity, call.Except)
	if call.Block && whom.identity == Everyone {
		badTarget = Invalid("block", "block is for one person", "Leave block out, or give one identity.")
	}
	room, err := s.resolveForChange(ctx, p, ActModerate, ref, checkDestructionAllowed(ctx), badTarget, badReason)
	if err != nil {
		return nil, err
	}
	call.Identity, call.Except, call.Reason = whom.identity, whom.except, reason
	return s.kickFrom(ctx, p, room, call)
}

// kickFrom is [Service.Kick] by p, who is allowed to. The call was checked.
func (s *Service) kickFrom(ctx context.Context, p Principal, room Room, call KickCall) ([]string, error) {
	ctx, release, err := s.lockRoom(ctx, room.ID)
	if err != nil {
		return nil, err
	}
	defer release()
	people, err := s.media.Participants(ctx, room.ID)
	if err != nil {
		return nil, errMediaUnavailable(err)
	}
	if call.Identity == Everyone {
		return s.kickEveryone(ctx, p, room, call, people)
	}
	if call.Identity, err = s.whom(ctx, room, people, call.Identity); err != nil {
		return nil, err
	}
	if err := s.checkNotOverAdmin(ctx, p, room, call.Identity); err != nil {
		return nil, err
	}
	if call.Block {
		if err := s.checkBlockLimit(ctx, room, call.Identity); err != nil {
			return nil, err
		}
	}
	if slices.Contains(identityList(people), call.Identity) {
		return s.kick(ctx, p, room, call, people)
	}
	left, err := s.removeUnlisted(ctx, room, call)
	if err != nil {
		return nil, err
	}
	removed, err := s.kick(ctx, p, room, call, append(people, Participant{Identity: call.Identity}))
	if left {
		removed = without(removed, []string{call.Identity})
	}
	return removed, err
}

// kickEveryone kicks everybody inside but admins and those who are left out.
func (s *Service) kickEveryone(
	ctx context.Context, p Principal, room Room, call KickCall, inside []Participant,
) ([]string, error) {
	except, err := s.spared(ctx, room, inside, call.Except)
	if err != nil {
		return nil, err
	}
	people, err := s.everyone(ctx, room, inside, except)
	if err != nil || len(people) == 0 {
		return []string{}, err
	}
	meant := participantsOf(people)
	if err := s.recordAllPresent(ctx, room, meant, anybody); err != nil {
		return nil, err
	}
	details := map[string]string{"removed": identities(meant)}
	if len(except) > 0 {
		details["except"] = shortList(except)
	}
	if call.Reason != "" {
		details["reason"] = call.Reason
	}
	r := Revocation{RoomID: room.ID, Identities: identityList(meant), At: s.now(), By: p.ID}
	return s.revokeAndRemove(ctx, room, r, s.event(ctx, p, Kicked, room, Everyone, details), meant)
}

// kick stores the kick and removes the people it means from those inside.
func (s *Service) kick(ctx context.Context, p Principal, room Room, call KickCall,
	inside []Participant) ([]string, error) {
	revocation, e, err := s.revocationFor(ctx, p, room, call, inside)
	if err != nil {
		return nil, err
	}
	return s.revokeAndRemove(ctx, room, revocation, e, inside)
}

// revokeAndRemove stores a revocation, and removes those of the people inside whom
// it names.
func (s *Service) revokeAndRemove(
	ctx context.Context, room Room, revocation Revocation, e *Event, inside []Participant,
) ([]string, error) {
	if err := s.store.RevokeAdmissions(ctx, revocation, e); err != nil {
		return nil, s.storeError(err, "")
	}
	if revocation.Block != nil {
		if err := s.dropBlocked(ctx, room); err != nil {
			s.log.WarnContext(ctx, "could not forget the requests of those who are blocked", "room", room.ID, "err", err)
		}
		s.waiters.wake(room.ID, waiter.isHost) // no event says that their requests are gone
	}
	removed, err := s.removeAll(ctx, room, withIdentities(inside, revocation.Identities))
	if err != nil {
		s.incomplete(ctx, e)
		return nil, &Error{Code: CodeUnavailable, Err: err,
			Message: "They may not be in the room any more, but could not be removed yet",
			Hint: "The media server stopped answering; they are removed as soon as it does. " +
				"Repeat the call in a few seconds."}
	}
	return removed, nil
}

// revocationFor gives what a kick stores, and its event.
func (s *Service) revocationFor(ctx context.Context, p Principal, room Room, call KickCall,
	inside []Participant) (Revocation, *Event, error) {
	at := slices.IndexFunc(inside, func(person Participant) bool { return person.Identity == call.Identity })
	person, err := s.person(ctx, room, inside[at])
	if err != nil {
		return Revocation{}, nil, err
	}
	admission := person.admission
	r := Revocation{RoomID: room.ID, Identities: []string{call.Identity}, At: s.now(), By: p.ID}
	if person.Known {
		r.Identities[0] = admission.Identity // not that of a second connection beside the first
	}
	details := admission.identityDetails(map[string]string{
		"participant_name": redactCode(person.Name, admission.Code), "role": person.Role})
	if call.Reason != "" {
		details["reason"] = redactCode(call.Reason, admission.Code)
	}
	if call.Block {
		if r.Block, err = s.blockFor(p, admission, call.Reason); err != nil {
			return Revocation{}, nil, err
		}
		details["blocked"] = "true"
		same, err := s.sameSubject(ctx, room, *r.Block, inside)
		if err != nil {
			return Revocation{}, nil, err
		}
		r.Identities = append(r.Identities, same...)
	}
	concerned := func(a Admission) bool {
		return slices.Contains(r.Identities, a.Identity) || r.Block != nil && r.Block.matchesClaim(a)
	}
	if err := s.recordAllPresent(ctx, room, inside, concerned); err != nil {
		return Revocation{}, nil, err
	}
	return r, s.event(ctx, p, Kicked, room, call.Identity, details), nil
}

// removeUnlisted removes a person whom LiveKit does not list: one who is just
// connecting. left says that there is nobody, but that somebody was let in under
// that identity who can be blocked; else it is CodeNotFound.
func (s *Service) removeUnlisted(ctx context.Context, room Room, call KickCall) (left bool, err error) {
	switch err := s.media.Remove(ctx, room.ID, call.Identity); {
	case err == nil:
		return false, nil
	case !isNotFound(err):
		return false, errMediaUncertain(err)
	}
	_, known, err := s.findAdmission(ctx, room.ID, call.Identity)
	switch {
	case err != nil:
		return false, err
	case known && call.Block:
		return true, nil
	}
	e := errParticipantNotFound()
	if known || call.Block {
		e.Hint = "Who has left cannot be kicked; block true keeps them out, with the identity that list_events has."
	}
	return false, e
}

// checkBlockLimit refuses a block that would be more than a room may have: every
// join looks at all of them. The caller holds the room's mutex.
func (s *Service) checkBlockLimit(ctx context.Context, room Room, identity string) error {
	blocks, err := s.store.Blocks(ctx, room.ID)
	if err != nil {
		return s.storeError(err, "")
	}
	again := slices.ContainsFunc(blocks, func(b Block) bool { return b.Identity == identity })
	if most := s.limits.BlocksPerRoom; most <= 0 || again || len(blocks) < most {
		return nil
	}
	return s.limitReached("blocks_per_room",
		fmt.Sprintf("%d people are blocked from this room, which is as many as can be", len(blocks)),
		"Lift some of the blocks (block false), or let people in one by one: "+
			"update_room with settings.require_approval true.")
}

// blockFor makes the block of an admitted person.
func (s *Service) blockFor(p Principal, admission Admission, reason string) (*Block, error) {
	switch {
	case admission.Identity == "":
		return nil, &Error{Code: CodeConflict, Message: "This participant did not come through Roomkey and cannot be blocked",
			Hint: "Leave block out to remove them; somebody with the media server's key let them in."}
	case admission.Admin:
		return nil, &Error{Code: CodeForbidden, Message: "An admin of the room cannot be blocked",
			Hint: "Leave block out to remove them."}
	}
	b := newBlock(admission, p.ID, reason, s.now())
	return &b, nil
}

// sameSubject finds the other people inside who have proven to be the blocked
// person. What is only claimed removes nobody.
func (s *Service) sameSubject(ctx context.Context, room Room, b Block, inside []Participant) ([]string, error) {
	if b.Subject == "" {
		return nil, nil
	}
	people, err := s.persons(ctx, room, inside)
	var same []string
	for _, person := range people {
		if a := person.admission; a.Subject == b.Subject && a.Identity != b.Identity && !a.Admin {
			same = append(same, a.Identity)
		}
	}
	return same, err
}

// withIdentities gives the people who have one of the identities, together with
// the second connections that LiveKit may have let in.
func withIdentities(people []Participant, identities []string) (meant []Participant) {
	for _, person := range people {
		first, _, _ := strings.Cut(person.Identity, "#")
		if slices.Contains(identities, person.Identity) || slices.Contains(identities, first) {
			meant = append(meant, person)
		}
	}
	return meant
}

// removeAll disconnects people. Those who have left meanwhile count as removed.
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

// Unblock lifts the block that was made by kicking an identity. The name or user
// id of the only person who has it will do.
func (s *Service) Unblock(ctx context.Context, p Principal, ref, identity string) error {
	identity, badIdentity := checkIdentity("identity", identity)
	room, err := s.resolveForChange(ctx, p, ActUnblock, ref, badIdentity)
	if err != nil {
		return err
	}
	if identity, err = s.blockedIdentity(ctx, room, identity); err != nil {
		return err
	}
	e := s.event(ctx, p, Unblocked, room, identity, s.identityDetailsOf(ctx, room, identity, nil))
	err = s.store.Unblock(ctx, room.ID, identity, e)
	if errors.Is(err, ErrNotFound) {
		return &Error{Code: CodeNotFound, Message: "Nobody is blocked by this identity", Field: "identity",
			Hint: "blocks of list_participants has the identities. To remove a participant, leave block out."}
	}
	return s.storeError(err, "")
}

// blockedIdentity gives the identity of the block that a moderator means; what was
// given, if none is.
func (s *Service) blockedIdentity(ctx context.Context, room Room, given string) (string, error) {
	blocks, err := s.store.Blocks(ctx, room.ID)
	if err != nil {
		return "", s.storeError(err, "")
	}
	people := make([]Person, len(blocks))
	for i, b := range blocks {
		people[i] = Person{Participant: Participant{Identity: b.Identity}, Name: b.Name, UserID: cmp.Or(b.Subject, b.UserID)}
		if b.Identity == given {
			return given, nil
		}
	}
	switch meant := peopleNamed(people, given); len(meant) {
	case 0:
		return given, nil
	case 1:
		return meant[0].Identity, nil
	default:
		return "", errSeveralMeant("identity", given, "blocked people are", meant)
	}
}
