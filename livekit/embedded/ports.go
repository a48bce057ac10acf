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
)

// listenTCP listens on a TCP port; 0 is any.
func listenTCP(ctx context.Context, setting, address string, port int) (*net.TCPListener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf(portProblem, "TCP", port, systemError(err), setting)
	}
	return l.(*net.TCPListener), nil
}

// listenMediaTCP listens for media over TCP; it gives nil where that is off.
func listenMediaTCP(ctx context.Context, cfg Config) (*net.TCPListener, error) {
	at := cfg.bindAddress().String()
	switch cfg.TCPPort {
	case 0:
		return nil, nil
	case AnyTCPPort:
		if l, err := listenTCP(ctx, settingTCPPort, at, PreferredTCPPort); err == nil {
			return l, nil
		}
		return listenTCP(ctx, settingTCPPort, at, 0)
	}
	return listenTCP(ctx, settingTCPPort, at, cfg.TCPPort)
}

// probeUDP listens on a UDP port for a moment and gives its number; 0 is any.
func probeUDP(ctx context.Context, address string, port int) (int, error) {
	var config net.ListenConfig
	c, err := config.ListenPacket(ctx, "udp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		return 0, newUDPPortError(port, err)
	}
	return c.LocalAddr().(*net.UDPAddr).Port, c.Close()
}

// portProblem says that a port cannot be used, and which setting chooses it.
const portProblem = "%s port %d cannot be used: %w; free it or choose another one with %s"

type udpPortError struct{ error }

func newUDPPortError(port int, err error) error {
	return udpPortError{fmt.Errorf(portProblem, "UDP", port, systemError(err), settingUDPPort)}
}

// freeUDP finds a media port that is free on every address of media. LiveKit
// binds it a moment later.
func freeUDP(ctx context.Context, cfg Config) (int, error) {
	bind := cfg.bindAddress().String()
	free := func(port int) error {
		_, err := probeUDP(ctx, bind, port)
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
		if port, err = probeUDP(ctx, bind, 0); err == nil {
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
