package meet

import (
	"cmp"
	"fmt"
	"net/mail"
	"strings"
)

// Invitee is a person who is to have a code of their own.
type Invitee struct {
	Name  string // the label of the code
	Email string // may be empty; nothing is sent to it
}

// The bounds of a list of invitees.
const (
	MaxInvitees = 200
	maxEmail    = 254
)

// codeKey is what a code is to be made for.
type codeKey struct{ role, label, email string }

// codeKeys gives what a request wants codes for, checked.
func (s *Service) codeKeys(req CodeRequest) ([]codeKey, error) {
	if req.People != nil {
		return s.keysOfPeople(req)
	}
	roles, badRole := s.roles.Names(), error(nil)
	if req.Role != nil {
		roles, badRole = []string{*req.Role}, s.checkRole(*req.Role)
	}
	label, badLabel := checkText("label", req.Label, MaxLabel)
	keys := make([]codeKey, len(roles))
	for i, role := range roles {
		keys[i] = codeKey{role: role, label: label}
	}
	return keys, cmp.Or(badRole, badLabel)
}

// keysOfPeople wants one code for each person. Two people of one name would get one
// code, so each needs another name.
func (s *Service) keysOfPeople(req CodeRequest) ([]codeKey, error) {
	role := RoleGuest
	if req.Role != nil {
		role = *req.Role
	}
	switch {
	case len(req.People) == 0 || len(req.People) > MaxInvitees:
		return nil, Invalid("people", fmt.Sprintf("people must name 1 to %d people", MaxInvitees),
			"Make several calls for more.")
	case req.Label != "":
		return nil, Invalid("label", "label cannot be given together with people",
			"Leave label out: the label of each code is the person's name.")
	}
	keys, seen := make([]codeKey, len(req.People)), map[string]bool{}
	for i, person := range req.People {
		field := fmt.Sprintf("people[%d].", i)
		name, err := checkText(field+"name", person.Name, MaxLabel)
		if err != nil {
			return nil, err
		}
		email, err := checkEmail(field+"email", person.Email)
		switch {
		case err != nil:
			return nil, err
		case name == "":
			return nil, Invalid(field+"name", field+"name must not be empty", "It tells whose code it is.")
		case seen[strings.ToLower(name)]:
			return nil, Invalid(field+"name", fmt.Sprintf("the name of people[%d] is there twice", i),
				"Tell the people apart, for example by their surnames: each name gets one code.")
		}
		seen[strings.ToLower(name)] = true
		keys[i] = codeKey{role: role, label: name, email: email}
	}
	return keys, s.checkRole(role)
}

// checkEmail gives an address trimmed, or refuses what is none.
func checkEmail(field, email string) (string, error) {
	email = strings.TrimSpace(email)
	if email == "" {
		return "", nil
	}
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email || len(email) > maxEmail {
		return "", Invalid(field, field+" must be an email address", "For example ada@example.com, without a name.")
	}
	return checkText(field, email, maxEmail)
}
