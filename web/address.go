package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// callerAddress is where a request comes from, as far as that can be known:
// the address of the connection, or, behind proxies that the configuration
// names, what the outermost of them says. One holder of IPv6 addresses has
// 2^64 of them, so those count by their /64.
func (s *Server) callerAddress(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	caller := peer.Addr().Unmap()
	if s.trusts(caller) {
		// Each proxy appends whom it heard from, so the list is read from
		// its end; the first one that is not a proxy of ours is the caller.
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

// networkOf is an address, or of IPv6 its /64.
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
