package meet

import (
	"strings"
	"time"
)

// InvitationText is a text about a room that its admin can send to people: what it
// is, when, and how to get in. code is that for people without another role; it is
// zero if there is none that lets them in.
func (s *Service) InvitationText(room Room, code RoomCode) string {
	lines := []string{room.ShownTitle()}
	if !room.Started(s.now()) {
		lines = append(lines, "Starts: "+writtenTime(room.StartsAt))
	}
	if !room.ExpiresAt.IsZero() {
		lines = append(lines, "Ends: "+writtenTime(room.ExpiresAt))
	}
	lines = append(lines, "Join: "+s.JoinLink(room, code))
	switch {
	case code.Code != "":
		lines = append(lines, "Room code: "+code.Code)
	case room.asksForCode():
		lines = append(lines, "The link asks for a room code.")
	}
	if room.Settings.E2EE {
		lines = append(lines, "The call is end-to-end encrypted. Ask a host for the link with the key.")
	}
	if code.Code != "" && !room.StartsAt.IsZero() {
		lines = append(lines, "Calendar: "+s.links.Calendar(code.Code))
	}
	return strings.Join(lines, "\n")
}

// writtenTime writes a time for people. Where they are is not known.
func writtenTime(t time.Time) string { return t.UTC().Format("Monday, 2 January 2006, 15:04 UTC") }
