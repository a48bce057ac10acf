package tools

import (
	"context"
	"fmt"
	"slices"

	"roomkey/meet"
)

// promptRoom is a room in a prompt.
type promptRoom struct {
	Name  string
	Room  string // what calls give as room_id: the name, or the id if another room may have that name by now
	State roomState
}

// roomState is a room as a prompt shows it.
type roomState struct {
	ID              string    `json:"id"`
	Name            string    `json:"name"`
	IsActive        bool      `json:"is_active"`
	IsPublic        bool      `json:"is_public"`
	Mode            meet.Mode `json:"mode"`
	RequireApproval bool      `json:"require_approval"`
	NumParticipants *int      `json:"num_participants,omitempty"`
}

func newPromptRoom(s *meet.Service, d meet.RoomDetails) promptRoom {
	state := roomState{
		ID: d.ID, Name: d.Name, IsActive: s.IsActive(d.Room), IsPublic: d.IsPublic, Mode: d.Mode,
		RequireApproval: d.Settings.RequireApproval, NumParticipants: d.Participants,
	}
	if !state.IsActive {
		return promptRoom{Name: d.Name, Room: d.ID, State: state}
	}
	return promptRoom{Name: d.Name, Room: d.Name, State: state}
}

type auditInput struct {
	Room string  `json:"room" complete:"rooms" doc:"Name or id of a room you administer"`
	Role *string `json:"role" complete:"roles" doc:"Only the codes of this role"`
}

type auditData struct {
	promptRoom
	Role *string
}

var auditAccess = definePrompt(Prompt{
	Name: "audit_access", Title: "Audit who can get in",
	Description: "Find out who can get into a room you administer and who did, and close what should not be open.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in auditInput) (any, error) {
	first := 1
	if _, _, err := s.Codes(ctx, p, in.Room, meet.CodeFilter{Role: in.Role, Limit: &first}); err != nil {
		return nil, err
	}
	d, err := s.Room(ctx, p, in.Room)
	return auditData{newPromptRoom(s, d), in.Role}, err
})

type hostInput struct {
	Name     *string `json:"name" complete:"rooms" doc:"A new room, or an active room of yours; left out: one is made"`
	Guests   *string `json:"guests" max:"500" doc:"Who comes, in your words: names, how many, who only watches"`
	Approval *string `json:"approval" enum:"yes,no" doc:"Whether guests wait until they are let in"`
}

type hostData struct {
	State    string // of the name: unnamed, free, taken by somebody else, or open
	Name     string // as it was asked for
	Room     string // what later calls give as room_id
	Guests   string
	Settings map[string]bool
	Roles    meet.Roles
}

var hostAMeeting = definePrompt(Prompt{
	Name: "host_a_meeting", Title: "Host a meeting",
	Description: "Open a room, give everybody the link for their role, let people in, and end it.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in hostInput) (any, error) {
	if err := s.MayCreateRoom(p); err != nil {
		return nil, err
	}
	data := hostData{State: "unnamed", Room: "ROOM", Guests: valueOrZero(in.Guests), Roles: s.Roles()}
	if in.Approval != nil {
		data.Settings = map[string]bool{"require_approval": *in.Approval == "yes"}
	}
	if in.Name == nil {
		return data, nil
	}
	var err error
	if data.Name, err = meet.CheckRoomName(*in.Name); err != nil {
		return nil, err
	}
	d, err := s.Room(ctx, p, data.Name)
	switch {
	case meet.IsCode(err, meet.CodeNotFound), err == nil && !s.IsActive(d.Room):
		data.State, data.Room = "free", data.Name
	case err != nil:
		return nil, err
	case d.IsAdmin:
		data.State, data.Room = "open", data.Name
	default:
		data.State = "taken"
	}
	return data, nil
})

type moderateInput struct {
	Room     string  `json:"room" complete:"rooms" doc:"Name or id of a room you administer"`
	Identity *string `json:"identity" complete:"identities" doc:"Whom it is about; * is everyone but admins"`
}

type moderateData struct {
	promptRoom
	Inside, Waiting, Blocked string
	Everyone                 string // * if it is about everyone but admins
	Identity                 string // if it is about one person
	Where                    string // that person is, unless inside
}

var moderateRoom = definePrompt(Prompt{
	Name: "moderate_room", Title: "Moderate a room",
	Description: "Keep order in a room you administer: see who is inside, mute, turn video off, kick, block, " +
		"and answer who waits.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in moderateInput) (any, error) {
	roster, err := s.Roster(ctx, p, in.Room)
	if err != nil {
		return nil, err
	}
	d, err := s.Room(ctx, p, in.Room)
	data := moderateData{
		promptRoom: newPromptRoom(s, d),
		Inside:     firstPeople(viewParticipants(roster.Participants)),
		Waiting:    firstPeople(viewRequests(roster.Requests)),
		Blocked:    firstPeople(viewBlocks(roster.Blocks)),
	}
	isInside := func(p meet.Person) bool { return p.Identity == data.Identity }
	isBlocked := func(b meet.Block) bool { return b.Identity == data.Identity }
	switch data.Identity = valueOrZero(in.Identity); {
	case data.Identity == meet.Everyone:
		data.Everyone, data.Identity = meet.Everyone, ""
	case slices.ContainsFunc(roster.Participants, isInside):
	case slices.ContainsFunc(roster.Blocks, isBlocked):
		data.Where = ", who is blocked"
	default:
		data.Where = ", who is not inside now"
	}
	return data, err
})

// maxPeople is how many participants, people who wait and blocked people a
// prompt shows of each.
const maxPeople = 50

// firstPeople shows the first of a list of people.
func firstPeople[T any](views []T) string {
	switch {
	case len(views) == 0:
		return "nobody"
	case len(views) > maxPeople:
		return fmt.Sprintf("the first %d of %d: %s", maxPeople, len(views), readableJSON(views[:maxPeople]))
	}
	return readableJSON(views)
}
