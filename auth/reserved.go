package auth

import (
	"slices"
	"strings"

	"roomkey/meet"
)

// OwnerID is the subject of the owner, who runs the command line on the data
// folder.
const OwnerID = "owner"

// reserved are subjects that have a meaning of their own in the audit trail: the
// program itself, a caller without a token, and the owner.
var reserved = []string{"roomkey", "anonymous", OwnerID}

// Reserved says whether no user may have the subject, in whatever case it is
// written.
func Reserved(subject string) bool {
	return slices.ContainsFunc(reserved, func(name string) bool { return strings.EqualFold(name, subject) })
}

// isOwner says whether a token is for the owner: with all that the owner may, or as a
// user, who is an admin in the owner's rooms alone.
func isOwner(p meet.Principal) bool {
	return p.ID == OwnerID && (p.Role == meet.Superadmin || p.Role == meet.User)
}

// isSubjectAllowed says whether a token may have its subject. The only reserved
// one that is allowed is the owner's, in a token that this program made.
func (c claims) isSubjectAllowed() bool {
	return !Reserved(c.Subject) || c.Local && c.Subject == OwnerID
}
