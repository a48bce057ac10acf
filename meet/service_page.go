package meet

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"strconv"
	"time"
)

// This file is what the join page needs beyond the exchange: to look where a link
// leads, to join by a room's name, and to answer join requests.

// Invitation is what a link to the join page leads to. Looking at it uses nothing
// up.
type Invitation struct {
	RoomName string
	Role     string
	Grants   Grants
	E2EE     bool
	Waits    bool // a host has to let the person in
	Admits   bool // the person may let others in
}

// Invitation tells where a link leads. Of a code it tells no more than
// [Service.Exchange] does, and needs no access token; of a room it tells what
// [Service.JoinFromPage] would.
func (s *Service) Invitation(ctx context.Context, p Principal, call JoinCall) (Invitation, error) {
	call.onPage = true
	call, err := checkJoinCall(call)
	var e entry
	if err == nil {
		e, err = s.resolveEntry(ctx, p, call)
	}
	if err != nil {
		if call.Code != nil {
			err = s.hideReason(ctx, p, err, false)
		}
		return Invitation{}, err
	}
	role, _ := s.roles.Get(e.role)
	return Invitation{
		RoomName: e.room.Name, Role: role.Name, Grants: role.Grants(e.room.Settings), E2EE: e.room.Settings.E2EE,
		Waits: s.hasToWait(p, e.room, role.Name), Admits: role.Admit || isAdmin(p, &e.room) && call.forSelf(p),
	}, nil
}

// JoinFromPage is [Service.Join] by name for a person on a room's page. What they
// typed is cleaned and not refused, a join request that is over is made anew, and
// a public room is open to people without an access token.
func (s *Service) JoinFromPage(ctx context.Context, p Principal, call JoinCall) (JoinResult, error) {
	call.Code, call.onPage = nil, true
	result, _, err := s.joinAsPerson(ctx, p, call)
	return result, err
}

// publicRoom finds a room that everybody may enter. For any other room the answer
// is the same as for one that does not exist.
func (s *Service) publicRoom(ctx context.Context, p Principal, ref string) (Room, error) {
	room, err := s.resolve(ctx, ref)
	switch {
	case IsCode(err, CodeUnavailable):
		return Room{}, err
	case err != nil || !room.IsPublic || !room.Active(s.now()) || !Allowed(p, ActEnterPublic, &room):
		return Room{}, authorize(p, ActJoinRoom, nil)
	}
	return room, nil
}

// WaitingList is what a host inside a room sees of its join requests.
type WaitingList struct {
	Inside   bool // false: the caller is not inside now, and the rest is empty
	Requests []JoinRequest
	Version  string // tells this list from others
}

// RequestsForHost lists the join requests of the room that the bearer of a join
// token is in. While the list has the given version, it waits for another one,
// for wait at most.
func (s *Service) RequestsForHost(ctx context.Context, joinToken, version string,
	wait time.Duration) (WaitingList, error) {
	roomID, identity, _ := s.media.ReadToken(joinToken)
	var list WaitingList
	err := s.await(ctx, waiter{room: roomID, identity: identity}, wait, func() (bool, error) {
		list = WaitingList{}
		_, room, err := s.hostOf(ctx, joinToken)
		switch {
		case errors.Is(err, errNotInside):
			return true, nil
		case err != nil:
			return false, err
		}
		requests, err := s.waitingRequests(ctx, room, MaxPage)
		list = WaitingList{Inside: true, Requests: requests, Version: versionOf(requests)}
		return list.Version != version, err
	})
	return list, err
}

// AnswerAsHost is [Service.AnswerJoinRequest] by the bearer of a join token.
func (s *Service) AnswerAsHost(ctx context.Context, joinToken, id string, approve bool) (JoinRequest, error) {
	p, room, err := s.hostOf(ctx, joinToken)
	if err != nil {
		return JoinRequest{}, err
	}
	return s.answer(ctx, p, room, id, approve)
}

// hostOf finds the host who bears a join token. The token proves who its bearer
// is, even when it has expired, and nothing else: LiveKit is asked whether they
// are inside the room now, and the database what they may do.
func (s *Service) hostOf(ctx context.Context, joinToken string) (Principal, Room, error) {
	roomID, identity, ok := s.media.ReadToken(joinToken)
	if !ok {
		return Principal{}, Room{}, &Error{Code: CodeUnauthenticated, Message: "A join token is needed",
			Hint: "Join the room first."}
	}
	a, err := s.admission(ctx, roomID, identity)
	switch {
	case err != nil:
		return Principal{}, Room{}, err
	case a.verdict == verdictUnknown || a.secondConnection:
		return Principal{}, Room{}, errNotInside
	}
	if role, _ := s.roles.Get(a.admission.Role); !role.Admit && !a.admission.Admin {
		return Principal{}, Room{}, &Error{Code: CodeForbidden, Message: "You are not allowed to " + string(ActAnswer),
			Hint: "Only the room's admin and those who joined in a role that admits others may."}
	}
	if a.verdict != verdictInside { // though LiveKit may not have been told yet
		return Principal{}, Room{}, errNotInside
	}
	people, err := s.media.Participants(ctx, roomID)
	if err != nil {
		return Principal{}, Room{}, errMediaUnavailable(err)
	}
	if !slices.ContainsFunc(people, func(p Participant) bool { return p.Identity == identity }) {
		return Principal{}, Room{}, errNotInside
	}
	return Principal{ID: identity, Name: a.admission.Name, Role: Guest}, a.room, nil
}

var errNotInside = &Error{Code: CodeForbidden, Message: "You are not inside the room", Hint: "Join it first."}

// versionOf tells lists of requests apart.
func versionOf(requests []JoinRequest) string {
	h := fnv.New64a()
	for _, r := range requests {
		_, _ = h.Write([]byte(r.ID))
	}
	return strconv.FormatUint(h.Sum64(), 36)
}
