package tools

import (
	"context"
	"time"

	"roomkey/meet"
)

type joinRoomInput struct {
	RoomID    *string `json:"room_id" doc:"Id or name; or code"`
	Code      *string `json:"code" doc:"A room code"`
	Name      *string `json:"name" doc:"Display name in the room"`
	UserID    *string `json:"user_id" doc:"Join for this user, if not for yourself"`
	RequestID *string `json:"request_id" doc:"Of an answer with status waiting"`
}

// joinRoomOutput has only status, request_id or starts_at, and room while somebody
// waits.
type joinRoomOutput struct {
	Status     string      `json:"status" doc:"joined or waiting"`
	RequestID  string      `json:"request_id,omitempty" doc:"Only while a host has to approve"`
	StartsAt   time.Time   `json:"starts_at,omitzero" doc:"Not started: call again then"`
	Token      string      `json:"token,omitempty" doc:"LiveKit token; keep it secret"`
	LiveKitURL string      `json:"livekit_url,omitempty"`
	JoinURL    string      `json:"join_url,omitempty" doc:"For a browser"`
	Identity   string      `json:"identity,omitempty"`
	Role       string      `json:"role,omitempty"`
	ExpiresAt  time.Time   `json:"expires_at,omitzero" doc:"Connect before"`
	Room       roomOrBrief `json:"room"`
}

var joinRoom = define(Tool{
	Name: "join_room", Title: "Get a token to join a room", Toolset: Rooms, Scope: meet.ScopeRoomsWrite,
	Description: "Get a LiveKit token for a room, for yourself or with user_id for somebody else. By room_id admins " +
		"join as host, others as guest (viewer in a webinar); by code in its role. Status waiting with request_id: a " +
		"host has to approve; repeat the call with it every few seconds. For people, hand out a code's join_url instead.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in joinRoomInput) (joinRoomOutput, error) {
	joined, err := s.Join(ctx, p, meet.JoinCall{
		RoomID: in.RoomID, Code: in.Code, Name: valueOrZero(in.Name), UserID: valueOrZero(in.UserID),
		RequestID: valueOrZero(in.RequestID),
	})
	status := "joined"
	if joined.Waiting {
		status = "waiting"
	}
	return joinRoomOutput{
		Status: status, RequestID: joined.RequestID, StartsAt: joined.StartsAt, Token: joined.Token,
		LiveKitURL: joined.LiveKitURL, JoinURL: joined.JoinURL, Identity: joined.Identity, Role: joined.Role,
		ExpiresAt: joined.ExpiresAt, Room: viewRoomOrBrief(s, joined.Room),
	}, err
})
