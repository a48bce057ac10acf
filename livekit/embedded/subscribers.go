package embedded

import (
	"slices"

	"github.com/livekit/livekit-server/pkg/rtc"
	"github.com/livekit/livekit-server/pkg/rtc/types"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

// LiveKit v1.13.5 sends data (chat, text streams, files) to everybody in a room,
// whether or not they may subscribe. Here a participant who may not get the media
// of others does not get their data either. What is sent by LiveKit's API would go
// to everybody; nothing here sends any.

// subscriberListener addresses what a participant sends to those who may subscribe.
type subscriberListener struct {
	types.LocalParticipantListener
	room *rtc.Room
}

// OnDataMessage gets what came over LiveKit's own channels.
func (l subscriberListener) OnDataMessage(p types.LocalParticipant, kind livekit.DataPacket_Kind,
	packet *livekit.DataPacket) {
	if packet := addressToSubscribers(l.room, packet); packet != nil {
		l.LocalParticipantListener.OnDataMessage(p, kind, packet)
	}
}

// OnDataMessageUnlabeled gets what came over another channel. LiveKit would send
// it to everybody.
func (l subscriberListener) OnDataMessageUnlabeled(p types.LocalParticipant, data []byte) {
	for _, other := range l.room.GetLocalParticipants() {
		if other.ID() != p.ID() && other.CanSubscribe() {
			// As with LiveKit, a participant without a connection yet misses it.
			_ = other.SendDataMessageUnlabeled(data, false, p.Identity())
		}
	}
}

// userAddresses are the addresses in the user packet, where old clients put them.
func userAddresses(p *livekit.UserPacket) (sids, identities []string) {
	return p.GetDestinationSids(), p.GetDestinationIdentities() //nolint:staticcheck // old clients
}

// addressToSubscribers addresses a packet to those who may get it, if anybody in the room
// may not. It gives nil if nobody is left: LiveKit sends a packet without an
// address to all.
func addressToSubscribers(room *rtc.Room, packet *livekit.DataPacket) *livekit.DataPacket {
	people := room.GetLocalParticipants()
	if !slices.ContainsFunc(people, func(p types.LocalParticipant) bool { return !p.CanSubscribe() }) {
		return packet
	}
	sids, identities := userAddresses(packet.GetUser())
	identities = slices.Concat(packet.GetDestinationIdentities(), identities)
	toAll := len(sids) == 0 && len(identities) == 0
	var to []string
	for _, p := range people {
		meant := toAll || slices.Contains(sids, string(p.ID())) || slices.Contains(identities, string(p.Identity()))
		if meant && p.CanSubscribe() {
			to = append(to, string(p.Identity()))
		}
	}
	if len(to) == 0 {
		return nil
	}
	packet = proto.CloneOf(packet)
	packet.DestinationIdentities = to
	if user := packet.GetUser(); user != nil {
		user.DestinationSids, user.DestinationIdentities = nil, nil //nolint:staticcheck // old clients
	}
	return packet
}
