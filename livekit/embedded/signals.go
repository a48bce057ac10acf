package embedded

import (
	"context"
	"slices"
	"strings"

	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/rtc/types"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

// What one signalling connection may name. A client that needs more connects
// anew, by itself and without losing anything.
const (
	maxTracksNamed     = 5000 // tracks that the client wants, or has settings for
	maxTracksAnnounced = 500  // tracks of its own
	maxTrackID         = 64   // bytes
	maxMediaLines      = 2000 // of a session description: a room of hundreds of cameras has two for each

	maxOtherMessage = 64 << 10 // bytes of a message without a session description
	maxClientText   = 128      // bytes of each property that a client states of itself
)

// boundedSignals is a signal client with these limits. Its connections announce
// tracks with their true source.
type boundedSignals struct {
	routing.SignalClient
	limits *limiter
}

// StartParticipantSignal begins a signalling connection. The caller also uses
// what the client states of itself, for the labels of metrics.
func (s boundedSignals) StartParticipantSignal(ctx context.Context, room livekit.RoomName, pi routing.ParticipantInit,
	node livekit.NodeID) (livekit.ConnectionID, routing.MessageSink, routing.MessageSource, error) {
	boundClient(pi.Client)
	if mediaLines(pi.PublisherOffer) > maxMediaLines {
		s.limits.onLimit(tooManyTracks.limit)
		return "", nil, nil, errLimit
	}
	var announced []*livekit.AddTrackRequest
	for _, req := range pi.AddTrackRequests[:min(len(pi.AddTrackRequests), maxTracksAnnounced)] {
		announced = append(announced, withTrueSource(req))
	}
	pi.AddTrackRequests = announced
	id, sink, source, err := s.SignalClient.StartParticipantSignal(ctx, room, pi, node)
	if err != nil {
		return id, sink, source, err
	}
	conn, _ := ctx.Value(signallingConnKey{}).(*signallingConn)
	return id, &boundedSink{MessageSink: sink, limits: s.limits, conn: conn, named: map[string]bool{}}, source, nil
}

// boundClient bounds what a client states of itself. LiveKit keeps metrics by
// protocol for as long as the process lives.
func boundClient(c *livekit.ClientInfo) {
	if c == nil {
		return
	}
	c.Protocol = max(0, min(c.Protocol, int32(types.CurrentProtocol)))
	for _, text := range []*string{&c.Version, &c.Os, &c.OsVersion, &c.DeviceModel, &c.Browser, &c.BrowserVersion,
		&c.Address, &c.Network, &c.OtherSdks} {
		if len(*text) > maxClientText {
			*text = ""
		}
	}
	if _, known := livekit.ClientInfo_SDK_name[int32(c.Sdk)]; !known {
		c.Sdk = livekit.ClientInfo_UNKNOWN
	}
}

// boundedSink takes the messages of a client. LiveKit calls it from one goroutine.
type boundedSink struct {
	routing.MessageSink
	limits    *limiter
	conn      *signallingConn
	named     map[string]bool // tracks
	announced int
}

// WriteMessage hands on the messages that clients need and that are within the
// limits.
func (s *boundedSink) WriteMessage(msg proto.Message) error {
	request, ok := msg.(*livekit.SignalRequest)
	if !ok {
		return s.MessageSink.WriteMessage(msg)
	}
	if !needed(request) {
		s.limits.onLimit("signalling_kind")
		return nil
	}
	lines, describesSession := sessionDescriptions(request)
	if proto.Size(request) > maxOtherMessage && !describesSession {
		return s.end(messageTooLong)
	}
	if track := request.GetAddTrack(); track != nil {
		s.announced++
		msg = &livekit.SignalRequest{Message: &livekit.SignalRequest_AddTrack{AddTrack: withTrueSource(track)}}
	}
	for _, id := range tracksNamed(request) {
		if len(id) > maxTrackID {
			s.limits.onLimit("signalling_kind")
			return nil
		}
		s.named[id] = true
	}
	if lines > maxMediaLines || s.announced > maxTracksAnnounced || len(s.named) > maxTracksNamed {
		return s.end(tooManyTracks)
	}
	return s.MessageSink.WriteMessage(msg)
}

// end ends the connection over a limit.
func (s *boundedSink) end(v violation) error {
	if s.conn != nil {
		if conn := s.conn.Load(); conn != nil {
			conn.end(v)
		}
	}
	return errLimit
}

// needed says whether clients need such a message. Simulate makes LiveKit act out
// faults: "speakers change for n seconds" keeps a goroutine for as long as the
// client says.
func needed(r *livekit.SignalRequest) bool {
	switch r.GetMessage().(type) {
	case *livekit.SignalRequest_Offer, *livekit.SignalRequest_Answer, *livekit.SignalRequest_Trickle,
		*livekit.SignalRequest_AddTrack, *livekit.SignalRequest_Mute, *livekit.SignalRequest_UpdateAudioTrack,
		*livekit.SignalRequest_UpdateVideoTrack, *livekit.SignalRequest_Subscription,
		*livekit.SignalRequest_TrackSetting, *livekit.SignalRequest_UpdateLayers,
		*livekit.SignalRequest_SubscriptionPermission, *livekit.SignalRequest_SyncState,
		*livekit.SignalRequest_UpdateMetadata, // LiveKit refuses it and says so
		*livekit.SignalRequest_PublishDataTrackRequest, *livekit.SignalRequest_UnpublishDataTrackRequest,
		*livekit.SignalRequest_UpdateDataSubscription,
		*livekit.SignalRequest_Ping, *livekit.SignalRequest_PingReq, *livekit.SignalRequest_Leave:
		return true
	}
	return false
}

// sessionDescriptions says whether a message holds session descriptions, which
// grow with the room, and how many media lines the longest one has.
func sessionDescriptions(r *livekit.SignalRequest) (lines int, any bool) {
	any = r.GetOffer() != nil || r.GetAnswer() != nil || r.GetSyncState() != nil
	return mediaLines(r.GetOffer(), r.GetAnswer(), r.GetSyncState().GetOffer(), r.GetSyncState().GetAnswer()), any
}

// mediaLines counts the media lines of the longest session description. LiveKit
// makes a transceiver for each.
func mediaLines(descriptions ...*livekit.SessionDescription) (n int) {
	for _, d := range descriptions {
		n = max(n, strings.Count(d.GetSdp(), "\nm="))
	}
	return n
}

// tracksNamed are the ids for which LiveKit keeps a place in its memory, whether
// or not there are such tracks.
func tracksNamed(r *livekit.SignalRequest) []string {
	ids := slices.Clone(r.GetTrackSetting().GetTrackSids())
	for _, s := range []*livekit.UpdateSubscription{r.GetSubscription(), r.GetSyncState().GetSubscription()} {
		ids = append(ids, s.GetTrackSids()...)
		for _, p := range s.GetParticipantTracks() {
			ids = append(ids, p.GetTrackSids()...)
		}
	}
	for _, update := range r.GetUpdateDataSubscription().GetUpdates() {
		ids = append(ids, update.GetTrackSid())
	}
	return ids
}
