package embedded

import (
	"net"

	"github.com/livekit/livekit-server/pkg/service"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

// Buffers of media over TCP, with LiveKit's own values.
const (
	tcpReadBuffer  = 50      // packets
	tcpWriteBuffer = 4 << 20 // bytes
)

// useTCP takes media over a listener too. LiveKit by itself would listen on
// every address of the machine and offers no choice, so its WebRTC
// configuration is changed before anybody connects. Stopping rooms closes the
// listener. A connection on which no participant has spoken after
// [meet.ParticipantLimits.MediaWithin] is closed.
func useTCP(rooms *service.RoomManager, l *net.TCPListener, limits *limiter) {
	conf := webRTCConfigOf(rooms)
	conf.TCPMuxListener = l
	conf.SettingEngine.SetICETCPMux(ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener:        newMediaListener(l, mediaPerAddress, mediaInTotal, limits.onLimit),
		Logger:          conf.SettingEngine.LoggerFactory.NewLogger("tcp_mux"),
		ReadBufferSize:  tcpReadBuffer,
		WriteBufferSize: tcpWriteBuffer,
		// Until the first STUN message, and from one that names no connection to
		// when it is made.
		FirstStunBindTimeout:         limits.MediaWithin,
		AliveDurationForConnFromStun: limits.MediaWithin,
	}))
	conf.SettingEngine.SetNetworkTypes([]webrtc.NetworkType{
		webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6,
	})
}
