package tools

import (
	"context"
	"time"

	"roomkey/meet"
)

type createRoomCodesInput struct {
	RoomID string  `json:"room_id" doc:"Id or name"`
	Role   *string `json:"role" doc:"Such as host, guest or viewer; left out: one code per role"`
	Label  *string `json:"label" doc:"Tells codes of one role apart, such as press"`

	People *[]invitee `json:"people" doc:"1 to 200: one code each, label is the name, role guest if left out"`

	ExpiresAt *time.Time `json:"expires_at" doc:"When they stop"`
	ExpiresIn *int       `json:"expires_in_seconds" min:"0" max:"315360000" doc:"Or from now; 0 is never"`

	MaxUses *int `json:"max_uses" min:"0" max:"1000000000" doc:"People each lets in, in all; 0 is no limit"`
}

type invitee struct {
	Name  string  `json:"name" doc:"Different for each"`
	Email *string `json:"email" doc:"Kept with the code; nothing is sent"`
}

type createRoomCodesOutput struct {
	Codes     []codeView `json:"codes" doc:"Existing and new; look at enabled"`
	Created   int        `json:"created"`
	Changed   int        `json:"changed"`
	Unchanged int        `json:"unchanged"`
	Warning   string     `json:"warning,omitempty" doc:"Tell the user"`
}

var createRoomCodes = define(Tool{
	Name: "create_room_codes", Title: "Create room codes", Toolset: Codes, Scope: meet.ScopeRoomsWrite,
	Hints: Hints{Idempotent: true},
	Description: "Make the codes that let people in: one per role, or with people one for each. One that exists for " +
		"the role and label is kept and gets the limits given; codes of roles that are gone are disabled.",
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
		Change: meet.CodeChange{
			ExpiresAt: in.ExpiresAt, ExpiresIn: durationOf(in.ExpiresIn), MaxUses: in.MaxUses,
		},
	})
	return createRoomCodesOutput{
		Codes: viewCodes(s, ensured.Codes), Created: ensured.Created, Changed: ensured.Changed,
		Unchanged: ensured.Unchanged, Warning: localWarning(s),
	}, err
})

type getRoomCodesInput struct {
	RoomID  string  `json:"room_id" doc:"Id or name"`
	Role    *string `json:"role" doc:"Only codes of this role"`
	Enabled *bool   `json:"enabled" doc:"Only enabled or only disabled codes"`
	Unused  *bool   `json:"unused" doc:"true: nobody came in by it yet; false: somebody did"`
	Limit   *int    `json:"limit" min:"1" max:"100" doc:"20 if left out"`
	Cursor  *string `json:"cursor" doc:"From next_cursor"`
}

type getRoomCodesOutput struct {
	Codes      []codeView `json:"codes"`
	HasMore    bool       `json:"has_more"`
	NextCursor string     `json:"next_cursor,omitempty"`
}

var getRoomCodes = define(Tool{
	Name: "get_room_codes", Title: "List room codes", Toolset: Codes, Scope: meet.ScopeRoomsWrite,
	Hints:       Hints{ReadOnly: true, Idempotent: true},
	Description: "List the codes of a room you administer, with their uses and limits.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in getRoomCodesInput) (getRoomCodesOutput, error) {
	filter := meet.CodeFilter{
		Role: in.Role, Enabled: in.Enabled, Unused: in.Unused, Limit: in.Limit, Cursor: valueOrZero(in.Cursor),
	}
	codes, next, err := s.Codes(ctx, p, in.RoomID, filter)
	return getRoomCodesOutput{viewCodes(s, codes), next != "", next}, err
})

type updateRoomCodeInput struct {
	Code    string `json:"code" doc:"A code"`
	Enabled *bool  `json:"enabled" doc:"false: lets in nobody; true: does again"`

	ExpiresAt *time.Time `json:"expires_at" doc:"When it stops"`
	ExpiresIn *int       `json:"expires_in_seconds" min:"0" max:"315360000" doc:"Or from now; 0 is never"`

	MaxUses *int  `json:"max_uses" min:"0" max:"1000000000" doc:"People it lets in, in all; 0 is no limit"`
	Remove  *bool `json:"remove_participants" doc:"true: also remove those inside by it; else they stay"`
}

type updateRoomCodeOutput struct {
	Code    codeView `json:"code"`
	Changed []string `json:"changed" doc:"What changed"`
	Removed []string `json:"removed"`
}

var updateRoomCode = define(Tool{
	Name: "update_room_code", Title: "Enable, disable or limit a room code", Toolset: Codes, Scope: meet.ScopeRoomsWrite,
	Hints:       Hints{Destructive: true}, // expires_in_seconds counts anew each time
	Description: "Enable, disable or limit a room code.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in updateRoomCodeInput) (updateRoomCodeOutput, error) {
	change := meet.CodeChange{
		Enabled: in.Enabled, ExpiresAt: in.ExpiresAt, ExpiresIn: durationOf(in.ExpiresIn), MaxUses: in.MaxUses,
	}
	updated, err := s.UpdateCode(ctx, p, in.Code, change, valueOrZero(in.Remove))
	return updateRoomCodeOutput{viewCode(s, updated.RoomCode), updated.Changed, updated.Removed}, err
})

type rotateRoomCodeInput struct {
	Code   string `json:"code" doc:"A code"`
	Remove *bool  `json:"remove_participants" doc:"true: also remove those inside by the old one; else they stay"`
}

type rotateRoomCodeOutput struct {
	Code    codeView `json:"code"`
	Removed []string `json:"removed"`
	Warning string   `json:"warning,omitempty" doc:"Tell the user"`
}

var rotateRoomCode = define(Tool{
	Name: "rotate_room_code", Title: "Replace a room code", Toolset: Codes, Scope: meet.ScopeRoomsWrite,
	Hints: Hints{Destructive: true},
	Description: "Replace a room code that the wrong people have: the old one stops at once, the new one has its " +
		"role, label and limits.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in rotateRoomCodeInput) (rotateRoomCodeOutput, error) {
	code, removed, err := s.RotateCode(ctx, p, in.Code, valueOrZero(in.Remove))
	return rotateRoomCodeOutput{viewCode(s, code), removed, localWarning(s)}, err
})
