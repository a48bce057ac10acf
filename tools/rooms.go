package tools

import (
	"context"
	"slices"

	"roomkey/meet"
)

type createRoomInput struct {
	Name     *string `json:"name" doc:"3 to 63 lowercase letters, digits and single hyphens; left out: one is made"`
	IsPublic *bool   `json:"is_public" doc:"true: open to anybody; false: to codes, and access tokens that know its name"`
	Mode     *string `json:"mode" enum:"standard,webinar" doc:"People without a code are guests, in a webinar viewers"`

	MaxParticipants *int `json:"max_participants" min:"0" max:"100000" doc:"How many may be inside; 0 is no limit"`
	ExpiresIn       *int `json:"expires_in_seconds" min:"0" max:"315360000" doc:"Time until the room ends; 0 is never"`

	Settings    *meet.SettingsChange `json:"settings" doc:"What roles may do in this room, within the role's rights"`
	CreateCodes *bool                `json:"create_codes" doc:"Also make one code per role"`
}

type createRoomOutput struct {
	Room    roomView   `json:"room" doc:"The new room"`
	Codes   []codeView `json:"codes,omitempty" doc:"With create_codes: one per role"`
	Warning string     `json:"warning,omitempty" doc:"Why links do not work for everybody"`
}

var createRoom = define(Tool{
	Name: "create_room", Title: "Create a room", Toolset: Rooms,
	Description: "Open a video room; you become its admin. Hand out access with create_codes or create_room_codes. A " +
		"name is unique among active rooms, and stays with its creator for some time after the room's end.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in createRoomInput) (createRoomOutput, error) {
	change := roomChange(in.Name, in.IsPublic, in.Mode, in.MaxParticipants, in.ExpiresIn, in.Settings)
	room, codes, err := s.CreateRoom(ctx, p, change, valueOrZero(in.CreateCodes))
	view := viewRoomWithCodes(s, room, codes)
	return createRoomOutput{view, viewCodes(s, codes), roomWarning(s, view)}, err
})

// roomChange is what create_room and update_room have in common.
func roomChange(
	name *string, isPublic *bool, mode *string, maxPeople, expiresIn *int, settings *meet.SettingsChange,
) meet.RoomChange {
	return meet.RoomChange{
		Name: name, IsPublic: isPublic, Mode: (*meet.Mode)(mode), MaxParticipants: maxPeople,
		ExpiresIn: durationOf(expiresIn), Settings: valueOrZero(settings),
	}
}

type listRoomsInput struct {
	Scope  *string `json:"scope" enum:"mine,joined,public,all" doc:"Left out: mine, joined and public; all: superadmins"`
	Query  *string `json:"query" doc:"Only names that contain this"`
	Active *bool   `json:"active" doc:"Only active (true) or only ended and expired rooms (false)"`
	Limit  *int    `json:"limit" min:"1" max:"100" doc:"Rooms per page; 20 if left out"`
	Cursor *string `json:"cursor" doc:"next_cursor of the previous page"`
}

type listRoomsOutput struct {
	Rooms      []roomInListView `json:"rooms" doc:"Newest first, each with relationship and num_participants"`
	HasMore    bool             `json:"has_more" doc:"There is another page"`
	NextCursor string           `json:"next_cursor,omitempty" doc:"Pass as cursor for the next page"`
}

type roomInListView struct {
	roomView
	Relationship    meet.Relationship `json:"relationship"`
	NumParticipants *int              `json:"num_participants,omitempty"`
}

var listRooms = define(Tool{
	Name: "list_rooms", Title: "List rooms", Toolset: Rooms, Hints: Hints{ReadOnly: true, Idempotent: true},
	Description: "List rooms you created (mine), were inside of or have a token for (joined), or that are public and " +
		"active. num_participants is missing while LiveKit cannot be reached.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in listRoomsInput) (listRoomsOutput, error) {
	rooms, next, err := s.Rooms(ctx, p, meet.RoomFilter{
		Scope: meet.Scope(valueOrZero(in.Scope)), Query: valueOrZero(in.Query), Active: in.Active, Limit: in.Limit,
		Cursor: valueOrZero(in.Cursor),
	})
	view := func(r meet.RoomInList) roomInListView {
		return roomInListView{viewRoom(s, r.Room), r.Relationship, r.Participants}
	}
	return listRoomsOutput{viewAll(rooms, view), next != "", next}, err
})

type roomInput struct {
	RoomID string `json:"room_id" doc:"Id or name of the room"`
}

type getRoomOutput struct {
	Room            roomOrBrief   `json:"room" doc:"The room; of a private one strangers see name and is_active"`
	NumParticipants *int          `json:"num_participants,omitempty" doc:"Connected now; missing while LiveKit is away"`
	Codes           []codeView    `json:"codes,omitzero" doc:"Only for the room's admin; the first 100"`
	JoinRequests    []requestView `json:"join_requests,omitzero" doc:"Only for the room's admin: who waits; the first 100"`
	LockedForAll    []meet.Source `json:"locked_for_all" doc:"Locked for everyone but admins (lock with identity *)"`
}

var getRoom = define(Tool{
	Name: "get_room", Title: "Show a room", Toolset: Rooms, Hints: Hints{ReadOnly: true, Idempotent: true},
	Description: "Show a room, how many are inside and, to its admin, its codes and who waits to be let in. Of a " +
		"private room strangers learn only its name and whether it is active.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in roomInput) (getRoomOutput, error) {
	return showRoom(ctx, s, p, in.RoomID)
})

// showRoom is get_room, and the resource of a room.
func showRoom(ctx context.Context, s *meet.Service, p meet.Principal, ref string) (getRoomOutput, error) {
	d, err := s.Room(ctx, p, ref)
	out := getRoomOutput{Room: viewRoomOrBrief(s, d.Room), NumParticipants: d.Participants, LockedForAll: []meet.Source{}}
	for _, source := range meet.Sources { // always in the same order
		if slices.Contains(d.LockedForAll, source) {
			out.LockedForAll = append(out.LockedForAll, source)
		}
	}
	if d.IsAdmin {
		out.Room.JoinURL = s.JoinLink(d.Room, d.Codes)
		out.Codes, out.JoinRequests = viewCodes(s, d.Codes), viewRequests(d.Requests)
	}
	return out, err
}

type updateRoomInput struct {
	RoomID   string  `json:"room_id" doc:"Id or name of the room"`
	Name     *string `json:"name" doc:"New name; the id stays"`
	IsPublic *bool   `json:"is_public" doc:"true: open to anybody; false: to codes, and access tokens that know its name"`
	Mode     *string `json:"mode" enum:"standard,webinar" doc:"Also changes the role of those who came without a code"`

	MaxParticipants *int `json:"max_participants" min:"0" max:"100000" doc:"A lower limit removes nobody; 0 is no limit"`
	ExpiresIn       *int `json:"expires_in_seconds" min:"0" max:"315360000" doc:"Time from now to its end; 0 is never"`

	Settings *meet.SettingsChange `json:"settings" doc:"Only what is to change; reaches the people inside at once"`
	IsActive *bool                `json:"is_active" doc:"true opens an ended or expired room again; end_room ends one"`
}

type updateRoomOutput struct {
	Room    roomView   `json:"room" doc:"The room as it is now"`
	Changed []string   `json:"changed" doc:"What is not as before; empty: nothing"`
	Codes   []codeView `json:"codes,omitzero" doc:"If it was opened again: the codes that work again; the first 100"`
	Warning string     `json:"warning,omitempty" doc:"Why links do not work for everybody"`
}

var updateRoom = define(Tool{
	Name: "update_room", Title: "Change or reopen a room", Toolset: Rooms,
	Hints:       Hints{Destructive: true}, // a short expires_in_seconds ends it, and counts anew each time
	Description: "Change a room you administer, or open it again with is_active true. Only what you give changes.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in updateRoomInput) (updateRoomOutput, error) {
	if in.IsActive != nil && !*in.IsActive {
		return updateRoomOutput{}, meet.Invalid("is_active", "is_active can only be set to true",
			"To end a room and remove everyone call end_room with confirm_name.")
	}
	change := roomChange(in.Name, in.IsPublic, in.Mode, in.MaxParticipants, in.ExpiresIn, in.Settings)
	updated, err := s.UpdateRoom(ctx, p, in.RoomID, change, valueOrZero(in.IsActive))
	if err != nil {
		return updateRoomOutput{}, err
	}
	enabled, most := true, meet.MaxPage
	codes, _, _ := s.Codes(ctx, p, updated.ID, meet.CodeFilter{Enabled: &enabled, Limit: &most}) // for a link only
	out := updateRoomOutput{Room: viewRoomWithCodes(s, updated.Room, codes), Changed: updated.Changed}
	out.Warning = roomWarning(s, out.Room)
	if updated.Reopened {
		out.Codes = viewCodes(s, updated.Codes)
	}
	return out, nil
})

type endRoomInput struct {
	RoomID      string `json:"room_id" doc:"Id or name of the room"`
	ConfirmName string `json:"confirm_name" doc:"The room's name, repeated to confirm"`
}

type endRoomOutput struct {
	Room    roomView `json:"room" doc:"The room, no longer active"`
	Removed []string `json:"removed" doc:"Identities of those who were removed"`
}

var endRoom = define(Tool{
	Name: "end_room", Title: "End a room", Toolset: Rooms, Hints: Hints{Destructive: true, Idempotent: true},
	Description: "End a room: everyone is removed at once and its codes stop working. update_room with is_active true " +
		"opens it again.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in endRoomInput) (endRoomOutput, error) {
	room, removed, err := s.EndRoom(ctx, p, in.RoomID, in.ConfirmName)
	return endRoomOutput{viewRoom(s, room), removed}, err
})
