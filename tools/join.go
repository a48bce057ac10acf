package tools

import (
	"context"
	"time"

	"roomkey/meet"
)

type joinRoomInput struct {
	RoomID    *string `json:"room_id" doc:"Id or name of the room; give this or code"`
	Code      *string `json:"code" doc:"A room code; case, spaces and hyphens do not matter"`
	Name      *string `json:"name" doc:"Display name in the room"`
	UserID    *string `json:"user_id" doc:"Join for this user, if not for yourself"`
	RequestID *string `json:"request_id" doc:"From an answer with status waiting: asks whether it was approved"`
}

// joinRoomOutput has only status, request_id and room while somebody waits.
type joinRoomOutput struct {
	Status     string      `json:"status" doc:"joined, or waiting until a host approves"`
	RequestID  string      `json:"request_id,omitempty" doc:"Only while waiting"`
	Token      string      `json:"token,omitempty" doc:"LiveKit token; keep it secret"`
	LiveKitURL string      `json:"livekit_url,omitempty" doc:"Where to connect with the token"`
	JoinURL    string      `json:"join_url,omitempty" doc:"The same room in a browser"`
	Identity   string      `json:"identity,omitempty" doc:"The participant's identity, unique to this join"`
	Role       string      `json:"role,omitempty" doc:"Decides what may be published"`
	ExpiresAt  time.Time   `json:"expires_at,omitzero" doc:"Connect before; connected people stay"`
	Room       roomOrBrief `json:"room" doc:"The room"`
}

var joinRoom = define(Tool{
	Name: "join_room", Title: "Get a token to join a room", Toolset: Rooms,
	Description: "Get a LiveKit token for a room, by room_id or by code, for yourself or with user_id for somebody " +
		"else. By room_id its admin joins as host, others as guest (viewer in a webinar); by code in the code's role. " +
		"Status waiting means that a host has to approve: repeat the call with request_id every few seconds. For " +
		"people, hand out a code's join_url instead.",
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
		Status: status, RequestID: joined.RequestID, Token: joined.Token, LiveKitURL: joined.LiveKitURL,
		JoinURL: joined.JoinURL, Identity: joined.Identity, Role: joined.Role, ExpiresAt: joined.ExpiresAt,
		Room: viewRoomOrBrief(s, joined.Room),
	}, err
})
