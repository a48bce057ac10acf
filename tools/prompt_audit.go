package tools

import (
	"context"
	"fmt"
	"strings"

	"roomkey/meet"
)

type auditInput struct {
	Room string  `json:"room" complete:"rooms" doc:"Name or id of a room you administer"`
	Role *string `json:"role" complete:"roles" doc:"Only the codes of this role"`
}

var auditAccess = definePrompt(Prompt{
	Name: "audit_access", Title: "Audit who can get in",
	Description: "Find out who can get into a room you administer and who did, and close what should not be open.",
	Tools:       []string{getRoom.Name, getRoomCodes.Name, listParticipants.Name, listEvents.Name, updateRoomCode.Name, rotateRoomCode.Name, kickParticipant.Name},
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in auditInput) (string, error) {
	first := 1
	if _, _, err := s.Codes(ctx, p, in.Room, meet.CodeFilter{Role: in.Role, Limit: &first}); err != nil {
		return "", called(err, "room_id", "room")
	}
	d, err := s.Room(ctx, p, in.Room)
	if err != nil {
		return "", called(err, "room_id", "room")
	}
	room := reference(s, d.Room)
	codes := []any{"room_id", room, "limit", meet.MaxPage}
	if in.Role != nil {
		codes = append(codes, "role", *in.Role)
	}
	steps := []string{
		"The room: " + say(getRoom.Name, "room_id", room) + ". is_public lets anybody in who has its join_url; without settings.require_approval nobody waits for a host's yes.",
		"Its codes: " + say(getRoomCodes.Name, codes...) + ". While has_more, repeat it with next_cursor as cursor. Look for enabled codes with neither expires_at nor a max_uses above 0, above all of roles that publish or let others in; for codes that were never used (uses 0, no last_used_at); for codes that let in nobody without an access token because somebody who came by them is blocked (blocked true); for more uses than people were invited.",
		"Who is inside and who is blocked: " + say(listParticipants.Name, "room_id", room) + ". Look for people the user does not know, and for blocks that nobody needs any more.",
		"Who was let in, and by which code: " + say(listEvents.Name, "room_id", room, "kind", "participant", "limit", meet.MaxPage) + ", and on with cursor in the same way. Look at " +
			string(meet.Admitted) + ", " + string(meet.Kicked) + " and " + string(meet.Removed) + ". Without kind it shows everything: look for changes of the room and its codes that the user does not know of.",
	}
	closing := []string{
		"A code that nobody needs any more: " + say(updateRoomCode.Name, "code", "CODE", "enabled", false) + ". If strangers came by it: " +
			say(updateRoomCode.Name, "code", "CODE", "enabled", false, "remove_participants", true) + " also removes those who are inside by it.",
		"A code that got into wrong hands and is still needed: " + say(rotateRoomCode.Name, "code", "CODE") + ". The old one stops at once; give the new join_url to those who should have it.",
		"A block that nobody needs any more: " + say(kickParticipant.Name, "room_id", room, "identity", "BLOCKED", "block", false) + ", with its identity in blocks.",
		"A code without an end: " + say(updateRoomCode.Name, "code", "CODE", "expires_in_seconds", 86400, "max_uses", 10) + ", with the user's numbers.",
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Find out who can get into the Roomkey room %s and who did, and close what should not be open.\n\nIts state when this was written: %s\n\nLook:\n", d.Name, plainJSON(stateOf(s, d)))
	for i, step := range steps {
		fmt.Fprintf(&b, "%d. %s\n", i+1, step)
	}
	b.WriteString("\nReport what you found, the gravest first, and name a code by its role, label and first three letters: whoever reads a whole code can get in. Then close, with the user's consent for each:\n")
	for _, step := range closing {
		fmt.Fprintf(&b, "- %s\n", step)
	}
	b.WriteString("\n" + sayPlaceholders + " " + sayStrangers + "\n")
	return b.String(), nil
})
