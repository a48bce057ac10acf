package embedded

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/livekit/livekit-server/pkg/config"
	"github.com/livekit/livekit-server/pkg/rtc"
	"github.com/livekit/livekit-server/pkg/rtc/datatrack"
	"github.com/livekit/livekit-server/pkg/rtc/types"
	"github.com/livekit/livekit-server/pkg/telemetry"
	"github.com/livekit/protocol/livekit"
	"github.com/pion/webrtc/v4"
	"golang.org/x/time/rate"
	"google.golang.org/protobuf/proto"
)

// LiveKit forwards data (chat, text streams, files, RPC) as fast as it comes,
// and keeps for a slow receiver whatever that one has not taken. Here the
// server reads no faster than the limit says: the sender's own side of the data
// channel fills up and waits, so nothing that was sent reliably is lost. What a
// slow receiver has not taken is bounded by LiveKit itself, once it is told to
// (see Config.livekit).

// maxDataChannels is how many data channels one peer connection may open; a
// client opens three.
const maxDataChannels = 16

// events sees everybody who has come in before they have a media connection.
func (l *limiter) events(inner telemetry.TelemetryService, d *door) telemetry.TelemetryService {
	return boundedEvents{inner, l, d}
}

type boundedEvents struct {
	telemetry.TelemetryService
	limits *limiter
	door   *door
}

// ParticipantJoined is called before LiveKit looks at anything that the
// participant says.
func (e boundedEvents) ParticipantJoined(ctx context.Context, room *livekit.Room, participant *livekit.ParticipantInfo,
	client *livekit.ClientInfo, meta *livekit.AnalyticsClientMeta, tell bool, guard *telemetry.ReferenceGuard) {
	if r := e.door.rooms.GetRoom(ctx, livekit.RoomName(room.GetName())); r != nil {
		if p := r.GetParticipant(livekit.ParticipantIdentity(participant.GetIdentity())); p != nil {
			e.limits.bind(r, p)
		}
	}
	e.TelemetryService.ParticipantJoined(ctx, room, participant, client, meta, tell, guard)
}

// bind puts the limits on somebody who has just come in.
func (l *limiter) bind(room *rtc.Room, p types.LocalParticipant) {
	time.AfterFunc(l.MediaWithin, func() {
		if !p.HasConnected() && !p.IsClosed() {
			l.onLimit("signalling_without_media")
			room.RemoveParticipant(p.Identity(), p.ID(), types.ParticipantCloseReasonJoinTimeout)
		}
	})
	impl, ok := p.(*rtc.ParticipantImpl)
	if !ok {
		return
	}
	listener := listenerOf(impl)
	if inner := listener.Load(); inner != nil {
		var bounded types.LocalParticipantListener = &boundedListener{
			LocalParticipantListener: receivers{*inner, room}, limits: l, gone: p.Disconnected(),
			bytes:    rate.NewLimiter(rate.Limit(l.DataBytesPerSecond), dataBurst*l.DataBytesPerSecond),
			messages: rate.NewLimiter(rate.Limit(l.DataMessagesPerSecond), dataBurst*l.DataMessagesPerSecond),
		}
		listener.Store(&bounded)
	}
	for _, pc := range peersOf(impl) {
		l.boundChannels(pc)
	}
}

// boundChannels closes the data channels that are too many: each costs a
// goroutine with a buffer.
func (l *limiter) boundChannels(pc *webrtc.PeerConnection) {
	open := onDataChannelOf(pc)
	var opened atomic.Int32
	pc.OnDataChannel(func(dc *webrtc.DataChannel) {
		if opened.Add(1) > maxDataChannels {
			l.onLimit("data_channels")
			dc.OnOpen(func() {
				if raw, err := dc.Detach(); err == nil {
					_ = raw.Close()
				}
			})
			return
		}
		open(dc)
	})
}

// boundedListener is told of data by the goroutine that reads it, one for each
// data channel, and lets it wait.
type boundedListener struct {
	types.LocalParticipantListener
	limits          *limiter
	bytes, messages *rate.Limiter
	gone            <-chan struct{} // the participant is
}

// OnDataMessage hands on what came over LiveKit's own channels.
func (l *boundedListener) OnDataMessage(p types.LocalParticipant, kind livekit.DataPacket_Kind, packet *livekit.DataPacket) {
	if l.wait(packet) {
		l.LocalParticipantListener.OnDataMessage(p, kind, packet)
	}
}

// OnMetrics hands on what a client has measured.
func (l *boundedListener) OnMetrics(p types.Participant, packet *livekit.DataPacket) {
	if l.wait(packet) {
		l.LocalParticipantListener.OnMetrics(p, packet)
	}
}

// OnDataMessageUnlabeled hands on what came over another channel.
func (l *boundedListener) OnDataMessageUnlabeled(p types.LocalParticipant, data []byte) {
	if l.waitFor(len(data)) {
		l.LocalParticipantListener.OnDataMessageUnlabeled(p, data)
	}
}

// OnDataTrackMessage is told after the message went out; the next one waits.
func (l *boundedListener) OnDataTrackMessage(p types.Participant, data []byte, packet *datatrack.Packet) {
	if l.waitFor(len(data)) {
		l.LocalParticipantListener.OnDataTrackMessage(p, data, packet)
	}
}

func (l *boundedListener) wait(packet *livekit.DataPacket) bool { return l.waitFor(proto.Size(packet)) }

// waitFor returns when a message of that size may go on; false if nobody is
// there any more.
func (l *boundedListener) waitFor(bytes int) bool {
	now := time.Now()
	delay := max(l.bytes.ReserveN(now, min(bytes, l.bytes.Burst())).DelayFrom(now),
		l.messages.ReserveN(now, 1).DelayFrom(now))
	if delay <= 0 {
		return true
	}
	l.limits.onLimit("data_per_second")
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.gone:
		return false
	}
}

// slowReceiver is how many bits a second somebody takes at least for whom
// senders wait; who takes less misses what does not fit.
const slowReceiver = 256_000

// boundBuffers bounds what is kept for those who do not take what they are
// sent. Without it LiveKit keeps everything.
func boundBuffers(c *config.RTCConfig) {
	c.DatachannelSlowThreshold = slowReceiver
	c.DatachannelLossyTargetLatency = 200 * time.Millisecond
}
