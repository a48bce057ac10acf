package embedded

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/livekit/livekit-server/pkg/rtc"
	"github.com/livekit/livekit-server/pkg/rtc/types"
	"github.com/pion/webrtc/v4"
	uber "go.uber.org/atomic"
)

// LiveKit v1.13.5 and pion have no way in to what a participant sends as data,
// so here three of their fields are reached by name. insideFits says whether
// they are what they were: a server that could not keep its limits does not
// start.

// listenerOf is whom a participant tells what it does and receives.
func listenerOf(p *rtc.ParticipantImpl) *uber.Pointer[types.LocalParticipantListener] {
	return field[uber.Pointer[types.LocalParticipantListener]](p, "participantListener")
}

// peersOf are the peer connections of a participant.
func peersOf(p *rtc.ParticipantImpl) (peers []*webrtc.PeerConnection) {
	for _, name := range []string{"publisher", "subscriber"} {
		if transport := *field[*rtc.PCTransport](p.TransportManager, name); transport != nil {
			peers = append(peers, *field[*webrtc.PeerConnection](transport, "pc"))
		}
	}
	return peers
}

// onDataChannelOf is who is told of a data channel that the other side has
// opened.
func onDataChannelOf(pc *webrtc.PeerConnection) func(*webrtc.DataChannel) {
	return *field[func(*webrtc.DataChannel)](pc, "onDataChannelHandler")
}

// field is where a struct keeps the field of that name and type.
func field[T any](owner any, name string) *T {
	return (*T)(unsafe.Pointer(reflect.ValueOf(owner).Elem().FieldByName(name).UnsafeAddr())) //nolint:gosec // see insideFits
}

// insideFits says which field is not what it was.
func insideFits() error {
	for _, f := range []struct {
		owner reflect.Type
		name  string
		want  reflect.Type
	}{
		{reflect.TypeFor[rtc.ParticipantImpl](), "participantListener",
			reflect.TypeFor[uber.Pointer[types.LocalParticipantListener]]()},
		{reflect.TypeFor[rtc.TransportManager](), "publisher", reflect.TypeFor[*rtc.PCTransport]()},
		{reflect.TypeFor[rtc.TransportManager](), "subscriber", reflect.TypeFor[*rtc.PCTransport]()},
		{reflect.TypeFor[rtc.PCTransport](), "pc", reflect.TypeFor[*webrtc.PeerConnection]()},
		{reflect.TypeFor[webrtc.PeerConnection](), "onDataChannelHandler", reflect.TypeFor[func(*webrtc.DataChannel)]()},
	} {
		got, ok := f.owner.FieldByName(f.name)
		if !ok || got.Type != f.want {
			return fmt.Errorf("this version of LiveKit or pion has changed: %v has no field %s of type %v", f.owner, f.name,
				f.want)
		}
	}
	return nil
}
