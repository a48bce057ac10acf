package tools

import (
	"context"

	"roomkey/meet"
)

type createRoomCodesInput struct {
	RoomID string  `json:"room_id" doc:"Id or name of the room"`
	Role   *string `json:"role" doc:"Only for this role, such as host, guest or viewer; left out: one code per role"`
	Label  *string `json:"label" doc:"Tells several codes of one role apart, such as press"`

	People *[]invitee `json:"people" doc:"1 to 200 people: one code each, label is the name, role guest if left out"`

	ExpiresIn *int `json:"expires_in_seconds" min:"0" max:"315360000" doc:"How long they work from now; 0 is forever"`
	MaxUses   *int `json:"max_uses" min:"0" max:"1000000000" doc:"How many people each lets in, in all; 0 is no limit"`
}

type invitee struct {
	Name  string  `json:"name" doc:"Different for each"`
	Email *string `json:"email" doc:"Kept with the code; nothing is sent"`
}

type createRoomCodesOutput struct {
	Codes     []codeView `json:"codes" doc:"The codes asked for, existing and new; look at enabled"`
	Created   int        `json:"created" doc:"How many of them are new"`
	Changed   int        `json:"changed" doc:"How many existed and have other limits now"`
	Unchanged int        `json:"unchanged" doc:"How many existed and are as before"`
	Warning   string     `json:"warning,omitempty" doc:"Why links do not work for everybody"`
}

var createRoomCodes = define(Tool{
	Name: "create_room_codes", Title: "Create room codes", Toolset: Codes, Hints: Hints{Idempotent: true},
	Description: "Make the short codes that let people in: one per role, or with people one for each person. A code " +
		"that exists for the same role and label is kept and gets the limits given; codes of roles that no longer exist " +
		"are disabled. Give people join_url or the code itself.",
}, func(
	ctx context.Context, s *meet.Service, p meet.Principal, in createRoomCodesInput,
) (createRoomCodesOutput, error) {
	var people []meet.Invitee // nil where none were given
	if in.People != nil {
		people = viewAll(*in.People, func(i invitee) meet.Invitee {
			return meet.Invitee{Name: i.Name, Email: valueOrZero(i.Email)}
		})
	}
	ensured, err := s.CreateCodes(ctx, p, in.RoomID, meet.CodeRequest{
		Role: in.Role, Label: valueOrZero(in.Label), People: people,
		Change: meet.CodeChange{ExpiresIn: durationOf(in.ExpiresIn), MaxUses: in.MaxUses},
	})
	return createRoomCodesOutput{
		Codes: viewCodes(s, ensured.Codes), Created: ensured.Created, Changed: ensured.Changed,
		Unchanged: ensured.Unchanged, Warning: localWarning(s),
	}, err
})

type getRoomCodesInput struct {
	RoomID  string  `json:"room_id" doc:"Id or name of the room"`
	Role    *string `json:"role" doc:"Only codes of this role"`
	Enabled *bool   `json:"enabled" doc:"Only enabled or only disabled codes"`
	Unused  *bool   `json:"unused" doc:"true: only codes by which nobody came in yet; false: only the others"`
	Limit   *int    `json:"limit" min:"1" max:"100" doc:"Codes per page; 20 if left out"`
	Cursor  *string `json:"cursor" doc:"next_cursor of the previous page"`
}

type getRoomCodesOutput struct {
	Codes      []codeView `json:"codes" doc:"Oldest first"`
	HasMore    bool       `json:"has_more" doc:"There is another page"`
	NextCursor string     `json:"next_cursor,omitempty" doc:"Pass as cursor for the next page"`
}

var getRoomCodes = define(Tool{
	Name: "get_room_codes", Title: "List room codes", Toolset: Codes, Hints: Hints{ReadOnly: true, Idempotent: true},
	Description: "List the codes of a room you administer, with their uses and limits.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in getRoomCodesInput) (getRoomCodesOutput, error) {
	filter := meet.CodeFilter{
		Role: in.Role, Enabled: in.Enabled, Unused: in.Unused, Limit: in.Limit, Cursor: valueOrZero(in.Cursor),
	}
	codes, next, err := s.Codes(ctx, p, in.RoomID, filter)
	return getRoomCodesOutput{viewCodes(s, codes), next != "", next}, err
})

type updateRoomCodeInput struct {
	Code      string `json:"code" doc:"The room code"`
	Enabled   *bool  `json:"enabled" doc:"false: it lets in nobody; true: it lets people in again"`
	ExpiresIn *int   `json:"expires_in_seconds" min:"0" max:"315360000" doc:"How long it works from now; 0 is forever"`
	MaxUses   *int   `json:"max_uses" min:"0" max:"1000000000" doc:"How many people it lets in, in all; 0 is no limit"`
	Remove    *bool  `json:"remove_participants" doc:"true: also remove those inside who came by this code"`
}

type updateRoomCodeOutput struct {
	Code    codeView `json:"code" doc:"The code as it is now"`
	Changed []string `json:"changed" doc:"What is not as before; empty: nothing"`
	Removed []string `json:"removed" doc:"Identities of those who were removed"`
}

var updateRoomCode = define(Tool{
	Name: "update_room_code", Title: "Enable, disable or limit a room code", Toolset: Codes,
	Hints:       Hints{Destructive: true}, // expires_in_seconds counts anew each time
	Description: "Enable, disable or limit a room code. Those already inside stay unless remove_participants is true.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in updateRoomCodeInput) (updateRoomCodeOutput, error) {
	change := meet.CodeChange{Enabled: in.Enabled, ExpiresIn: durationOf(in.ExpiresIn), MaxUses: in.MaxUses}
	updated, err := s.UpdateCode(ctx, p, in.Code, change, valueOrZero(in.Remove))
	return updateRoomCodeOutput{viewCode(s, updated.RoomCode), updated.Changed, updated.Removed}, err
})

type rotateRoomCodeInput struct {
	Code   string `json:"code" doc:"The room code"`
	Remove *bool  `json:"remove_participants" doc:"true: also remove those inside who came by the old code"`
}

type rotateRoomCodeOutput struct {
	Code    codeView `json:"code" doc:"The new code"`
	Removed []string `json:"removed" doc:"Identities of those who were removed"`
	Warning string   `json:"warning,omitempty" doc:"Why links do not work for everybody"`
}

var rotateRoomCode = define(Tool{
	Name: "rotate_room_code", Title: "Replace a room code", Toolset: Codes, Hints: Hints{Destructive: true},
	Description: "Replace a room code that the wrong people have: the old one stops at once, the new one works and has " +
		"the same role, label and limits. Those inside stay unless remove_participants is true.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in rotateRoomCodeInput) (rotateRoomCodeOutput, error) {
	code, removed, err := s.RotateCode(ctx, p, in.Code, valueOrZero(in.Remove))
	return rotateRoomCodeOutput{viewCode(s, code), removed, localWarning(s)}, err
})
