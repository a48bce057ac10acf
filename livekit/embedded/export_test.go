package embedded

import (
	"testing"

	"github.com/pion/webrtc/v4"
)

// OnlyTCP makes a server take media over TCP alone, as where a firewall stops UDP.
func OnlyTCP(t *testing.T, s *Server) {
	t.Helper()
	webRTCConfigOf(s.rooms).SettingEngine.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
}
