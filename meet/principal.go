package meet

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
