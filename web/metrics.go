package web

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"roomkey/meet"
)

// metrics shows our own counters, and those of Go and LiveKit, which are in
// Prometheus's default registry.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) error {
	if s.MetricsElsewhere {
		return s.notFound(w, r)
	}
	if !s.hasMetricsToken(r) && !fromThisMachine(r) {
		return &meet.Error{Code: meet.CodeForbidden, Message: "The metrics are for this machine alone",
			Hint: "Set metrics.token and send it as Authorization: Bearer, " +
				"or give them an address of their own with metrics.listen."}
	}
	s.showMetrics.ServeHTTP(w, r)
	return nil
}

// MetricsHandler answers only GET /metrics, for an address of its own. Everybody
// who reaches that address may read the metrics, unless there is a token.
func (s *Server) MetricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if s.MetricsToken != "" && !s.hasMetricsToken(r) {
			s.writeError(w, r, &meet.Error{Code: meet.CodeForbidden, Message: "The metrics are shown only with their token",
				Hint: "Send metrics.token as Authorization: Bearer."})
			return
		}
		s.showMetrics.ServeHTTP(w, r)
	})
	return mux
}

// hasMetricsToken says whether a request bears metrics.token.
func (s *Server) hasMetricsToken(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return s.MetricsToken != "" && strings.EqualFold(scheme, "Bearer") &&
		subtle.ConstantTimeCompare([]byte(strings.TrimSpace(token)), []byte(s.MetricsToken)) == 1
}

// forwardingHeaders are what proxies add.
var forwardingHeaders = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
	"X-Real-Ip", "Via"}

// fromThisMachine says whether a request comes from a program on this machine
// itself. A proxy on this machine looks almost the same; it is recognized by the
// headers it adds, by a Host that is not of this machine, and by HTTP/1.0, which
// is nginx's default.
func fromThisMachine(r *http.Request) bool {
	for _, name := range forwardingHeaders {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !r.ProtoAtLeast(1, 1) {
		return false
	}
	at, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !peer.Addr().Unmap().IsLoopback() && !sameHost(at, peer.Addr()) {
		return false
	}
	host := hostOf(r.Host)
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && (address.Unmap().IsLoopback() || sameHost(at, address))
}

// sameHost says whether an address is the one at which a request was received: a
// machine that calls its own outward address does so from that address.
func sameHost(at net.Addr, address netip.Addr) bool {
	if at == nil {
		return false
	}
	own, err := netip.ParseAddrPort(at.String())
	return err == nil && own.Addr().Unmap() == address.Unmap()
}

// hostOf is a Host header without port and brackets.
func hostOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}
