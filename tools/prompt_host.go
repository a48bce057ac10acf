package tools

import (
	"context"
	"fmt"
	"strings"

	"roomkey/meet"
)

type hostInput struct {
	Name     *string `json:"name" complete:"rooms" doc:"Name of the room: a new one, or an active room of yours; left out, one is made"`
	Guests   *string `json:"guests" max:"500" doc:"Who comes, in your words: names, how many, who only watches"`
	Approval *string `json:"approval" enum:"yes,no" doc:"Whether guests wait until they are let in"`
}

var hostAMeeting = definePrompt(Prompt{
	Name: "host_a_meeting", Title: "Host a meeting",
	Description: "Open a room, give everybody the link for their role, let people in, and end it.",
	Tools:       []string{createRoom.Name, createRoomCodes.Name, updateRoom.Name, listParticipants.Name, answerJoinRequest.Name, endRoom.Name},
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in hostInput) (string, error) {
	if err := s.MayCreateRoom(p); err != nil {
		return "", err
	}
	open, room, err := sayOpening(ctx, s, p, in)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("Host a video meeting on Roomkey, from opening the room to ending it.\n\n")
	if in.Guests != nil {
		fmt.Fprintf(&b, "Who comes, in the user's words: %s\n\n", plainJSON(*in.Guests))
	}
	fmt.Fprintf(&b, "1. %s\n", open)
	b.WriteString("2. Give everybody the join_url of the code for their role, and no other: whoever has a join_url gets in with its role. These are the roles:\n")
	for _, role := range s.Roles() {
		fmt.Fprintf(&b, "   - %s\n", sayRole(role))
	}
	fmt.Fprintf(&b, "   A code may be shared. For a group that needs a limit or an end of its own, make another: %s.\n",
		say(createRoomCodes.Name, "room_id", room, "role", meet.RoleGuest, "label", "press", "max_uses", 5, "expires_in_seconds", 86400))
	fmt.Fprintf(&b, "3. While it runs, %s shows who is inside and, in join_requests, who waits. Let in whom the user expects: %s; approve false refuses. Ask about anybody else.\n",
		say(listParticipants.Name, "room_id", room), say(answerJoinRequest.Name, "room_id", room, "request_id", "REQUEST_ID", "approve", true))
	fmt.Fprintf(&b, "4. When the meeting is over, and only once the user says so: %s. Everyone is removed and the codes stop working.\n\n",
		say(endRoom.Name, "room_id", room, "confirm_name", room))
	b.WriteString(sayPlaceholders + " " + sayStrangers + "\n")
	return b.String(), nil
})

// sayOpening writes how the room is opened, and gives how it is named in calls
// after that. A room that is open already is used again.
func sayOpening(ctx context.Context, s *meet.Service, p meet.Principal, in hostInput) (open, room string, err error) {
	var settings []any
	if in.Approval != nil {
		settings = []any{"settings", map[string]bool{"require_approval": *in.Approval == "yes"}}
	}
	const answer = " The answer has the room and one code per role, each with its join_url."
	if in.Name == nil {
		return "Open a room: " + say(createRoom.Name, append(settings, "create_codes", true)...) + "." + answer + " Its name is ROOM below.", "ROOM", nil
	}
	name, err := meet.CheckRoomName(*in.Name)
	if err != nil {
		return "", "", err
	}
	d, err := s.Room(ctx, p, name)
	switch {
	case meet.IsCode(err, meet.CodeNotFound), err == nil && !s.IsActive(d.Room):
		create := append(append([]any{"name", name}, settings...), "create_codes", true)
		return "Open the room: " + say(createRoom.Name, create...) + "." + answer, name, nil
	case err != nil:
		return "", "", err
	case !d.IsAdmin:
		return fmt.Sprintf("A room named %s is open already and somebody else is its admin. Ask the user for another name, which is ROOM below, and open the room: %s.%s",
			name, say(createRoom.Name, append(append([]any{"name", "ROOM"}, settings...), "create_codes", true)...), answer), "ROOM", nil
	}
	open = fmt.Sprintf("The room %s is open already and the user administers it. Get its codes, those that are there and those that are missing: %s.", name, say(createRoomCodes.Name, "room_id", name))
	if settings != nil {
		open += " Then: " + say(updateRoom.Name, append([]any{"room_id", name}, settings...)...) + "."
	}
	return open, name, nil
}

// sayRole tells what a role is good for.
func sayRole(r meet.Role) string {
	var can []string
	for _, source := range r.Publish {
		can = append(can, string(source))
	}
	text := r.Name + ": publishes nothing"
	if len(can) > 0 {
		text = r.Name + ": publishes " + strings.Join(can, ", ")
	}
	for _, right := range []struct {
		has  bool
		text string
	}{{r.Subscribe, "sees and hears the others"}, {r.Chat, "chats"}, {r.SkipApproval, "never waits to be let in"}, {r.Admit, "lets others in"}} {
		if right.has {
			text += "; " + right.text
		}
	}
	return text
}
