package meet

import (
	"context"
	"time"
)

// CalendarEntry is a room as an entry in people's calendars.
type CalendarEntry struct {
	RoomID    string // the same whatever code was asked with: it is one entry
	RoomName  string
	Title     string // never empty
	Link      string
	StartsAt  time.Time
	EndsAt    time.Time // zero: not known
	ChangedAt time.Time
	Revision  int // grows with each change
}

// CalendarEntry gives the entry of the room that a code opens, to people without an
// access token, as [Service.Invitation] does.
func (s *Service) CalendarEntry(ctx context.Context, p Principal, code string) (CalendarEntry, error) {
	e, err := s.resolveEntry(ctx, p, JoinCall{Code: &code})
	if err != nil {
		return CalendarEntry{}, s.hideReason(ctx, p, err, false)
	}
	room := e.room
	if room.StartsAt.IsZero() {
		return CalendarEntry{}, &Error{Code: CodeNotFound, Message: "No time was given for this room",
			Hint: "Its admin can give it one: starts_at of update_room."}
	}
	return CalendarEntry{
		RoomID: room.ID, RoomName: room.Name, Title: room.ShownTitle(), Link: s.links.Code(e.code.Code),
		StartsAt: room.StartsAt, EndsAt: room.ExpiresAt, ChangedAt: room.UpdatedAt,
		Revision: int(room.UpdatedAt.Sub(room.CreatedAt) / time.Second),
	}, nil
}
