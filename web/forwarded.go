package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"sync"
)

// forwarders are the addresses that have sent X-Forwarded-For without being a
// trusted proxy.
type forwarders struct {
	mu        sync.Mutex
	addresses []string
}

// maxForwarders is how many addresses are remembered and reported. An operator has
// few proxies; the others are strangers who make the header up.
const maxForwarders = 16

// add reports whether an address is new and was added.
func (f *forwarders) add(address string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.addresses) >= maxForwarders || slices.Contains(f.addresses, address) {
		return false
	}
	f.addresses = append(f.addresses, address)
	return true
}

// ForwardersMetric names the metric that has as labels the addresses which have
// sent X-Forwarded-For without being a trusted proxy, the first sixteen of them.
const ForwardersMetric = "roomkey_untrusted_forwarders"

// noteForwarder warns once for each address that may be a proxy that is not
// trusted: its users count as one caller, so all of them have to wait if one of
// them guesses codes.
func (s *Server) noteForwarder(r *http.Request) {
	if len(r.Header["X-Forwarded-For"]) == 0 {
		return
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || s.trusts(peer.Addr().Unmap()) {
		return
	}
	if address := networkOf(peer.Addr().Unmap()); s.forwarders.add(address) {
		s.untrusted.WithLabelValues(address).Set(1)
		s.Log.LogAttrs(r.Context(), slog.LevelWarn, "X-Forwarded-For comes from an address that is not in "+
			"http.trusted_proxies and is ignored: if that is your proxy, all its users count as one caller, "+
			"and have to wait if one of them guesses codes", slog.String("address", address))
	}
}
