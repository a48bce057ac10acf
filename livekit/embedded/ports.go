package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// The settings of Config, as a person writes them in the configuration.
const (
	settingPort    = "livekit.embedded.port"
	settingUDPPort = "livekit.embedded.udp_port"
	settingTCPPort = "livekit.embedded.tcp_port"
	settingNodeIP  = "livekit.embedded.node_ip"
	settingBind    = "livekit.embedded.bind_address"
)

// listenTCP listens on a TCP port; 0 is any.
func listenTCP(ctx context.Context, setting, address string, port int) (*net.TCPListener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		return nil, &PortError{Network: "TCP", Port: port, Setting: setting, Err: systemError(err)}
	}
	return l.(*net.TCPListener), nil
}

// probeUDP listens on a UDP port for a moment and gives its number; 0 is any.
func probeUDP(ctx context.Context, address string, port int) (int, error) {
	var config net.ListenConfig
	c, err := config.ListenPacket(ctx, "udp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		return 0, udpPortError(port, err)
	}
	return c.LocalAddr().(*net.UDPAddr).Port, c.Close()
}

// udpPortError says that the media port cannot be used.
func udpPortError(port int, err error) error {
	return &PortError{Network: "UDP", Port: port, Setting: settingUDPPort, Err: systemError(err)}
}

// freeUDP finds a media port that is free on every address of media. LiveKit
// binds it a moment later.
func freeUDP(ctx context.Context, cfg Config) (int, error) {
	if _, err := probeUDP(ctx, cfg.BindAddress, 0); err != nil {
		// LiveKit would run without media.
		return 0, fmt.Errorf("%s %s is not an address of this machine", settingBind, cfg.BindAddress)
	}
	free := func(port int) error {
		_, err := probeUDP(ctx, cfg.BindAddress, port)
		if err == nil && cfg.MachineIP != "" {
			_, err = probeUDP(ctx, cfg.MachineIP, port)
		}
		return err
	}
	if cfg.UDPPort != 0 {
		return cfg.UDPPort, free(cfg.UDPPort)
	}
	port, err := PreferredUDPPort, free(PreferredUDPPort)
	const attempts = 20 // a port that is free on one address may be taken on the other
	for n := 0; err != nil && n < attempts; n++ {
		if port, err = probeUDP(ctx, cfg.BindAddress, 0); err == nil {
			err = free(port)
		}
	}
	return port, err
}

// systemError is the operating system's reason without the address, which the
// caller names anyway.
func systemError(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
