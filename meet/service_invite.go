package meet

import (
	"context"
	"slices"
)

// InviteAsHost gives the code for a role that the bearer of a join token, a host
// inside, may hand out. It is made if there is none yet.
func (s *Service) InviteAsHost(ctx context.Context, joinToken, role string) (RoomCode, error) {
	h, err := s.hostOf(ctx, joinToken)
	if err == nil {
		err = h.check(RightInvite)
	}
	if err != nil {
		return RoomCode{}, err
	}
	if !slices.Contains(s.rolesToGive(h), role) {
		return RoomCode{}, errMoreRights()
	}
	if err := s.checkChangeRate(h.Principal); err != nil {
		return RoomCode{}, err
	}
	req := CodeRequest{Role: &role}
	keys, err := s.codeKeys(req)
	if err != nil {
		return RoomCode{}, err
	}
	ensured, err := s.ensureCodes(ctx, h.Principal, h.room, req, keys)
	if err != nil {
		return RoomCode{}, err
	}
	code := ensured.Codes[0]
	if code.Blocked {
		return RoomCode{}, &Error{Code: CodeConflict, Message: "The code of this role lets nobody in without an access token",
			Hint: "Somebody who came by it is blocked. The room's admin can make another code."}
	}
	return code, code.Check(s.now())
}

// rolesToGive lists the roles in which a host may invite: those that give no rights
// over others that the host has not.
func (s *Service) rolesToGive(h host) []string {
	names := []string{}
	if !slices.Contains(h.rights, RightInvite) {
		return names
	}
	for _, role := range s.roles {
		if !h.lacks(role) && (!role.SkipApproval || slices.Contains(h.rights, RightAdmit)) {
			names = append(names, role.Name)
		}
	}
	return names
}

// errMoreRights is for a host who gives more than they have.
func errMoreRights() *Error {
	return &Error{Code: CodeForbidden, Message: "A host may not give this role to anybody",
		Hint: "A host gives roles that have no more rights than their own."}
}
