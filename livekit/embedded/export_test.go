package embedded

import (
	"net"
	"testing"

	"github.com/livekit/protocol/livekit"
	"github.com/pion/webrtc/v4"
)

// OnlyTCP makes a server take media over TCP alone, as where a firewall stops UDP.
func OnlyTCP(t *testing.T, s *Server) {
	t.Helper()
	webRTCConfigOf(s.rooms).SettingEngine.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
}

// Runs says whether LiveKit runs a room, so that it costs what a meeting does.
func Runs(t *testing.T, s *Server, room string) bool {
	t.Helper()
	return s.rooms.GetRoom(t.Context(), livekit.RoomName(room)) != nil
}

// MediaPerAddress is how many connections for media over TCP one address has.
const MediaPerAddress = mediaPerAddress

// NewMediaListener bounds the connections of a listener as those for media are.
func NewMediaListener(l net.Listener, perAddress, inTotal int, onLimit func(limit string)) net.Listener {
	return newMediaListener(l, perAddress, inTotal, onLimit)
}
