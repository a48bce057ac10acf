package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// callerAddress is the address that a request comes from: that of the connection,
// or behind trusted proxies the one that the outermost of them reports. An IPv6
// address counts by its /64, because one subscriber has 2^64 addresses.
func (s *Server) callerAddress(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	caller := peer.Addr().Unmap()
	if s.trusts(caller) {
		// Each proxy appends the address it was called from, so the list is read
		// from its end; the first one that is no trusted proxy is the caller.
		forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, part := range slices.Backward(forwarded) {
			hop, err := parseHop(strings.TrimSpace(part))
			if err != nil {
				break
			}
			caller = hop.Unmap()
			if !s.trusts(caller) {
				break
			}
		}
	}
	return networkOf(caller)
}

// parseHop reads an address in X-Forwarded-For. Some proxies add the port.
func parseHop(text string) (netip.Addr, error) {
	if hop, err := netip.ParseAddrPort(text); err == nil {
		return hop.Addr(), nil
	}
	return netip.ParseAddr(text)
}

// networkOf gives an IPv4 address as it is, and the /64 of an IPv6 address.
func networkOf(address netip.Addr) string {
	if address.Is6() {
		if prefix, err := address.WithZone("").Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return address.String()
}

func (s *Server) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(address) })
}
