package main

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// publicURL is where people reach this server: as configured, or straight at
// the address it listens on.
func publicURL(c Config, listen netip.AddrPort) (*url.URL, error) {
	if c.PublicURL != "" {
		return parsePublicURL(c.PublicURL)
	}
	host := listen.Addr()
	if host.IsUnspecified() {
		host = outwardAddress()
	}
	return &url.URL{Scheme: "http", Host: netip.AddrPortFrom(host, listen.Port()).String()}, nil
}

const loopbackIP = "127.0.0.1"

// nodeIP is where participants send media to the LiveKit inside: as
// configured; this machine alone if that is all we serve; else the address
// other machines know this one by.
func nodeIP(c Config, listen netip.AddrPort) string {
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

// machineIP is where participants may send media beside nodeIP: this machine's
// own address where nodeIP is loopback because of the defaults, or "" where it
// has none or one was configured. Firefox sends nothing to a loopback address,
// not even on the same machine.
func machineIP(c Config, listen netip.AddrPort) string {
	outward := outwardAddress()
	if c.LiveKit.Embedded.NodeIP != "" || nodeIP(c, listen) != loopbackIP || outward.IsLoopback() {
		return ""
	}
	return outward.String()
}

// outwardAddress is this machine's first address that is not loopback, IPv4
// rather than IPv6; the loopback address where there is none.
func outwardAddress() netip.Addr {
	best := netip.AddrFrom4([4]byte{127, 0, 0, 1})
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

// webSocketURL is the same server for LiveKit's clients.
func webSocketURL(s string) string {
	scheme, rest, _ := strings.Cut(s, "://")
	scheme = strings.Replace(strings.ToLower(scheme), "http", "ws", 1)
	return scheme + "://" + strings.TrimSuffix(rest, "/")
}

// mustPrefixes reads networks that the configuration's check has passed.
func mustPrefixes(texts []string) []netip.Prefix {
	prefixes, err := parsePrefixes(texts)
	if err != nil {
		panic("trusted_proxies were checked: " + err.Error())
	}
	return prefixes
}

// reachable turns an address that is listened on into one to connect to.
func reachable(address string) string {
	listen, err := netip.ParseAddrPort(address)
	if err != nil || !listen.Addr().IsUnspecified() {
		return address
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), listen.Port()).String()
}
