package embedded

import (
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
