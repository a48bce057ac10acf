package embedded

import (
	"context"
	"slices"

	"github.com/livekit/livekit-server/pkg/rtc"
	"github.com/livekit/livekit-server/pkg/rtc/types"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

// LiveKit v1.13.5 sends data (chat, text streams, files) to everybody in a room,
// whether or not they may subscribe. Here who may not get the media of others
// does not get their data either.

// receivers is told of what somebody sends, and hands it on for those who may
// get it.
type receivers struct {
	types.LocalParticipantListener
	room *rtc.Room
}

// OnDataMessage hands on what came over LiveKit's own channels.
func (l receivers) OnDataMessage(p types.LocalParticipant, kind livekit.DataPacket_Kind, packet *livekit.DataPacket) {
	if packet := forReceivers(l.room, packet); packet != nil {
		l.LocalParticipantListener.OnDataMessage(p, kind, packet)
	}
}

// OnDataMessageUnlabeled hands on what came over another channel. LiveKit would
// send it to everybody.
func (l receivers) OnDataMessageUnlabeled(p types.LocalParticipant, data []byte) {
	for _, other := range l.room.GetLocalParticipants() {
		if other.ID() != p.ID() && other.CanSubscribe() {
			_ = other.SendDataMessageUnlabeled(data, false, p.Identity()) // who is not there yet misses it, as with LiveKit
		}
	}
}

// forReceivers addresses a packet to those who may get it, if there is anybody
// in the room who may not; nil if it is for nobody then. Without an address
// LiveKit takes it for one to all.
func forReceivers(room *rtc.Room, packet *livekit.DataPacket) *livekit.DataPacket {
	people := room.GetLocalParticipants()
	if !slices.ContainsFunc(people, func(p types.LocalParticipant) bool { return !p.CanSubscribe() }) {
		return packet
	}
	sids := packet.GetUser().GetDestinationSids()                                                               //nolint:staticcheck // old clients address that way
	identities := slices.Concat(packet.GetDestinationIdentities(), packet.GetUser().GetDestinationIdentities()) //nolint:staticcheck // old clients address that way
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
		user.DestinationSids, user.DestinationIdentities = nil, nil //nolint:staticcheck // old clients address that way
	}
	return packet
}

// SendData hands on what the operator's own programs send by LiveKit's API.
func (s doorRoomService) SendData(ctx context.Context, req *livekit.SendDataRequest) (*livekit.SendDataResponse, error) {
	room := s.door.rooms.GetRoom(ctx, livekit.RoomName(req.GetRoom()))
	if room == nil {
		return s.RoomService.SendData(ctx, req)
	}
	packet := forReceivers(room, &livekit.DataPacket{DestinationIdentities: req.GetDestinationIdentities(),
		Value: &livekit.DataPacket_User{User: &livekit.UserPacket{DestinationSids: req.GetDestinationSids()}}}) //nolint:staticcheck // old clients address that way
	switch {
	case packet == nil: // for nobody: to an address that nobody has, so that it is checked as any other
		packet = &livekit.DataPacket{DestinationIdentities: []string{"nobody who may get it"}}
	case slices.Equal(packet.GetDestinationIdentities(), req.GetDestinationIdentities()):
		return s.RoomService.SendData(ctx, req)
	}
	req = proto.CloneOf(req)
	req.DestinationIdentities, req.DestinationSids = packet.GetDestinationIdentities(), nil //nolint:staticcheck // others may use it
	return s.RoomService.SendData(ctx, req)
}
