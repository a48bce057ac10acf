package tools

import (
	"context"

	"roomkey/meet"
)

type listParticipantsOutput struct {
	Participants []participantView `json:"participants" doc:"Everyone connected now, with their tracks"`
	JoinRequests []requestView     `json:"join_requests" doc:"Who waits to be let in, the longest first; the first 100"`
}

var listParticipants = define(Tool{
	Name: "list_participants", Title: "List participants", Toolset: Moderation, Hints: Hints{ReadOnly: true, Idempotent: true},
	Description: "List who is in a room you administer now: identity, name, role and which tracks are on; and who waits to be let in.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in roomInput) (listParticipantsOutput, error) {
	people, requests, err := s.Participants(ctx, p, in.RoomID)
	return listParticipantsOutput{viewParticipants(people), viewRequests(requests)}, err
})

type kickParticipantInput struct {
	RoomID   string  `json:"room_id" doc:"Id or name of the room"`
	Identity string  `json:"identity" doc:"From list_participants"`
	Reason   *string `json:"reason" doc:"Why, for the server's log"`
}

type kickParticipantOutput struct {
	Removed []string `json:"removed" doc:"Identities of those who were put out"`
}

var kickParticipant = define(Tool{
	Name: "kick_participant", Title: "Kick a participant", Toolset: Moderation, Hints: Hints{Destructive: true, Idempotent: true},
	Description: "Put a participant out of a room you administer. They can come back while they hold a working code or token (where the room requires approval they have to ask again): disable or rotate the code as well to keep them out.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in kickParticipantInput) (kickParticipantOutput, error) {
	removed, err := s.Kick(ctx, p, in.RoomID, in.Identity, value(in.Reason))
	return kickParticipantOutput{list(removed)}, err
})

type muteParticipantInput struct {
	RoomID   string `json:"room_id" doc:"Id or name of the room"`
	Identity string `json:"identity" doc:"From list_participants, or * for everyone but admins"`
}

type muteParticipantOutput struct {
	MutedTracks []stoppedTrackView `json:"muted_tracks" doc:"Microphones that were on; empty if there was nothing to mute"`
}

var muteParticipant = define(Tool{
	Name: "mute_participant", Title: "Mute a participant", Toolset: Moderation, Hints: Hints{Idempotent: true},
	Description: "Mute a participant's microphone now. They can unmute themselves.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in muteParticipantInput) (muteParticipantOutput, error) {
	tracks, err := s.Mute(ctx, p, in.RoomID, in.Identity)
	return muteParticipantOutput{viewStopped(tracks)}, err
})

type disableVideoInput struct {
	RoomID   string `json:"room_id" doc:"Id or name of the room"`
	Identity string `json:"identity" doc:"From list_participants"`
}

type disableVideoOutput struct {
	DisabledTracks []stoppedTrackView `json:"disabled_tracks" doc:"Cameras that were on; empty if there was none"`
}

var disableParticipantVideo = define(Tool{
	Name: "disable_participant_video", Title: "Turn a participant's camera off", Toolset: Moderation, Hints: Hints{Idempotent: true},
	Description: "Turn a participant's camera off now. They can turn it on again.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in disableVideoInput) (disableVideoOutput, error) {
	tracks, err := s.DisableVideo(ctx, p, in.RoomID, in.Identity)
	return disableVideoOutput{viewStopped(tracks)}, err
})

type answerJoinRequestInput struct {
	RoomID    string `json:"room_id" doc:"Id or name of the room"`
	RequestID string `json:"request_id" doc:"From join_requests of list_participants or get_room"`
	Approve   bool   `json:"approve" doc:"true lets the person in, false refuses"`
}

type answerJoinRequestOutput struct {
	Request requestView `json:"request" doc:"The request as it is now"`
}

var answerJoinRequest = define(Tool{
	Name: "answer_join_request", Title: "Let somebody in or refuse", Toolset: Moderation, Hints: Hints{Idempotent: true},
	Description: "Let somebody into a room you administer who waits for approval, or refuse. An approval holds until the room ends; whoever is refused can ask again.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in answerJoinRequestInput) (answerJoinRequestOutput, error) {
	request, err := s.AnswerJoinRequest(ctx, p, in.RoomID, in.RequestID, in.Approve)
	return answerJoinRequestOutput{viewRequest(request)}, err
})
