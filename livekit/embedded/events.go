package embedded

import (
	"context"

	"github.com/livekit/livekit-server/pkg/telemetry"
	"github.com/livekit/protocol/livekit"
)

type roomEvents struct {
	telemetry.TelemetryService
	limits *limiter
	gate   *sessionGate
}

// ParticipantJoined puts the limits on a participant. LiveKit calls it before it
// looks at anything that the participant says.
func (e roomEvents) ParticipantJoined(ctx context.Context, room *livekit.Room, participant *livekit.ParticipantInfo,
	client *livekit.ClientInfo, meta *livekit.AnalyticsClientMeta, tell bool, guard *telemetry.ReferenceGuard) {
	if r := e.gate.rooms.GetRoom(ctx, livekit.RoomName(room.GetName())); r != nil {
		if p := r.GetParticipant(livekit.ParticipantIdentity(participant.GetIdentity())); p != nil {
			e.limits.apply(r, p)
		}
	}
	e.TelemetryService.ParticipantJoined(ctx, room, participant, client, meta, tell, guard)
}

// TrackPublished removes a track of another type than was announced. LiveKit
// matches what comes with what was announced by ids that the client chooses, and
// compares types only where no id is the same. It calls TrackPublished when the
// first packet of a track has come; the track's type does not change after that.
func (e roomEvents) TrackPublished(ctx context.Context, roomID livekit.RoomID, room livekit.RoomName,
	id livekit.ParticipantID, identity livekit.ParticipantIdentity, info *livekit.TrackInfo, tell bool) {
	e.TelemetryService.TrackPublished(ctx, roomID, room, id, identity, info, tell)
	if !hasOtherType(info) {
		return
	}
	r := e.gate.rooms.GetRoom(ctx, room)
	if r == nil {
		return
	}
	if p := r.GetParticipant(identity); p != nil {
		if track := p.GetPublishedTrack(livekit.TrackID(info.GetSid())); track != nil {
			p.RemovePublishedTrack(track, false)
		}
	}
}
