package tools

import (
	"context"
	"slices"
	"strings"
	"time"

	"roomkey/meet"
)

type createRoomInput struct {
	Name     *string `json:"name" doc:"3 to 63 of a-z, 0-9 and -; left out: one is made"`
	Title    *string `json:"title" doc:"What people call it"`
	IsPublic *bool   `json:"is_public" doc:"true: open to anybody; false: to codes, and access tokens that know its name"`
	Mode     *string `json:"mode" enum:"standard,webinar" doc:"People without a code are guests, in a webinar viewers"`

	MaxParticipants *int `json:"max_participants" min:"0" max:"100000" doc:"0 is no limit"`

	StartsAt  *time.Time `json:"starts_at" doc:"RFC 3339; before it only hosts get in"`
	ExpiresAt *time.Time `json:"expires_at" doc:"When it ends"`
	ExpiresIn *int       `json:"expires_in_seconds" min:"0" max:"315360000" doc:"Or from now; 0 is never"`

	Settings    *meet.SettingsChange `json:"settings" doc:"What roles may do, at most"`
	Admins      *[]string            `json:"admins" doc:"Co-admins: at most 20 subjects of access tokens"`
	CreateCodes *bool                `json:"create_codes" doc:"Make one code per role"`
}

type createRoomOutput struct {
	Room       roomView   `json:"room"`
	Codes      []codeView `json:"codes,omitempty" doc:"With create_codes: one per role"`
	Invitation string     `json:"invitation,omitempty" doc:"To send to people"`
	Warning    string     `json:"warning,omitempty" doc:"Tell the user"`
}

var createRoom = define(Tool{
	Name: "create_room", Title: "Create a room", Toolset: Rooms, Scope: meet.ScopeRoomsWrite,
	Description: "Open a video room; you become its admin. Let people in with create_codes or create_room_codes. A " +
		"name is unique among active rooms, and its creator's for a while after.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in createRoomInput) (createRoomOutput, error) {
	room, codes, err := s.CreateRoom(ctx, p, meet.RoomChange{
		Name: in.Name, Title: in.Title, IsPublic: in.IsPublic, Mode: (*meet.Mode)(in.Mode),
		MaxParticipants: in.MaxParticipants, StartsAt: in.StartsAt, ExpiresAt: in.ExpiresAt,
		ExpiresIn: durationOf(in.ExpiresIn), Settings: valueOrZero(in.Settings), Admins: in.Admins,
	}, valueOrZero(in.CreateCodes))
	if err != nil {
		return createRoomOutput{}, err
	}
	code := meet.JoinCodeOf(room, codes)
	return createRoomOutput{
		Room: viewRoomWithCode(s, room, code), Codes: viewCodes(s, codes), Invitation: s.InvitationText(room, code),
		Warning: roomWarning(s, room, code),
	}, nil
})

type listRoomsInput struct {
	Scope  *string `json:"scope" enum:"mine,joined,public,all" doc:"Left out: mine, joined and public; all: superadmins"`
	Query  *string `json:"query" doc:"Only names that contain this"`
	Active *bool   `json:"active" doc:"true: active; false: ended and expired"`
	Limit  *int    `json:"limit" min:"1" max:"100" doc:"20 if left out"`
	Cursor *string `json:"cursor" doc:"From next_cursor"`
}

type listRoomsOutput struct {
	Rooms      []roomInListView `json:"rooms" doc:"Newest first"`
	HasMore    bool             `json:"has_more"`
	NextCursor string           `json:"next_cursor,omitempty"`
}

type roomInListView struct {
	roomView
	Relationship    meet.Relationship `json:"relationship"`
	NumParticipants *int              `json:"num_participants,omitempty"`
}

var listRooms = define(Tool{
	Name: "list_rooms", Title: "List rooms", Toolset: Rooms, Scope: meet.ScopeRoomsRead,
	Hints: Hints{ReadOnly: true, Idempotent: true},
	Description: "List rooms you created or administer (mine), were inside of or have a token for (joined), or that " +
		"are public and active.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in listRoomsInput) (listRoomsOutput, error) {
	rooms, next, err := s.Rooms(ctx, p, meet.RoomFilter{
		Scope: meet.Scope(valueOrZero(in.Scope)), Query: valueOrZero(in.Query), Active: in.Active, Limit: in.Limit,
		Cursor: valueOrZero(in.Cursor),
	})
	view := func(r meet.RoomInList) roomInListView {
		return roomInListView{viewRoomWithCode(s, r.Room, r.JoinCode), r.Relationship, r.Participants}
	}
	return listRoomsOutput{viewAll(rooms, view), next != "", next}, err
})

type roomInput struct {
	RoomID string `json:"room_id" doc:"Id or name"`
}

type getRoomOutput struct {
	Room            roomOrBrief   `json:"room"`
	NumParticipants *int          `json:"num_participants,omitempty" doc:"Connected now; missing while LiveKit is away"`
	Codes           []codeView    `json:"codes,omitzero" doc:"For admins; the first 100"`
	JoinRequests    []requestView `json:"join_requests,omitzero" doc:"For admins; the first 100"`
	LockedForAll    []meet.Source `json:"locked_for_all" doc:"Locked with identity *"`
}

var getRoom = define(Tool{
	Name: "get_room", Title: "Show a room", Toolset: Rooms, Scope: meet.ScopeRoomsRead,
	Hints: Hints{ReadOnly: true, Idempotent: true},
	Description: "Show a room, how many are inside and, to its admins, its codes and who waits to be let in. Of a " +
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
		out.Room.JoinURL = s.JoinLink(d.Room, d.JoinCode)
		out.Codes = viewCodes(s, d.Codes)
	}
	if d.Answers {
		out.JoinRequests = viewRequests(d.Requests)
	}
	return out, err
}

type updateRoomInput struct {
	RoomID   string  `json:"room_id" doc:"Id or name"`
	Name     *string `json:"name" doc:"New name; the id stays"`
	Title    *string `json:"title" doc:"What people call it"`
	IsPublic *bool   `json:"is_public" doc:"As with create_room"`
	Mode     *string `json:"mode" enum:"standard,webinar" doc:"Also changes the role of those who came without a code"`

	MaxParticipants *int `json:"max_participants" min:"0" max:"100000" doc:"A lower limit removes nobody; 0 is no limit"`

	StartsAt  *time.Time `json:"starts_at" doc:"RFC 3339; those inside stay"`
	ExpiresAt *time.Time `json:"expires_at" doc:"When it ends"`
	ExpiresIn *int       `json:"expires_in_seconds" min:"0" max:"315360000" doc:"Or from now; 0 is never"`
	Extend    *int       `json:"extend_seconds" min:"1" max:"315360000" doc:"So much later than its end, or than now"`

	Settings *meet.SettingsChange `json:"settings" doc:"Only what changes; holds at once for those inside"`
	Admins   *[]string            `json:"admins" doc:"All co-admins from now on; they name no admins"`
	AdminID  *string              `json:"admin_id" doc:"Hand over to this subject; you lose it unless in admins"`
	IsActive *bool                `json:"is_active" doc:"true opens a room again that has ended"`
}

type updateRoomOutput struct {
	Room       roomView   `json:"room"`
	Changed    []string   `json:"changed" doc:"What changed"`
	Codes      []codeView `json:"codes,omitzero" doc:"Reopened: codes that work again; the first 100"`
	Invitation string     `json:"invitation,omitempty" doc:"To send to people"`
	Warning    string     `json:"warning,omitempty" doc:"Tell the user"`
}

var updateRoom = define(Tool{
	Name: "update_room", Title: "Change or reopen a room", Toolset: Rooms, Scope: meet.ScopeRoomsWrite,
	Hints:       Hints{Destructive: true}, // an end that comes soon ends it, and some ends count anew each time
	Description: "Change a room you administer, or open it again with is_active true. Only what you give changes.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in updateRoomInput) (updateRoomOutput, error) {
	if in.IsActive != nil && !*in.IsActive {
		return updateRoomOutput{}, meet.Invalid("is_active", "is_active can only be set to true",
			"To end a room and remove everyone call end_room with confirm_name.")
	}
	updated, err := s.UpdateRoom(ctx, p, in.RoomID, meet.RoomChange{
		Name: in.Name, Title: in.Title, IsPublic: in.IsPublic, Mode: (*meet.Mode)(in.Mode),
		MaxParticipants: in.MaxParticipants, StartsAt: in.StartsAt, ExpiresAt: in.ExpiresAt,
		ExpiresIn: durationOf(in.ExpiresIn), ExtendBy: durationOf(in.Extend), Settings: valueOrZero(in.Settings),
		Admins: in.Admins, AdminID: in.AdminID,
	}, valueOrZero(in.IsActive))
	if err != nil {
		return updateRoomOutput{}, err
	}
	room, code := updated.Room, updated.JoinCode
	out := updateRoomOutput{
		Room: viewRoomWithCode(s, room, code), Changed: updated.Changed, Warning: roomWarning(s, room, code),
	}
	if in.Extend != nil && updated.HadNoEnd {
		const hadNoEnd = "The room had no end before, and has one now: expires_in_seconds 0 takes it away again. "
		out.Warning = strings.TrimSpace(hadNoEnd + out.Warning)
	}
	if s.IsActive(room) {
		out.Invitation = s.InvitationText(room, code)
	}
	if updated.Reopened {
		out.Codes = viewCodes(s, updated.Codes)
	}
	return out, nil
})

type endRoomInput struct {
	RoomID      string `json:"room_id" doc:"Id or name"`
	ConfirmName string `json:"confirm_name" doc:"The room's name, repeated"`
}

type endRoomOutput struct {
	Room    roomView `json:"room"`
	Removed []string `json:"removed"`
}

var endRoom = define(Tool{
	Name: "end_room", Title: "End a room", Toolset: Rooms, Scope: meet.ScopeRoomsWrite,
	Hints: Hints{Destructive: true, Idempotent: true},
	Description: "End a room: everyone is removed at once and its codes stop working. update_room with is_active true " +
		"opens it again.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in endRoomInput) (endRoomOutput, error) {
	room, removed, err := s.EndRoom(ctx, p, in.RoomID, in.ConfirmName)
	return endRoomOutput{viewRoom(s, room), removed}, err
})
