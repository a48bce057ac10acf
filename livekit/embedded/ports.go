package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// The settings behind Config, as a person writes them.
const (
	settingPort    = "livekit.embedded.port"
	settingUDPPort = "livekit.embedded.udp_port"
	settingTCPPort = "livekit.embedded.tcp_port"
	settingNodeIP  = "livekit.embedded.node_ip"
	settingBind    = "livekit.embedded.bind_address"
)

// chooses says whether the port of the setting is ours to choose.
func (c *Config) chooses(setting string) bool {
	switch setting {
	case settingPort:
		return c.Port == 0
	case settingUDPPort:
		return c.UDPPort == 0
	}
	return false
}

// freeTCP checks that the HTTP port is free; 0 is any. LiveKit notices too
// late, with half of itself running.
func freeTCP(ctx context.Context, port int) (int, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", net.JoinHostPort(httpAddress, strconv.Itoa(port)))
	if err != nil {
		return 0, &PortError{Network: "TCP", Port: port, Setting: settingPort, Err: reason(err)}
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// freeUDP finds the port of media, the same one on every address.
func freeUDP(ctx context.Context, cfg Config) (int, error) {
	if !listenable(ctx, cfg.BindAddress) {
		// LiveKit would run without media.
		return 0, fmt.Errorf("%s %s is not an address of this machine", settingBind, cfg.BindAddress)
	}
	if cfg.UDPPort != 0 {
		return cfg.UDPPort, tryUDP(ctx, cfg, cfg.UDPPort)
	}
	if tryUDP(ctx, cfg, PreferredUDPPort) == nil {
		return PreferredUDPPort, nil
	}
	var err error
	for range portAttempts {
		var port int
		if port, err = anyUDP(ctx, cfg.BindAddress); err != nil {
			return 0, err
		}
		if err = tryUDP(ctx, cfg, port); err == nil {
			return port, nil
		}
	}
	return 0, err
}

// portAttempts is how many ports are looked at that are free on one address and
// may be taken on another.
const portAttempts = 20

// tryUDP checks that a UDP port is free on every address of media.
func tryUDP(ctx context.Context, cfg Config, port int) error {
	for _, address := range []string{cfg.BindAddress, cfg.MachineIP} {
		if address == "" {
			continue
		}
		if _, err := listenUDP(ctx, address, port); err != nil {
			return err
		}
	}
	return nil
}

// anyUDP gives a port that is free on one address.
func anyUDP(ctx context.Context, address string) (int, error) { return listenUDP(ctx, address, 0) }

// listenable says whether media can be received on an address.
func listenable(ctx context.Context, address string) bool {
	_, err := anyUDP(ctx, address)
	return err == nil
}

// listenUDP listens for a moment and gives the port; 0 is any.
func listenUDP(ctx context.Context, address string, port int) (int, error) {
	var config net.ListenConfig
	c, err := config.ListenPacket(ctx, "udp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		return 0, &PortError{Network: "UDP", Port: port, Setting: settingUDPPort, Err: reason(err)}
	}
	return c.LocalAddr().(*net.UDPAddr).Port, c.Close()
}

// listenError makes a *PortError of err if a port was the trouble.
func listenError(err error, port, udpPort int) error {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "listen" {
		return err
	}
	switch addr := op.Addr.(type) {
	case *net.UDPAddr:
		return &PortError{Network: "UDP", Port: udpPort, Setting: settingUDPPort, Err: reason(err)}
	case *net.TCPAddr:
		if addr.Port == port {
			return &PortError{Network: "TCP", Port: port, Setting: settingPort, Err: reason(err)}
		}
	}
	return err
}

// reason is the operating system's word on why listening failed, without the
// address that the caller names anyway.
func reason(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return fmt.Errorf("%w", op.Err)
	}
	return err
}
