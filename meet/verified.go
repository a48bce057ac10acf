package meet

import (
	"context"
	"maps"
	"strconv"
)

// verified says whether an access token, or signing in, proved that the person has the
// user id. Somebody who was brought by another person, also by an admin, has proven nothing.
func (a Admission) verified() bool { return !a.Vouched && a.joinsAsSelf() }

// Verified says whether an access token, or signing in, proved that the caller has the
// user id.
func (r JoinRequest) Verified() bool {
	return Admission{Subject: r.Subject, UserID: r.UserID}.verified()
}

// The details of an event about a person: what they typed, and whether it is proven.
const (
	detailVerified = "verified" // "true" or "false"; only events about a person have it
	detailUserID   = "user_id"
	detailLabel    = "label"
)

// identityDetails gives the details of an event about an admitted person, and more.
func (a Admission) identityDetails(more map[string]string) map[string]string {
	return whoDetails(a.UserID, a.verified(), a.Label, a.Code, more)
}

// eventDetails gives the details of an event about a join request.
func (r JoinRequest) eventDetails() map[string]string {
	return whoDetails(r.UserID, r.Verified(), r.Label, r.Code,
		map[string]string{"participant_name": redactCode(r.Name, r.Code), "role": r.Role})
}

func whoDetails(userID string, verified bool, label, code string, more map[string]string) map[string]string {
	details := map[string]string{detailVerified: strconv.FormatBool(verified)}
	if userID != "" {
		details[detailUserID] = redactCode(userID, code)
	}
	if label != "" {
		details[detailLabel] = label
	}
	maps.Copy(details, more)
	return details
}

// identityDetailsOf gives the details of an event about an identity, and more. About
// [Everyone], and about people without an admission, it gives only more.
func (s *Service) identityDetailsOf(
	ctx context.Context, room Room, identity string, more map[string]string,
) map[string]string {
	if admission, known, _ := s.findAdmission(ctx, room.ID, identity); known {
		return admission.identityDetails(more)
	}
	return more
}

// EventPerson is whom an event is about.
type EventPerson struct {
	UserID   string
	Verified bool
	Label    string
}

// About gives the person whom an event is about, and its other details; false if it
// is about none.
func (e Event) About() (who EventPerson, rest map[string]string, ok bool) {
	verified, ok := e.Details[detailVerified]
	if !ok {
		return EventPerson{}, e.Details, false
	}
	rest = maps.Clone(e.Details)
	for _, name := range []string{detailVerified, detailUserID, detailLabel} {
		delete(rest, name)
	}
	return EventPerson{
		UserID: e.Details[detailUserID], Verified: verified == "true", Label: e.Details[detailLabel],
	}, rest, true
}
