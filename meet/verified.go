package meet

import (
	"context"
	"maps"
	"strconv"
)

// verified says whether an access token proved that somebody is who UserID says.
// Somebody who was brought by another, also by an admin, has proven nothing.
func (j Join) verified() bool { return !j.Vouched && j.asThemself() }

// Verified says whether an access token proved that the caller is who UserID
// says.
func (r JoinRequest) Verified() bool { return Join{Subject: r.Subject, UserID: r.UserID}.verified() }

// The details of an event about a person. What they typed is told as they typed
// it, with whether it is proven beside it.
const (
	DetailVerified = "verified" // "true" or "false"; only events about a person have it
	DetailUserID   = "user_id"
	DetailLabel    = "label"
)

// who gives the details of an event about somebody who was let in, and more.
func (j Join) who(more map[string]string) map[string]string {
	return whoDetails(j.UserID, j.verified(), j.Label, j.Code, more)
}

// who gives the details of an event about somebody who asks, and more.
func (r JoinRequest) who(more map[string]string) map[string]string {
	return whoDetails(r.UserID, r.Verified(), r.Label, r.Code, more)
}

func whoDetails(userID string, verified bool, label, code string, more map[string]string) map[string]string {
	details := map[string]string{DetailVerified: strconv.FormatBool(verified)}
	if userID != "" {
		details[DetailUserID] = hide(userID, code)
	}
	if label != "" {
		details[DetailLabel] = label
	}
	maps.Copy(details, more)
	return details
}

// whoIs gives the details of an event about an identity, and more; of [Everyone]
// and of who did not come through here only those.
func (s *Service) whoIs(ctx context.Context, room Room, identity string, more map[string]string) map[string]string {
	if join, err := s.joinOf(ctx, room.ID, identity); err == nil {
		return join.who(more)
	}
	return more
}
