package meet

import "slices"

// PrincipalRole is what an access token says about its bearer.
type PrincipalRole string

// The roles of principals. The empty role is nobody and may do nothing.
const (
	Superadmin PrincipalRole = "superadmin" // may do everything in every room
	User       PrincipalRole = "user"       // may create rooms and run its own
	Guest      PrincipalRole = "guest"      // may join and look
	Anonymous  PrincipalRole = "anonymous"  // holds no token; may redeem a code
)

// Valid says whether an access token may carry the role.
func (r PrincipalRole) Valid() bool {
	return r == Superadmin || r == User || r == Guest
}

// Principal is who is asking. The zero value may do nothing.
type Principal struct {
	ID   string // the token's subject; empty for Anonymous
	Name string // display name; may be empty
	Role PrincipalRole

	// What the access token is limited to, of what the role allows.
	Scopes TokenScopes
	Rooms  RoomIDs

	// Address is where an anonymous caller connects from; guesses are
	// counted by it. It is empty for everybody else.
	Address string
}

// key is under which this caller's failed guesses are counted.
func (p Principal) key() string {
	if p.Role == Anonymous {
		return "address " + p.Address
	}
	return "subject " + p.ID
}

// usedRole is the role that decides: that of a superadmin counts only with the scope
// admin, or in the rooms that the access token names.
func (p Principal) usedRole() PrincipalRole {
	if p.Role == Superadmin && !p.Scopes.Has(ScopeAdmin) && !p.Rooms.IsLimited() {
		return User
	}
	return p.Role
}

// reaches says whether an action is within the rooms of the access token. Lists of
// rooms are: they show these alone. To name admins is not: they would stay when the
// token has ended.
func (p Principal) reaches(action Action, room *Room) bool {
	if room != nil {
		return p.Rooms.Has(room.ID) && (action != ActAppoint || !p.Rooms.IsLimited())
	}
	return !p.Rooms.IsLimited() || !slices.Contains(
		[]Action{ActCreateRoom, ActReadOwnEvents, ActReadEvents, ActListAccess}, action)
}

// CheckScope refuses p what needs a scope that the access token does not have. what
// says it in words, like "create a room".
func (p Principal) CheckScope(scope TokenScope, what string) error {
	if p.Scopes.Has(scope) {
		return nil
	}
	return &Error{
		Code: CodeForbidden, Message: "This access token may not " + what + ": it lacks the scope " + string(scope),
		Hint: "Ask for an access token with the scope " + string(scope) + ".", Scope: scope,
	}
}
