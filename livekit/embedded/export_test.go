package embedded

import (
	"testing"

	"github.com/pion/webrtc/v4"
)

// OnlyTCP has a server take media over TCP alone, as where a firewall stops UDP.
func OnlyTCP(t *testing.T, s *Server) {
	t.Helper()
	conf, err := webRTCConfig(s.lk.RoomManager())
	if err != nil {
		t.Fatal(err)
	}
	conf.SettingEngine.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
}
