package meet

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Moderators name people by their identity. A name, a user id, or the beginning of
// an identity will do where only one person inside is meant by it.

// minIdentityPrefix is the fewest characters of an identity that stand for it.
const minIdentityPrefix = 3

// maxNamedMatches is how many people an error names at most.
const maxNamedMatches = 10

// whom gives the identity that a moderator means. Where nobody inside is meant,
// that is what was given: it may be the identity of somebody who has left.
func (s *Service) whom(ctx context.Context, room Room, inside []Participant, given string) (string, error) {
	if slices.Contains(identityList(inside), given) {
		return given, nil
	}
	if _, known, err := s.findAdmission(ctx, room.ID, given); err != nil || known {
		return given, err
	}
	people, err := s.persons(ctx, room, inside)
	if err != nil {
		return "", err
	}
	meant := peopleNamed(people, given)
	switch len(meant) {
	case 0:
		return given, nil
	case 1:
		return meant[0].Identity, nil
	}
	return "", errSeveralMeant("identity", given, "people inside are", meant)
}

// peopleNamed finds those who have a name or user id, or else those with an
// identity that begins like this.
func peopleNamed(people []Person, given string) []Person {
	meant := matching(people, func(p Person) bool {
		return strings.EqualFold(p.Name, given) || p.UserID != "" && p.UserID == given
	})
	if len(meant) > 0 || len(given) < minIdentityPrefix {
		return meant
	}
	return matching(people, func(p Person) bool { return strings.HasPrefix(p.Identity, given) })
}

func matching(people []Person, ok func(Person) bool) (found []Person) {
	for _, person := range people {
		if ok(person) {
			found = append(found, person)
		}
	}
	return found
}

// errSeveralMeant lists those whom a moderator may have meant.
func errSeveralMeant(field, given, who string, meant []Person) *Error {
	var list []string
	for _, person := range meant[:min(len(meant), maxNamedMatches)] {
		list = append(list, fmt.Sprintf("%s (%q)", person.Identity, CleanText(person.Name, MaxDisplayName)))
	}
	return Invalid(field, fmt.Sprintf("%d %s meant by %q", len(meant), who, given),
		"Give the identity of one of them: "+strings.Join(list, ", ")+".")
}

// spared gives the identities that a call about everyone leaves out. Each has to
// be somebody's, so that nobody who was to be spared is not.
func (s *Service) spared(ctx context.Context, room Room, inside []Participant, except []string) ([]string, error) {
	var identities []string
	for _, given := range except {
		identity, err := s.whom(ctx, room, inside, given)
		if err != nil {
			e := AsError(err)
			e.Field = "except"
			return nil, e
		}
		known := slices.Contains(identityList(inside), identity)
		if !known {
			if _, known, err = s.findAdmission(ctx, room.ID, identity); err != nil {
				return nil, err
			}
		}
		if !known {
			e := errParticipantNotFound()
			e.Field, e.Hint = "except", fmt.Sprintf("Nobody is meant by %q. %s", given, e.Hint)
			return nil, e
		}
		identities = append(identities, identity)
	}
	return identities, nil
}

// target is whom a call of a moderator is about.
type target struct {
	identity string
	except   []string
}

// checkTarget trims and checks whom a call is about.
func checkTarget(identity string, except []string) (t target, err error) {
	if t.identity, err = checkIdentity("identity", identity); err != nil {
		return t, err
	}
	if len(except) > 0 && t.identity != Everyone {
		return t, Invalid("except", "except is for identity * alone", "Leave it out, or give * as identity.")
	}
	for _, one := range except {
		if one, err = checkIdentity("except", one); err != nil {
			return t, err
		}
		if one == Everyone {
			return t, Invalid("except", "except must name participants", "list_participants gives the identities.")
		}
		t.except = append(t.except, one)
	}
	return t, nil
}

// checkIdentity trims what stands for a participant, and refuses what cannot.
func checkIdentity(field, identity string) (string, error) {
	const longest = MaxUserID + 13 // the random part and its underscore
	checked, err := checkText(field, identity, longest)
	if err == nil && checked == "" {
		err = Invalid(field, field+" must not be empty", "list_participants gives the identity of everyone in the room.")
	}
	return checked, err
}
