package meet

import (
	"context"
	"maps"
	"strconv"
)

// verified says whether an access token proved that somebody is who UserID says.
// Somebody who was brought by another, also by an admin, has proven nothing.
func (j Admission) verified() bool { return !j.Vouched && j.joinsAsSelf() }

// Verified says whether an access token proved that the caller is who UserID
// says.
func (r JoinRequest) Verified() bool {
	return Admission{Subject: r.Subject, UserID: r.UserID}.verified()
}

// The details of an event about a person. What they typed is told as they typed
// it, with whether it is proven beside it.
const (
	DetailVerified = "verified" // "true" or "false"; only events about a person have it
	DetailUserID   = "user_id"
	DetailLabel    = "label"
)

// identityDetails gives the details of an event about somebody who was let in, and more.
func (j Admission) identityDetails(more map[string]string) map[string]string {
	return whoDetails(j.UserID, j.verified(), j.Label, j.Code, more)
}

// identityDetails gives the details of an event about somebody who asks, and more.
func (r JoinRequest) identityDetails(more map[string]string) map[string]string {
	return whoDetails(r.UserID, r.Verified(), r.Label, r.Code, more)
}

func whoDetails(userID string, verified bool, label, code string, more map[string]string) map[string]string {
	details := map[string]string{DetailVerified: strconv.FormatBool(verified)}
	if userID != "" {
		details[DetailUserID] = redactCode(userID, code)
	}
	if label != "" {
		details[DetailLabel] = label
	}
	maps.Copy(details, more)
	return details
}

// identityDetailsOf gives the details of an event about an identity, and more; of [Everyone]
// and of who did not come through here only those.
func (s *Service) identityDetailsOf(ctx context.Context, room Room, identity string, more map[string]string) map[string]string {
	if join, err := s.admissionOf(ctx, room.ID, identity); err == nil {
		return join.identityDetails(more)
	}
	return more
}
