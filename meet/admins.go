package meet

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// A room has one admin, who created it or was handed it over, and some co-admins.
// Co-admins may do everything that the admin may, but they appoint nobody, and
// neither remove the admin nor lock anything for them.

// MaxAdmins is how many co-admins a room may have.
const MaxAdmins = 20

// HasAdmin says whether a subject is the room's admin or a co-admin.
func (r Room) HasAdmin(subject string) bool {
	return subject != "" && (r.AdminID == subject || slices.Contains(r.Admins, subject))
}

// IsAdminOf says whether somebody who was admitted is an admin of the room now: they
// joined as themself, as one of its admins or as a superadmin.
func (a Admission) IsAdminOf(room Room) bool {
	return isAdmin(Principal{ID: a.Subject, Role: a.Principal}, &room)
}

// appoints says whether the change is about who administers the room.
func (c RoomChange) appoints() bool { return c.Admins != nil || c.AdminID != nil }

// action is what somebody has to be allowed to who makes the change.
func (c RoomChange) action() Action {
	if c.appoints() {
		return ActAppoint
	}
	return ActManageRoom
}

// appoint checks who is to administer the room and writes it into r. The admin is
// no co-admin.
func (c RoomChange) appoint(r *Room) (err error) {
	if c.AdminID != nil {
		if r.AdminID, err = checkSubject("admin_id", *c.AdminID); err != nil {
			return err
		}
	}
	admins := r.Admins
	if c.Admins != nil {
		admins = nil
		for _, subject := range *c.Admins {
			if subject, err = checkSubject("admins", subject); err != nil {
				return err
			}
			admins = append(admins, subject)
		}
	}
	admins = slices.Compact(slices.Sorted(slices.Values(admins)))
	r.Admins = without(admins, []string{r.AdminID})
	if len(r.Admins) > MaxAdmins {
		return Invalid("admins", "a room can have at most "+strconv.Itoa(MaxAdmins)+" co-admins",
			"Name fewer; codes of the role host let in more hosts.")
	}
	return nil
}

// checkSubject checks what is to be the subject of an access token.
func checkSubject(field, subject string) (string, error) {
	subject, err := checkText(field, subject, MaxUserID)
	switch {
	case err != nil:
		return "", err
	case subject == "" || strings.EqualFold(subject, systemActor) || strings.EqualFold(subject, anonymousActor):
		return "", Invalid(field, field+" must name people by the subjects of their access tokens",
			"The subject is the sub of a token: what roomkey token --sub was given.")
	}
	return subject, nil
}

// sameAdmins says whether two states of a room have the same admin and co-admins.
func sameAdmins(was, is Room) bool {
	return was.AdminID == is.AdminID && slices.Equal(was.Admins, is.Admins)
}

// checkNotOverAdmin refuses a co-admin who wants to remove or lock the room's admin.
func (s *Service) checkNotOverAdmin(ctx context.Context, p Principal, room Room, identity string) error {
	if standingOf(p, &room) != asCoAdmin {
		return nil
	}
	person, _, err := s.findAdmission(ctx, room.ID, identity)
	if err != nil || person.Principal == "" || person.Subject != room.AdminID {
		return err
	}
	return &Error{Code: CodeForbidden, Message: "A co-admin may not remove or lock the room's admin",
		Hint: "Only the admin and superadmins may."}
}

// forEyesOf gives a room as p may see it: who its co-admins are is told only to its
// admins.
func (r Room) forEyesOf(p Principal) Room {
	if !isAdmin(p, &r) {
		r.Admins = nil
	}
	return r
}
