package tools

import (
	"context"

	"roomkey/meet"
	"roomkey/meet/hms"
)

// The tools of the toolset hms are those of a capability published for 100ms's
// Room Codes API: names, arguments and hints are that capability's.

type hmsRoomInput struct {
	RoomID string `json:"room_id" doc:"Id or name"`
}

var hmsCreateRoomCodes = define(Tool{
	Name: "hms-create-room-codes", Title: "Create room codes", Toolset: HMS, Scope: meet.ScopeRoomsWrite,
	Hints:       Hints{Idempotent: true},
	Description: "Create room codes for a room (one per role).",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in hmsRoomInput) (hms.RoomCodes, error) {
	return hms.Create(ctx, s, p, in.RoomID)
})

var hmsGetRoomCodes = define(Tool{
	Name: "hms-get-room-codes", Title: "Get room codes", Toolset: HMS, Scope: meet.ScopeRoomsWrite,
	Hints:       Hints{ReadOnly: true, Idempotent: true},
	Description: "Get all room codes for a room.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in hmsRoomInput) (hms.RoomCodes, error) {
	return hms.All(ctx, s, p, in.RoomID)
})

type hmsUpdateInput struct {
	Code string        `json:"code" doc:"A code"`
	Body hmsUpdateBody `json:"body" doc:"What the code is to be"`
}

type hmsUpdateBody struct {
	Enabled bool `json:"enabled" doc:"false: it lets nobody in any more; true: it does again"`
}

var hmsUpdateRoomCode = define(Tool{
	Name: "hms-update-room-code", Title: "Enable or disable a room code", Toolset: HMS, Scope: meet.ScopeRoomsWrite,
	Hints:       Hints{Idempotent: true},
	Description: "Enable or disable a specific room code.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in hmsUpdateInput) (hms.RoomCode, error) {
	return hms.Update(ctx, s, p, in.Code, in.Body.Enabled)
})
