package auth

import (
	"time"

	"roomkey/meet"
)

// State is what has become of an access token that is good by itself, and of the user
// who is its subject.
type State struct {
	Revoked bool // by its id

	// Of the user. They are zero where nobody of that subject is on record.
	Disabled bool
	Role     meet.PrincipalRole // the token does no more
	From     time.Time          // tokens from before it do not count
}

// look asks what has become of the token and its user. If nobody can tell, the token
// is refused.
func (a *Authority) look(v *verified) error {
	if a.State == nil {
		return nil
	}
	state, err := a.State(v.id, v.signed.ID)
	switch {
	case err != nil:
		return &meet.Error{
			Code: meet.CodeUnavailable, Message: "The database cannot say now whether the access token was revoked",
			Hint: "Try again in a few seconds.", Err: err,
		}
	case state.Revoked && v.id != "":
		return ErrRevoked
	case state.Disabled, v.issued.Unix() < state.From.Unix(): // tokens have their times to the second
		return ErrDisabled
	}
	v.principal = v.signed
	v.principal.Role = lesserRole(v.signed.Role, state.Role)
	return nil
}

// lesserRole gives the role that may do less. An empty one limits nothing.
func lesserRole(a, b meet.PrincipalRole) meet.PrincipalRole {
	rank := map[meet.PrincipalRole]int{meet.Guest: 1, meet.User: 2, meet.Superadmin: 3, "": 4}
	if rank[b] < rank[a] {
		return b
	}
	return a
}
