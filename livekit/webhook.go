package livekit

import (
	"fmt"
	"net/http"
	"strings"
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
	if skew := s.skew(); skew != 0 {
		token, err := s.shift(r.Header.Get("Authorization"), -skew) // LiveKit's receiver has this machine's clock
		if err != nil {
			return meet.MediaEvent{}, fmt.Errorf("livekit: read webhook: %w", err)
		}
		r.Header.Set("Authorization", token)
	}
	e, err := webhook.ReceiveWebhookEvent(r, auth.NewSimpleKeyProvider(s.key, s.secret))
	if err != nil {
		return meet.MediaEvent{}, fmt.Errorf("livekit: read webhook: %w", err)
	}
	event := meet.MediaEvent{
		ID:      e.GetId(),
		Kind:    mediaEvents[e.GetEvent()],
		At:      s.momentIn(e.GetCreatedAt()),
		RoomID:  e.GetRoom().GetName(),
		RoomSID: e.GetRoom().GetSid(),
	}
	if p := e.GetParticipant(); p != nil && !isHidden(p) {
		event.Participant, event.Reason = participant(p), disconnectReason(p.GetDisconnectReason())
	} else if event.Kind != meet.MediaRoomStarted && event.Kind != meet.MediaRoomFinished {
		event.Kind = "" // of recorders and the like
	}
	if event.Kind == meet.MediaTrackPublished { // of its participant it tells the ids alone
		event.Participant.Tracks = append(event.Participant.Tracks, track(e.GetTrack()))
	}
	return event, nil
}

// momentIn gives the time of an event of which LiveKit tells the second alone: now, or
// the end of that second if the event comes later.
func (s *Server) momentIn(second int64) time.Time {
	begins := time.Unix(second, 0).UTC()
	ends, now := begins.Add(time.Second-time.Millisecond), s.now().UTC().Truncate(time.Millisecond)
	switch {
	case now.Before(begins): // the clocks differ
		return begins
	case now.After(ends):
		return ends
	}
	return now
}

var mediaEvents = map[string]meet.MediaEventKind{
	webhook.EventRoomStarted:                  meet.MediaRoomStarted,
	webhook.EventRoomFinished:                 meet.MediaRoomFinished,
	webhook.EventParticipantJoined:            meet.MediaParticipantJoined,
	webhook.EventParticipantLeft:              meet.MediaParticipantLeft,
	webhook.EventParticipantConnectionAborted: meet.MediaConnectionAborted,
	webhook.EventTrackPublished:               meet.MediaTrackPublished,
}

func isHidden(p *livekit.ParticipantInfo) bool { return p.GetPermission().GetHidden() }

// disconnectReasons are LiveKit's reasons for the end of a connection, for people who
// read logs.
var disconnectReasons = map[livekit.DisconnectReason]string{
	livekit.DisconnectReason_UNKNOWN_REASON:      "the media server gives no reason",
	livekit.DisconnectReason_CLIENT_INITIATED:    "the client left",
	livekit.DisconnectReason_DUPLICATE_IDENTITY:  "the same token was used for another connection",
	livekit.DisconnectReason_SERVER_SHUTDOWN:     "the media server stopped",
	livekit.DisconnectReason_PARTICIPANT_REMOVED: "they were removed",
	livekit.DisconnectReason_ROOM_DELETED:        "the room ended",
	livekit.DisconnectReason_ROOM_CLOSED:         "the room ended",
	livekit.DisconnectReason_STATE_MISMATCH:      "client and media server did not agree on the connection",
	livekit.DisconnectReason_JOIN_FAILURE:        "the connection for sound and picture was not made in time",
	livekit.DisconnectReason_MEDIA_FAILURE:       "the connection for sound and picture failed",
	livekit.DisconnectReason_CONNECTION_TIMEOUT:  "the connection for sound and picture was lost",
	livekit.DisconnectReason_SIGNAL_CLOSE:        "the client ended signalling: it gave up, or its network did",
}

func disconnectReason(r livekit.DisconnectReason) string {
	if words, ok := disconnectReasons[r]; ok {
		return words
	}
	return strings.ReplaceAll(strings.ToLower(r.String()), "_", " ")
}
