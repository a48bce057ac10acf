package embedded

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/rtc/types"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

// Limits bound what one participant can make the server do. What is 0 has its
// default.
type Limits struct {
	SignalBytes      int           // longest message on a signalling connection
	SignalsPerSecond int           // messages on one, on average; ten times as many may come at once
	MediaWithin      time.Duration // who has no media connection by then is removed

	DataBytesPerSecond    int // chat and data of one participant, on average; eight times as much may come at once
	DataMessagesPerSecond int // likewise
}

// DefaultLimits are generous. A page in a room of 50 cameras and microphones
// answers with 130 kB, in one of a hundred with twice as much, and a page that
// resumes a session repeats offer and answer in one message.
var DefaultLimits = Limits{
	SignalBytes:           1 << 20,
	SignalsPerSecond:      100,
	MediaWithin:           15 * time.Second,
	DataBytesPerSecond:    128 << 10,
	DataMessagesPerSecond: 50,
}

// How much more than the average may come at once.
const (
	signalBurst = 10
	dataBurst   = 8
)

// What one signalling connection may name. A client that needs more connects
// anew, by itself and without losing anything.
const (
	maxTracksNamed     = 5000 // tracks that it wants, or has wishes about
	maxTracksAnnounced = 500  // tracks of its own
	maxTrackID         = 64   // bytes
	maxLines           = 2000 // media in one session description: a room of hundreds of cameras has two for each
)

// complete fills in what was left out.
func (l Limits) complete() Limits {
	for _, v := range []struct {
		value    *int
		standard int
	}{
		{&l.SignalBytes, DefaultLimits.SignalBytes}, {&l.SignalsPerSecond, DefaultLimits.SignalsPerSecond},
		{&l.DataBytesPerSecond, DefaultLimits.DataBytesPerSecond}, {&l.DataMessagesPerSecond, DefaultLimits.DataMessagesPerSecond},
	} {
		if *v.value <= 0 {
			*v.value = v.standard
		}
	}
	if l.MediaWithin <= 0 {
		l.MediaWithin = DefaultLimits.MediaWithin
	}
	return l
}

// limiter keeps the limits.
type limiter struct {
	Limits
	onLimit func(limit string)
}

func newLimiter(c Config) *limiter { return &limiter{c.Limits.complete(), c.OnLimit} }

// connection leads from what a client says to the connection it says it on,
// which begins a little later.
type connection struct{ conn atomic.Pointer[guarded] }

type connectionKey struct{}

func withConnection(ctx context.Context, c *connection) context.Context {
	return context.WithValue(ctx, connectionKey{}, c)
}

func (c *connection) set(g *guarded) { c.conn.Store(g) }

// end ends the connection for that reason.
func (c *connection) end(why closing) error {
	if c != nil {
		if g := c.conn.Load(); g != nil {
			g.end(why)
		}
	}
	return errClosing
}

// signals begins signalling connections that are bounded.
func (l *limiter) signals(inner routing.SignalClient) routing.SignalClient {
	return boundedSignals{inner, l}
}

type boundedSignals struct {
	routing.SignalClient
	limits *limiter
}

// StartParticipantSignal begins one. What the client says of itself is used by
// the caller, too, for the labels of its metrics.
func (s boundedSignals) StartParticipantSignal(ctx context.Context, room livekit.RoomName, pi routing.ParticipantInit, node livekit.NodeID) (
	livekit.ConnectionID, routing.MessageSink, routing.MessageSource, error) {
	boundClient(pi.Client)
	if mediaLines(pi.PublisherOffer) > maxLines {
		s.limits.onLimit(tooManyTracks.limit)
		return "", nil, nil, errClosing
	}
	pi.AddTrackRequests = pi.AddTrackRequests[:min(len(pi.AddTrackRequests), maxTracksAnnounced)]
	id, sink, source, err := s.SignalClient.StartParticipantSignal(ctx, room, pi, node)
	if err != nil {
		return id, sink, source, err
	}
	conn, _ := ctx.Value(connectionKey{}).(*connection)
	return id, &boundedSink{MessageSink: sink, limits: s.limits, conn: conn, named: make(map[string]struct{})}, source, nil
}

// maxClientText is as much as a client may say about each of its properties.
const maxClientText = 128

// boundClient bounds what a client says of itself. LiveKit keeps metrics by
// protocol, for as long as the process lives.
func boundClient(c *livekit.ClientInfo) {
	if c == nil {
		return
	}
	c.Protocol = max(0, min(c.Protocol, int32(types.CurrentProtocol)))
	for _, text := range []*string{&c.Version, &c.Os, &c.OsVersion, &c.DeviceModel, &c.Browser, &c.BrowserVersion, &c.Address, &c.Network, &c.OtherSdks} {
		if len(*text) > maxClientText {
			*text = ""
		}
	}
	if _, known := livekit.ClientInfo_SDK_name[int32(c.Sdk)]; !known {
		c.Sdk = livekit.ClientInfo_UNKNOWN
	}
}

// boundedSink takes what a client says.
type boundedSink struct {
	routing.MessageSink
	limits *limiter
	conn   *connection

	// LiveKit calls WriteMessage from one goroutine.
	named     map[string]struct{} // tracks
	announced int
}

// WriteMessage hands on what a client needs to say. The rest is for tests of
// LiveKit's own, or unknown.
func (s *boundedSink) WriteMessage(msg proto.Message) error {
	request, ok := msg.(*livekit.SignalRequest)
	if !ok {
		return s.MessageSink.WriteMessage(msg)
	}
	if !needed(request) {
		s.limits.onLimit("signalling_kind")
		return nil
	}
	if proto.Size(request) > maxOtherMessage && !describesSession(request) {
		return s.conn.end(messageTooLong)
	}
	if request.GetAddTrack() != nil {
		if s.announced++; s.announced > maxTracksAnnounced {
			return s.conn.end(tooManyTracks)
		}
	}
	if mediaLines(request.GetOffer(), request.GetAnswer(), request.GetSyncState().GetOffer(), request.GetSyncState().GetAnswer()) > maxLines {
		return s.conn.end(tooManyTracks)
	}
	for _, id := range tracksNamed(request) {
		if len(id) > maxTrackID {
			s.limits.onLimit("signalling_kind")
			return nil
		}
		s.named[id] = struct{}{}
	}
	if len(s.named) > maxTracksNamed {
		return s.conn.end(tooManyTracks)
	}
	return s.MessageSink.WriteMessage(msg)
}

// needed says whether clients have a use for such a message. Simulate makes
// LiveKit act out faults: "speakers change for n seconds" keeps a goroutine for
// as long as the client says.
func needed(r *livekit.SignalRequest) bool {
	switch r.GetMessage().(type) {
	case *livekit.SignalRequest_Offer, *livekit.SignalRequest_Answer, *livekit.SignalRequest_Trickle,
		*livekit.SignalRequest_AddTrack, *livekit.SignalRequest_Mute, *livekit.SignalRequest_UpdateAudioTrack, *livekit.SignalRequest_UpdateVideoTrack,
		*livekit.SignalRequest_Subscription, *livekit.SignalRequest_TrackSetting, *livekit.SignalRequest_UpdateLayers,
		*livekit.SignalRequest_SubscriptionPermission, *livekit.SignalRequest_SyncState,
		*livekit.SignalRequest_UpdateMetadata, // to be refused, in words
		*livekit.SignalRequest_PublishDataTrackRequest, *livekit.SignalRequest_UnpublishDataTrackRequest, *livekit.SignalRequest_UpdateDataSubscription,
		*livekit.SignalRequest_Ping, *livekit.SignalRequest_PingReq, *livekit.SignalRequest_Leave:
		return true
	}
	return false
}

// maxOtherMessage is as long as anything but a session description may be.
const maxOtherMessage = 64 << 10

// mediaLines counts the media in a session description, each of which LiveKit
// makes a transceiver for.
func mediaLines(descriptions ...*livekit.SessionDescription) (n int) {
	for _, d := range descriptions {
		n = max(n, strings.Count(d.GetSdp(), "\nm="))
	}
	return n
}

// describesSession says whether a message holds session descriptions, the only
// ones that grow with the room.
func describesSession(r *livekit.SignalRequest) bool {
	return r.GetOffer() != nil || r.GetAnswer() != nil || r.GetSyncState() != nil
}

// tracksNamed are the ids for which LiveKit makes a place in its memory,
// whether or not there are such tracks.
func tracksNamed(r *livekit.SignalRequest) []string {
	ids := append(subscribed(r.GetSubscription()), r.GetTrackSetting().GetTrackSids()...)
	ids = append(ids, subscribed(r.GetSyncState().GetSubscription())...)
	for _, update := range r.GetUpdateDataSubscription().GetUpdates() {
		ids = append(ids, update.GetTrackSid())
	}
	return ids
}

func subscribed(s *livekit.UpdateSubscription) []string {
	ids := append([]string(nil), s.GetTrackSids()...)
	for _, p := range s.GetParticipantTracks() {
		ids = append(ids, p.GetTrackSids()...)
	}
	return ids
}
