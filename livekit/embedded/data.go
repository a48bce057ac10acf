package embedded

import (
	"sync/atomic"
	"time"

	"github.com/livekit/livekit-server/pkg/rtc"
	"github.com/livekit/livekit-server/pkg/rtc/datatrack"
	"github.com/livekit/livekit-server/pkg/rtc/types"
	"github.com/livekit/protocol/livekit"
	"github.com/pion/webrtc/v4"
	"golang.org/x/time/rate"
	"google.golang.org/protobuf/proto"

	"roomkey/meet"
)

// LiveKit forwards data (chat, text streams, files, RPC) as fast as it comes, and
// keeps everything that a slow receiver has not taken yet. Here the server reads
// no faster than the limit says: the sender's own side of the data channel fills
// up and waits, so nothing that was sent reliably is lost. How much is kept for a
// slow receiver LiveKit can bound by itself (see slowReceiver).

// limiter keeps the limits of one server.
type limiter struct {
	meet.ParticipantLimits
	onLimit func(limit string)
}

// How much more than the average may come at once.
const (
	signalBurst = 10
	dataBurst   = 8
)

// maxDataChannels is how many data channels a client may open on one peer
// connection; it needs three.
const maxDataChannels = 16

// apply puts the limits on a participant who has just joined.
func (l *limiter) apply(room *rtc.Room, p types.LocalParticipant) {
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
			LocalParticipantListener: subscriberListener{*inner, room},
			limits:                   l,
			bytes:                    rate.NewLimiter(rate.Limit(l.DataBytesPerSecond), dataBurst*l.DataBytesPerSecond),
			messages:                 rate.NewLimiter(rate.Limit(l.DataMessagesPerSecond), dataBurst*l.DataMessagesPerSecond),
			gone:                     p.Disconnected(),
		}
		listener.Store(&bounded)
	}
	for _, pc := range peerConnectionsOf(impl) {
		l.boundChannels(pc)
	}
}

// boundChannels closes data channels above maxDataChannels: each costs a
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

// boundedListener makes the goroutine wait that reads a data channel, one for
// each channel, and then hands the data on.
type boundedListener struct {
	types.LocalParticipantListener
	limits          *limiter
	bytes, messages *rate.Limiter
	gone            <-chan struct{} // closed when the participant has left
}

// OnDataMessage gets what came over LiveKit's own channels.
func (l *boundedListener) OnDataMessage(p types.LocalParticipant, kind livekit.DataPacket_Kind,
	packet *livekit.DataPacket) {
	if l.wait(proto.Size(packet)) {
		l.LocalParticipantListener.OnDataMessage(p, kind, packet)
	}
}

// OnMetrics gets what a client has measured.
func (l *boundedListener) OnMetrics(p types.Participant, packet *livekit.DataPacket) {
	if l.wait(proto.Size(packet)) {
		l.LocalParticipantListener.OnMetrics(p, packet)
	}
}

// OnDataMessageUnlabeled gets what came over another channel.
func (l *boundedListener) OnDataMessageUnlabeled(p types.LocalParticipant, data []byte) {
	if l.wait(len(data)) {
		l.LocalParticipantListener.OnDataMessageUnlabeled(p, data)
	}
}

// OnDataTrackMessage is called when the message has been sent; the next one waits.
func (l *boundedListener) OnDataTrackMessage(p types.Participant, data []byte, packet *datatrack.Packet) {
	if l.wait(len(data)) {
		l.LocalParticipantListener.OnDataTrackMessage(p, data, packet)
	}
}

// wait returns true when a message of that size may go on, and false when the
// participant has left.
func (l *boundedListener) wait(bytes int) bool {
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
