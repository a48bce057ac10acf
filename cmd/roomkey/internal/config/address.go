package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// parseListen reads an address to listen on. No host means all interfaces.
func parseListen(s string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("must be an address and a port like 127.0.0.1:9090, not %q", s)
	}
	switch host {
	case "localhost":
		host = loopbackIP
	case "":
		host = "0.0.0.0"
	}
	address, err := netip.ParseAddrPort(net.JoinHostPort(host, port))
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("must be an IP address and a port like 127.0.0.1:9090, not %q", s)
	}
	return address, nil
}

func parsePublicURL(s string) (*url.URL, error) {
	u, ok := ParseURL(strings.TrimSuffix(s, "/"), "http", "https")
	if !ok || u.Path != "" {
		return nil, fmt.Errorf("must be a URL like https://meet.example.com without a path, not %q", s)
	}
	return u, nil
}

// checked gives what was read from a configuration that was checked.
func checked[T any](value T, err error) T {
	if err != nil {
		panic("the configuration was not checked: " + err.Error())
	}
	return value
}

// ListenAddress is where the server listens.
func (c Config) ListenAddress() netip.AddrPort { return checked(parseListen(c.Listen)) }

// Address is where the metrics are, if they have an address of their own.
func (m Metrics) Address() netip.AddrPort { return checked(parseListen(m.Listen)) }

// PublicAddress is where people reach a server that listens at an address: at
// PublicURL, or straight at that address.
func (c Config) PublicAddress(listen netip.AddrPort) *url.URL {
	if c.PublicURL != "" {
		return checked(parsePublicURL(c.PublicURL))
	}
	host := listen.Addr()
	if host.IsUnspecified() {
		host = outwardAddress()
	}
	return &url.URL{Scheme: "http", Host: netip.AddrPortFrom(host, listen.Port()).String()}
}

const loopbackIP = "127.0.0.1"

// NodeIP is where participants send media to the LiveKit inside of a server that
// listens at an address: as configured; at the loopback address if only this
// machine is served; else at the address by which other machines know this one.
func (c Config) NodeIP(listen netip.AddrPort) string {
	switch {
	case c.LiveKit.Embedded.NodeIP != "":
		return c.LiveKit.Embedded.NodeIP
	case listen.Addr().IsLoopback() && c.PublicURL == "":
		return loopbackIP
	case !listen.Addr().IsLoopback() && !listen.Addr().IsUnspecified():
		return listen.Addr().String()
	}
	return outwardAddress().String()
}

// MachineIP is a second address for media, beside NodeIP: this machine's own
// address where NodeIP is loopback by default. It is empty where the machine has
// no other address, or NodeIP is configured. Firefox sends nothing to a loopback
// address, not even on the same machine.
func (c Config) MachineIP(listen netip.AddrPort) string {
	outward := outwardAddress()
	if c.LiveKit.Embedded.NodeIP != "" || c.NodeIP(listen) != loopbackIP || outward.IsLoopback() {
		return ""
	}
	return outward.String()
}

// outwardAddress is this machine's first address that is not loopback, IPv4
// rather than IPv6; the loopback address where there is none.
func outwardAddress() netip.Addr {
	best := netip.MustParseAddr(loopbackIP)
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return best
	}
	for _, a := range addresses {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		switch ip := prefix.Addr().Unmap(); {
		case ip.IsLoopback() || ip.IsLinkLocalUnicast():
		case ip.Is4():
			return ip
		case best.IsLoopback():
			best = ip
		}
	}
	return best
}

// LocalURL is where the server of this configuration answers on this machine.
func (c Config) LocalURL() string { return "http://" + Reachable(c.ListenAddress()).String() }

// MetricsURL is where the metrics are of a server that answers at base, on this
// machine.
func (c Config) MetricsURL(base string) string {
	if c.Metrics.Listen != "" {
		base = "http://" + Reachable(c.Metrics.Address()).String()
	}
	return base + "/metrics"
}

// WebSocketURL is the URL of the same server for LiveKit's clients.
func WebSocketURL(s string) string {
	scheme, rest, _ := strings.Cut(s, "://")
	scheme = strings.Replace(strings.ToLower(scheme), "http", "ws", 1)
	return scheme + "://" + strings.TrimSuffix(rest, "/")
}

// Reachable turns an address that is listened on into one to connect to.
func Reachable(listen netip.AddrPort) netip.AddrPort {
	address := listen.Addr().Unmap()
	if address.IsUnspecified() {
		address = netip.MustParseAddr(loopbackIP)
	}
	return netip.AddrPortFrom(address, listen.Port())
}
