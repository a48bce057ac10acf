package embedded

import (
	"context"
	"strings"

	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/rtc/types"
	"github.com/livekit/livekit-server/pkg/telemetry"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

// LiveKit v1.13.5 looks up whether somebody may publish by the source that they
// name, and asks nobody whether that is what comes: sound under the name of a
// camera, or announced as a picture, goes through. Here a track is what it is:
//
//   - What is announced gets a source that its type can have, before LiveKit
//     sees it (honestSignals): a lie about the source gains nothing.
//   - What comes and is of another type than was announced is taken away when
//     LiveKit tells that it is published (honestEvents), which is before anybody
//     can have negotiated to receive it.
//
// Tracks are announced nowhere else than on a signalling connection: newNode.

// honestSource is the source that a track of that type is announced with. What
// is neither sound nor picture LiveKit refuses itself.
func honestSource(kind livekit.TrackType, source livekit.TrackSource) livekit.TrackSource {
	switch kind {
	case livekit.TrackType_AUDIO:
		if source != livekit.TrackSource_SCREEN_SHARE_AUDIO {
			return livekit.TrackSource_MICROPHONE
		}
	case livekit.TrackType_VIDEO:
		if source != livekit.TrackSource_SCREEN_SHARE {
			return livekit.TrackSource_CAMERA
		}
	}
	return source
}

// honest is the announcement with an honest source: itself, or a copy.
func honest(req *livekit.AddTrackRequest) *livekit.AddTrackRequest {
	source := honestSource(req.GetType(), req.GetSource())
	if req == nil || source == req.Source {
		return req
	}
	req = proto.CloneOf(req)
	req.Source = source
	return req
}

// honestSignals begins signalling connections whose announcements are honest.
// It stands on the side of the WebSocket, where messages are handed on by a
// call; on the other side it would need a goroutine.
type honestSignals struct{ routing.SignalClient }

// StartParticipantSignal begins one. A client can announce tracks in the very
// request to connect.
func (s honestSignals) StartParticipantSignal(ctx context.Context, room livekit.RoomName, pi routing.ParticipantInit, node livekit.NodeID) (
	livekit.ConnectionID, routing.MessageSink, routing.MessageSource, error) {
	var reqs []*livekit.AddTrackRequest
	for _, req := range pi.AddTrackRequests {
		reqs = append(reqs, honest(req))
	}
	pi.AddTrackRequests = reqs
	id, sink, source, err := s.SignalClient.StartParticipantSignal(ctx, room, pi, node)
	if err != nil {
		return id, sink, source, err
	}
	return id, honestSink{sink}, source, nil
}

// honestSink takes what a client says.
type honestSink struct{ routing.MessageSink }

// WriteMessage hands msg on. Of all that a client says, only add_track sets a
// source.
func (s honestSink) WriteMessage(msg proto.Message) error {
	if r, ok := msg.(*livekit.SignalRequest); ok && r.GetAddTrack() != nil {
		msg = &livekit.SignalRequest{Message: &livekit.SignalRequest_AddTrack{AddTrack: honest(r.GetAddTrack())}}
	}
	return s.MessageSink.WriteMessage(msg)
}

// contradictory says whether what came of a track is not of its type.
func contradictory(track *livekit.TrackInfo) bool {
	prefix := strings.ToLower(track.GetType().String()) + "/"
	other := func(mime string) bool { return !strings.HasPrefix(strings.ToLower(mime), prefix) }
	for _, c := range track.GetCodecs() {
		if c.GetMimeType() != "" && other(c.GetMimeType()) {
			return true
		}
	}
	return other(track.GetMimeType())
}

// honestly takes away what is not of the type that was announced. LiveKit
// matches what comes with what was announced by ids that the client chooses,
// and compares types only where no id is the same.
func (d *door) honestly(inner telemetry.TelemetryService) telemetry.TelemetryService {
	return honestEvents{inner, d}
}

type honestEvents struct {
	telemetry.TelemetryService
	door *door
}

// TrackPublished is called for every track when its first packet has come, by
// a goroutine of its own. A track is bound to one type of codec from then on.
func (e honestEvents) TrackPublished(ctx context.Context, roomID livekit.RoomID, name livekit.RoomName, id livekit.ParticipantID,
	identity livekit.ParticipantIdentity, info *livekit.TrackInfo, tell bool) {
	e.TelemetryService.TrackPublished(ctx, roomID, name, id, identity, info, tell)
	if !contradictory(info) {
		return
	}
	if room := e.door.rooms.GetRoom(ctx, name); room != nil {
		if p := room.GetParticipant(identity); p != nil {
			takeAway(p, livekit.TrackID(info.GetSid()))
		}
	}
}

func takeAway(p types.LocalParticipant, id livekit.TrackID) {
	if track := p.GetPublishedTrack(id); track != nil {
		p.RemovePublishedTrack(track, false)
	}
}
