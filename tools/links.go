package tools

import (
	"strings"

	"roomkey/meet"
)

// onlyHere says when links are of no use to other people.
const onlyHere = "Links work on this machine only, because its address (public_url) is a loopback one: " +
	"the operator has to set public_url before other people can join."

// localWarning warns of links that work on this machine only; "" if others can use
// them.
func localWarning(s *meet.Service) string {
	if s.Links().OnlyHere() {
		return onlyHere
	}
	return ""
}

// roomWarning also warns of a join_url that opens nothing without a code. code is
// that for people without another role, or zero.
func roomWarning(s *meet.Service, room meet.Room, code meet.RoomCode) string {
	var warnings []string
	if s.AsksInVain(room, code) {
		warnings = append(warnings, "The room's join_url only asks for a code: give people the join_url of a code "+
			"(create_room_codes).")
	}
	if local := localWarning(s); local != "" {
		warnings = append(warnings, local)
	}
	return strings.Join(warnings, " ")
}

// viewRoomWithCode is a room as its admin sees it: with the link that works for the
// people whom it is meant for.
func viewRoomWithCode(s *meet.Service, room meet.Room, code meet.RoomCode) roomView {
	view := viewRoom(s, room)
	view.JoinURL = s.JoinLink(room, code)
	return view
}
