package meet

import (
	"context"
	"slices"
	"time"
)

// This file is what the join page needs beyond the exchange to let somebody in: to
// look where a link leads, and to join by a room's name.

// Invitation is what a link to the join page leads to. Looking at it uses nothing
// up.
type Invitation struct {
	RoomName string
	Title    string    // of the room; may be empty
	StartsAt time.Time // of the room; zero if it has started
	Early    bool      // the person may go in before
	Role     string
	Grants   Grants
	E2EE     bool
	KeepChat bool // what is written in the chat is kept
	Waits    bool // a host has to let the person in
	Admits   bool // the person may let others in
	SignIn   bool // nobody gets in who has not signed in
	Hosts    bool // the person has at least one of the [HostRights]
}

// Invitation tells where a link leads. Of a code it tells no more than
// [Service.Exchange] does, and needs no access token; of a room it tells what
// [Service.JoinFromPage] would.
func (s *Service) Invitation(ctx context.Context, p Principal, call JoinCall) (Invitation, error) {
	e, err := s.linkedEntry(ctx, p, call)
	if err != nil {
		return Invitation{}, err
	}
	role, _ := s.roles.Get(e.role)
	rights := role.hostRights(isAdmin(p, &e.room) && call.forSelf(p))
	invitation := Invitation{
		RoomName: e.room.Name, Role: role.Name, Grants: role.Grants(e.room.Settings), E2EE: e.room.Settings.E2EE,
		KeepChat: keepsChat(e.room), SignIn: e.room.Settings.RequireSignIn, Waits: s.hasToWait(p, e.room, role.Name),
		Admits: slices.Contains(rights, RightAdmit), Hosts: len(rights) > 0,
	}
	if !e.room.Started(s.now()) {
		invitation.StartsAt, invitation.Early = e.room.StartsAt, !s.hasToWaitForStart(p, e.room, role.Name)
	}
	stranger := false
	if call.Code == nil {
		stranger, err = s.isStranger(ctx, p, e.room)
	}
	if !stranger {
		invitation.Title = e.room.Title
	}
	return invitation, err
}

// linkedEntry finds where a link leads.
func (s *Service) linkedEntry(ctx context.Context, p Principal, call JoinCall) (e entry, err error) {
	call.onPage = true
	if call, err = checkJoinCall(call); err == nil {
		e, err = s.resolveEntry(ctx, p, call)
	}
	if err != nil && call.Code != nil {
		err = s.hideReason(ctx, p, err, false)
	}
	return e, err
}

// mostNamesInside is how many people are named to somebody who has not joined yet.
const mostNamesInside = 5

// WhoIsInside counts the people behind a link, and names some of them. Somebody who
// has to wait before they get in, or knows a private room by its name alone, learns
// nothing.
func (s *Service) WhoIsInside(ctx context.Context, p Principal, call JoinCall) (names []string, count int, err error) {
	e, err := s.linkedEntry(ctx, p, call)
	if err != nil || s.hasToWait(p, e.room, e.role) || s.hasToWaitForStart(p, e.room, e.role) {
		return nil, 0, err
	}
	if call.Code == nil {
		if stranger, err := s.isStranger(ctx, p, e.room); err != nil || stranger {
			return nil, 0, err
		}
	}
	people, err := s.media.Participants(ctx, e.room.ID)
	if err != nil {
		return nil, 0, errMediaUnavailable(err)
	}
	for _, person := range people[:min(len(people), mostNamesInside)] {
		names = append(names, person.Profile.Name)
	}
	return names, len(people), nil
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
