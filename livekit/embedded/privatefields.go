package embedded

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/livekit/livekit-server/pkg/rtc"
	"github.com/livekit/livekit-server/pkg/rtc/types"
	"github.com/livekit/livekit-server/pkg/service"
	"github.com/pion/webrtc/v4"
	uber "go.uber.org/atomic"
)

// LiveKit and pion offer no other way to bound the data that a participant
// sends, or to choose the address of media over TCP. So these fields of theirs
// are reached by name. A server whose LiveKit lacks one of them does not start,
// because it could not keep its limits.
var privateFields = []privateField{
	fieldOf[rtc.ParticipantImpl, uber.Pointer[types.LocalParticipantListener]]("participantListener"),
	fieldOf[rtc.TransportManager, *rtc.PCTransport]("publisher"),
	fieldOf[rtc.TransportManager, *rtc.PCTransport]("subscriber"),
	fieldOf[rtc.PCTransport, *webrtc.PeerConnection]("pc"),
	fieldOf[webrtc.PeerConnection, func(*webrtc.DataChannel)]("onDataChannelHandler"),
	fieldOf[service.RoomManager, *rtc.WebRTCConfig]("rtcConfig"),
}

type privateField struct {
	owner, want reflect.Type
	name        string
}

func fieldOf[Owner, Field any](name string) privateField {
	return privateField{owner: reflect.TypeFor[Owner](), want: reflect.TypeFor[Field](), name: name}
}

func checkFields(fields []privateField) error {
	for _, f := range fields {
		if got, ok := f.owner.FieldByName(f.name); !ok || got.Type != f.want {
			return fmt.Errorf("this version of LiveKit or pion has changed: %v has no field %s of type %v",
				f.owner, f.name, f.want)
		}
	}
	return nil
}

// private gives the address of a private field. checkFields has compared
// its type.
func private[Field any](owner any, name string) *Field {
	field := reflect.ValueOf(owner).Elem().FieldByName(name)
	return (*Field)(unsafe.Pointer(field.UnsafeAddr())) //nolint:gosec // see privateFields
}

func listenerOf(p *rtc.ParticipantImpl) *uber.Pointer[types.LocalParticipantListener] {
	return private[uber.Pointer[types.LocalParticipantListener]](p, "participantListener")
}

func peerConnectionsOf(p *rtc.ParticipantImpl) (all []*webrtc.PeerConnection) {
	for _, name := range []string{"publisher", "subscriber"} {
		if transport := *private[*rtc.PCTransport](p.TransportManager, name); transport != nil {
			all = append(all, *private[*webrtc.PeerConnection](transport, "pc"))
		}
	}
	return all
}

func onDataChannelOf(pc *webrtc.PeerConnection) func(*webrtc.DataChannel) {
	return *private[func(*webrtc.DataChannel)](pc, "onDataChannelHandler")
}

func webRTCConfigOf(rooms *service.RoomManager) *rtc.WebRTCConfig {
	return *private[*rtc.WebRTCConfig](rooms, "rtcConfig")
}
