package livekit

import (
	"fmt"
	"net/http"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/webhook"

	"roomkey/meet"
)

// ReadWebhook reads what LiveKit tells, by LiveKit's own receiver: the body is
// protojson, and a token in the Authorization header signs its checksum with
// our key. Anything else is an error, for the log only.
func (s *Server) ReadWebhook(r *http.Request) (meet.MediaEvent, error) {
	e, err := webhook.ReceiveWebhookEvent(r, auth.NewSimpleKeyProvider(s.key, s.secret))
	if err != nil {
		return meet.MediaEvent{}, fmt.Errorf("livekit: read webhook: %w", err)
	}
	event := meet.MediaEvent{ID: e.GetId(), Kind: mediaEvents[e.GetEvent()], At: time.Unix(e.GetCreatedAt(), 0).UTC(),
		RoomID: e.GetRoom().GetName(), RoomSID: e.GetRoom().GetSid()}
	if p := e.GetParticipant(); p != nil && !hidden(p) {
		event.Participant = participant(p)
	} else if event.Kind != meet.MediaRoomStarted && event.Kind != meet.MediaRoomFinished {
		event.Kind = "" // of recorders and the like
	}
	if event.Kind == meet.MediaTrackPublished { // of its participant it tells the ids alone
		event.Participant.Tracks = append(event.Participant.Tracks, track(e.GetTrack()))
	}
	return event, nil
}

// mediaEvents are the events that mean something to us.
var mediaEvents = map[string]meet.MediaEventKind{
	webhook.EventRoomStarted:                  meet.MediaRoomStarted,
	webhook.EventRoomFinished:                 meet.MediaRoomFinished,
	webhook.EventParticipantJoined:            meet.MediaParticipantJoined,
	webhook.EventParticipantLeft:              meet.MediaParticipantLeft,
	webhook.EventParticipantConnectionAborted: meet.MediaConnectionAborted,
	webhook.EventTrackPublished:               meet.MediaTrackPublished,
}

func hidden(p *livekit.ParticipantInfo) bool { return p.GetPermission().GetHidden() }
