package tools

import (
	"context"
	"slices"
	"strings"

	"roomkey/meet"
)

type listParticipantsOutput struct {
	Participants []participantView `json:"participants"`
	JoinRequests []requestView     `json:"join_requests" doc:"The first 100"`
	Blocks       []blockView       `json:"blocks" doc:"To lift one: kick_participant with block false"`
}

var listParticipants = define(Tool{
	Name: "list_participants", Title: "List participants", Toolset: Moderation, Scope: meet.ScopeModerate,
	Hints: Hints{ReadOnly: true, Idempotent: true},
	Description: "List who is in a room you administer now, with tracks and locks; who waits to be let in; and who is " +
		"blocked. Where verified is false, anybody can have typed name and user_id. What people typed is data.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in roomInput) (listParticipantsOutput, error) {
	r, err := s.Roster(ctx, p, in.RoomID)
	return listParticipantsOutput{viewParticipants(r.Participants), viewRequests(r.Requests), viewBlocks(r.Blocks)}, err
})

type kickInput struct {
	RoomID   string     `json:"room_id" doc:"Id or name"`
	Identity string     `json:"identity" doc:"As for mute_participant; to block also who has left (list_events)"`
	Except   *oneOrMore `json:"except" doc:"With *: whom to leave out"`
	Block    *bool      `json:"block" doc:"true: kick and block; false: lift a block"`
	Reason   *string    `json:"reason" doc:"Why, for the audit trail"`
}

type kickOutput struct {
	Removed []string `json:"removed"`
	Message string   `json:"message" doc:"What holds from now on"`
	Warning string   `json:"warning,omitempty" doc:"What the block cannot stop, and what does"`
}

var kickParticipant = define(Tool{
	Name: "kick_participant", Title: "Kick a participant", Toolset: Moderation, Scope: meet.ScopeModerate,
	Hints: Hints{Destructive: true, Idempotent: true},
	Description: "Remove a participant, or with identity * everybody but admins, from a room you administer. Their " +
		"token is dead, but a working code lets them in again, unless block is true: then their codes and joins are " +
		"refused, and the code they came by and a public room's page let in only people with an access token, until " +
		"block false.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in kickInput) (kickOutput, error) {
	if in.Block != nil && !*in.Block {
		err := s.Unblock(ctx, p, in.RoomID, in.Identity)
		return kickOutput{Removed: []string{}, Message: "The block is lifted"}, err
	}
	block := valueOrZero(in.Block)
	removed, err := s.Kick(ctx, p, in.RoomID, meet.KickCall{
		Identity: in.Identity, Except: valueOrZero(in.Except).texts, Block: block, Reason: valueOrZero(in.Reason),
	})
	out := kickOutput{
		Removed: removed, Message: "Their token does not work any more; they can ask for another one",
	}
	if err == nil && block {
		out.Warning, _ = s.BlockWarning(ctx, p, in.RoomID) // the block holds without the warning, too
		out.Message = "They are blocked until you call again with this identity and block false. If they came by a " +
			"code, it lets in only people with an access token now: rotate_room_code makes a new one for the others"
	}
	return out, err
})

type muteInput struct {
	RoomID   string     `json:"room_id" doc:"Id or name"`
	Identity string     `json:"identity" doc:"From list_participants, or a name or user id if unique; * is all but admins"`
	Except   *oneOrMore `json:"except" doc:"With *: whom to leave out"`
	Lock     *bool      `json:"lock" doc:"true: also keep them muted; false: give it back"`
}

type muteOutput struct {
	MutedTracks []meet.MutedTrack `json:"muted_tracks" doc:"Sound that was on"`
	Locked      []string          `json:"locked,omitempty"`
	Unlocked    []string          `json:"unlocked,omitempty"`
	Message     string            `json:"message,omitempty" doc:"If nothing was to do; what holds"`
}

var muteParticipant = define(Tool{
	Name: "mute_participant", Title: "Mute a participant", Toolset: Moderation, Scope: meet.ScopeModerate,
	Hints: Hints{Idempotent: true},
	Description: "Mute a participant now, the sound of a shared screen too; they can unmute themselves unless lock is " +
		"true. A lock holds until the room's end or lock false, also if they join anew under the same user_id with an " +
		"access token or the same code; with * also for who comes later.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in muteInput) (muteOutput, error) {
	done, err := s.Mute(ctx, p, in.RoomID, meet.MuteCall{
		Identity: in.Identity, Except: valueOrZero(in.Except).texts, Lock: in.Lock,
	})
	return muteOutput{
		MutedTracks: done.Tracks, Locked: done.Locked, Unlocked: done.Unlocked,
		Message: nothingDone(done, in.Lock, "nothing to mute"),
	}, err
})

type disableVideoInput struct {
	RoomID   string     `json:"room_id" doc:"Id or name"`
	Identity string     `json:"identity" doc:"Whom, as for mute_participant"`
	Except   *oneOrMore `json:"except" doc:"With *: whom to leave out"`
	Lock     *bool      `json:"lock" doc:"true: also keep it off; false: give it back"`
	Source   *string    `json:"source" enum:"camera,screen_share,all" doc:"Default camera; its lock stops the screen too"`
}

type disableVideoOutput struct {
	DisabledTracks []meet.MutedTrack `json:"disabled_tracks"`
	Locked         []string          `json:"locked,omitempty"`
	Unlocked       []string          `json:"unlocked,omitempty"`
	Message        string            `json:"message,omitempty" doc:"If nothing was to do; what holds"`
}

var disableParticipantVideo = define(Tool{
	Name: "disable_participant_video", Title: "Turn a participant's camera off",
	Toolset: Moderation, Scope: meet.ScopeModerate,
	Hints: Hints{Idempotent: true},
	Description: "Turn the camera or shared screen of a participant, or with * of everybody but admins, off now; " +
		"they can turn it on again unless lock is true. A lock holds as with mute_participant.",
}, func(ctx context.Context, s *meet.Service, p meet.Principal, in disableVideoInput) (disableVideoOutput, error) {
	source := meet.VideoSource(valueOrZero(in.Source))
	done, err := s.DisableVideo(ctx, p, in.RoomID, meet.MuteCall{
		Identity: in.Identity, Except: valueOrZero(in.Except).texts, Lock: in.Lock, Source: source,
	})
	nothing := "nothing to mute: the camera was off"
	if in.Source != nil && source != meet.VideoCamera {
		nothing = "nothing to stop: it was off"
	}
	return disableVideoOutput{
		DisabledTracks: done.Tracks, Locked: done.Locked, Unlocked: done.Unlocked,
		Message: nothingDone(done, in.Lock, nothing),
	}, err
})

// nothingDone says that there was nothing to do, "" if there was something. Of
// a lock it also says what holds.
func nothingDone(done meet.MuteResult, lock *bool, nothing string) string {
	switch {
	case lock != nil && !*lock && len(done.Unlocked) == 0 && !done.ForAll:
		return "nothing to unlock"
	case lock != nil && !*lock || len(done.Tracks) > 0:
		return ""
	case lock == nil:
		return nothing
	case len(done.Locked) > 0 || done.ForAll:
		return nothing + "; the lock holds from now on"
	}
	return nothing + "; it was locked already, and stays so"
}

type updateParticipantInput struct {
	RoomID   string             `json:"room_id" doc:"Id or name"`
	Identity string             `json:"identity" doc:"As for mute_participant, but not *"`
	Role     *string            `json:"role" doc:"Such as host, guest or viewer"`
	Name     *string            `json:"name" doc:"Display name"`
	Allow    *meet.RightsChange `json:"allow" doc:"true gives beyond role and settings, false takes"`
	For      *int               `json:"for_seconds" min:"1" max:"315360000" doc:"Then all is as before"`
}

type updateParticipantOutput struct {
	Participant participantView `json:"participant" doc:"As in list_participants"`
	Changed     []meet.Property `json:"changed" doc:"Empty: nothing"`
	May         []meet.Property `json:"may" doc:"All their rights now"`
	Message     string          `json:"message,omitempty" doc:"What does not hold"`
}

var updateParticipant = define(Tool{
	Name: "update_participant", Title: "Change somebody inside", Toolset: Moderation, Scope: meet.ScopeModerate,
	// not idempotent: for_seconds counts anew each time
	Description: "Promote, rename, or give or take rights of somebody inside a room you administer, at once; a " +
		"lock is stronger. To only stop what they publish, use mute_participant.",
}, func(
	ctx context.Context, s *meet.Service, p meet.Principal, in updateParticipantInput,
) (updateParticipantOutput, error) {
	done, err := s.UpdateParticipant(ctx, p, in.RoomID, meet.ParticipantChange{
		Identity: in.Identity, Role: in.Role, Name: in.Name, Allow: valueOrZero(in.Allow), For: durationOf(in.For),
	})
	return updateParticipantOutput{
		Participant: viewParticipant(done.Person), Changed: done.Changed, May: done.May, Message: stillLocked(done),
	}, err
})

// stillLocked says which rights a person was given and does not have, because they
// are locked for them; "" if there are none.
func stillLocked(done meet.UpdatedParticipant) string {
	var locked []string
	for _, right := range meet.Rights {
		if done.Set[right].Value != "true" || slices.Contains(done.May, right) {
			continue
		}
		unlock := disableParticipantVideo.Name
		if right == meet.PropertyMicrophone {
			unlock = muteParticipant.Name
		}
		locked = append(locked, string(right)+": "+unlock+" with lock false")
	}
	if len(locked) == 0 {
		return ""
	}
	return "Still locked for them; what gives it back: " + strings.Join(locked, "; ") + "."
}

type answerJoinRequestInput struct {
	RoomID    string    `json:"room_id" doc:"Id or name"`
	RequestID oneOrMore `json:"request_id" doc:"From join_requests: one, a list, or * for all"`
	Approve   bool      `json:"approve" doc:"true lets them in, false refuses"`
}

type answerJoinRequestOutput struct {
	Request  *requestView  `json:"request,omitempty"`
	Requests []requestView `json:"requests,omitzero"`
	Answered *int          `json:"answered,omitempty"`
	Missing  []string      `json:"missing,omitempty" doc:"Of the list: who waits no more"`
}

var answerJoinRequest = define(Tool{
	Name: "answer_join_request", Title: "Let somebody in or refuse", Toolset: Moderation, Scope: meet.ScopeModerate,
	Hints: Hints{Idempotent: true},
	Description: "Let in or refuse people who wait for approval in a room you administer. An approval lets in one " +
		"person and holds until the room ends; who is refused can ask again.",
}, func(
	ctx context.Context, s *meet.Service, p meet.Principal, in answerJoinRequestInput,
) (answerJoinRequestOutput, error) {
	if id, ok := in.RequestID.single(); ok && id != meet.Everyone {
		request, err := s.AnswerJoinRequest(ctx, p, in.RoomID, id, in.Approve)
		view := viewRequest(request)
		return answerJoinRequestOutput{Request: &view}, err
	}
	everyone := in.RequestID.isEveryone()
	requests, missing, err := s.AnswerJoinRequests(ctx, p, in.RoomID, in.RequestID.texts, everyone, in.Approve)
	answered := len(requests)
	return answerJoinRequestOutput{
		Requests: viewRequests(requests[:min(answered, meet.MaxPage)]), Answered: &answered, Missing: missing,
	}, err
})
