package auth

import (
	"slices"
	"strings"

	"roomkey/meet"
)

// OwnerID is the subject of the person who runs commands on the machine that holds the
// secret.
const OwnerID = "owner"

// reserved are subjects that mean somebody else in records: the program itself,
// and a caller without a token.
var reserved = []string{"roomkey", "anonymous", OwnerID}

// Reserved says whether nobody can have the subject: it would be taken for
// somebody else, however it is written.
func Reserved(subject string) bool {
	return slices.ContainsFunc(reserved, func(name string) bool { return strings.EqualFold(name, subject) })
}

// isOwner says whether a token is to be made for the local owner.
func isOwner(p meet.Principal) bool { return p.ID == OwnerID && p.Role == meet.Superadmin }

// mayBear says whether the subject of a token can be who it says: a reserved one
// only if it is the owner's own.
func (c claims) mayBear() bool { return !Reserved(c.Subject) || c.Local && c.Subject == OwnerID }
