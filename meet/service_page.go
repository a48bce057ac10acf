package meet

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"strconv"
	"time"
)

// This file is what the join page needs beyond the exchange: a look at where a
// link leads, entering by a room's name, and answering those who wait.

// Invitation is what a link to the join page leads to, told before anybody
// joins. Nothing is used up by looking at it.
type Invitation struct {
	RoomName string
	Role     string
	Grants   Grants
	E2EE     bool
	Waits    bool // has to be let in by a host
	Admits   bool // may let others in
}

// Invitation tells where a link leads: a code, for a caller who needs no
// access token and learns no more of it than [Service.Exchange] tells, or a
// room, as for [Service.JoinFromPage].
func (s *Service) Invitation(ctx context.Context, p Principal, call JoinCall) (Invitation, error) {
	call.onPage = true
	call, err := checkJoinCall(call)
	var e entry
	if err == nil {
		e, err = s.resolveEntry(ctx, p, call)
	}
	if err != nil {
		if call.Code != nil {
			err = s.hideReason(p, err, false)
		}
		return Invitation{}, err
	}
	role, _ := s.roles.Get(e.role)
	return Invitation{
		RoomName: e.room.Name, Role: role.Name, Grants: role.Grants(e.room.Settings), E2EE: e.room.Settings.E2EE,
		Waits: s.hasToWait(p, e.room, role.Name), Admits: role.Admit || isAdmin(p, &e.room) && call.forSelf(p),
	}, nil
}

// JoinFromPage is [Service.Join] by name for a person on a room's page: what they
// typed is cleaned, not refused, a join request that is over is made anew, and
// a public room is open to those without an access token as well.
func (s *Service) JoinFromPage(ctx context.Context, p Principal, call JoinCall) (JoinResult, error) {
	call.Code, call.onPage = nil, true
	result, _, err := s.joinAsPerson(ctx, p, call)
	return result, err
}

// publicRoom finds a room that whoever comes along may enter. Any other is
// answered as if it were not there: an access token, or a code, is needed.
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

// WaitingList is what a host inside a room sees of those who wait before it.
type WaitingList struct {
	Inside   bool // false: the asker is not inside just now, and the rest is empty
	Requests []JoinRequest
	Version  string // tells this list from others
}

// RequestsForHost lists who waits to be let into the room that the bearer of a
// join token is in. With the version of the list that the caller has already
// it waits for another one, for wait at most.
func (s *Service) RequestsForHost(ctx context.Context, joinToken, version string, wait time.Duration) (WaitingList, error) {
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

// hostOf finds out who bears a join token. It proves who its bearer is even when
// its time is over, and nothing else: whether they are inside the room now is
// asked of the media server, and what they may do is the database's word.
func (s *Service) hostOf(ctx context.Context, joinToken string) (Principal, Room, error) {
	roomID, identity, ok := s.media.ReadToken(joinToken)
	if !ok {
		return Principal{}, Room{}, &Error{Code: CodeUnauthenticated, Message: "A join token is needed", Hint: "Join the room first."}
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
