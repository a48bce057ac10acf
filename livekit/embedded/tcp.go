package embedded

import (
	"context"
	"errors"
	"net"
	"reflect"
	"strconv"

	"github.com/livekit/livekit-server/pkg/rtc"
	"github.com/livekit/livekit-server/pkg/service"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

// Buffers of media over TCP, as LiveKit has them.
const (
	tcpReadBuffer  = 50      // packets
	tcpWriteBuffer = 4 << 20 // bytes
)

// listenTCP opens the port for media over TCP on the address that media is
// received on. It gives nil where there is to be none.
func listenTCP(ctx context.Context, cfg Config) (*net.TCPListener, error) {
	if cfg.TCPPort == 0 {
		return nil, nil
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", net.JoinHostPort(cfg.BindAddress, strconv.Itoa(cfg.TCPPort)))
	if err != nil {
		return nil, &PortError{Network: "TCP", Port: cfg.TCPPort, Setting: settingTCPPort, Err: reason(err)}
	}
	return l.(*net.TCPListener), nil
}

// useTCP has participants send media over a listener. LiveKit itself would listen
// on every address of the machine, and offers no choice; so its settings for
// WebRTC are changed where it keeps them, before anybody connects. Stopping the
// room manager closes the listener.
func useTCP(manager *service.RoomManager, l *net.TCPListener) error {
	conf, err := webRTCConfig(manager)
	if err != nil {
		return err
	}
	conf.TCPMuxListener = l
	conf.SettingEngine.SetICETCPMux(ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener:        l,
		Logger:          conf.SettingEngine.LoggerFactory.NewLogger("tcp_mux"),
		ReadBufferSize:  tcpReadBuffer,
		WriteBufferSize: tcpWriteBuffer,
	}))
	conf.SettingEngine.SetNetworkTypes([]webrtc.NetworkType{
		webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6,
	})
	return nil
}

// webRTCConfig is where a room manager keeps its settings for WebRTC.
func webRTCConfig(manager *service.RoomManager) (*rtc.WebRTCConfig, error) {
	field := reflect.ValueOf(manager).Elem().FieldByName("rtcConfig")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*rtc.WebRTCConfig]() || field.IsNil() {
		return nil, errors.New("this version of LiveKit keeps its settings for WebRTC elsewhere: leave out " + settingTCPPort)
	}
	conf, _ := reflect.NewAt(reflect.TypeFor[rtc.WebRTCConfig](), field.UnsafePointer()).Interface().(*rtc.WebRTCConfig)
	return conf, nil
}
