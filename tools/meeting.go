package tools

import (
	"cmp"
	"context"
	"time"

	"roomkey/meet"
)

type sendMessageInput struct {
	RoomID   string  `json:"room_id" doc:"Id or name"`
	Text     string  `json:"text" doc:"Plain text, up to 2000 characters"`
	Identity *string `json:"identity" doc:"Only to this one, as for mute_participant"`
}

// messageView is a message that was sent, as agents see it.
type messageView struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
	To string    `json:"to"` // an identity, or * for everybody
}

type sendMessageOutput struct {
	Message messageView `json:"message" doc:"to is an identity, or * for everybody"`
}

var sendMessage = define(Tool{
	Name: "send_message", Title: "Write to people in a room", Toolset: Meeting, Scope: meet.ScopeMeeting,
	Description: "Write into the chat of a room you administer, as an agent under your name: to all inside now, or " +
		"one of them (in no transcript); never in encrypted rooms.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in sendMessageInput) (sendMessageOutput, error) {
	m, err := s.SendMessage(ctx, p, in.RoomID, meet.MessageCall{Text: in.Text, Identity: valueOrZero(in.Identity)})
	return sendMessageOutput{messageView{ID: m.ID, At: m.At, To: cmp.Or(m.To, meet.Everyone)}}, err
})
