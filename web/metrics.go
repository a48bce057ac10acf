package web

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"roomkey/meet"
)

// metrics shows our own counters, and Go's and LiveKit's, which register
// themselves with Prometheus's default registry.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.MetricsElsewhere:
		s.notFound(w, r)
	case !s.metricsToken(r) && !fromThisMachine(r):
		s.refuse(w, r, &meet.Error{Code: meet.CodeForbidden, Message: "The metrics are for this machine alone",
			Hint: "Set metrics.token and send it as Authorization: Bearer, or give them an address of their own with metrics.listen."})
	default:
		s.showMetrics.ServeHTTP(w, r)
	}
}

// MetricsHandler answers GET /metrics alone, for an address of its own. Who
// reaches it may read them, unless there is a token to show.
func (s *Server) MetricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if s.MetricsToken != "" && !s.metricsToken(r) {
			s.refuse(w, r, &meet.Error{Code: meet.CodeForbidden, Message: "The metrics are shown with their token alone",
				Hint: "Send metrics.token as Authorization: Bearer."})
			return
		}
		s.showMetrics.ServeHTTP(w, r)
	})
	return mux
}

func (s *Server) newMetricsHandler() http.Handler {
	return promhttp.HandlerFor(prometheus.Gatherers{s.Metrics, prometheus.DefaultGatherer}, promhttp.HandlerOpts{})
}

// metricsToken says whether a request shows the token of the metrics.
func (s *Server) metricsToken(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return s.MetricsToken != "" && strings.EqualFold(scheme, "Bearer") &&
		subtle.ConstantTimeCompare([]byte(strings.TrimSpace(token)), []byte(s.MetricsToken)) == 1
}

// forwardingHeaders are what proxies add.
var forwardingHeaders = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
	"X-Real-Ip", "Via"}

// fromThisMachine says whether a request comes from a program on this machine
// that speaks for itself. A proxy on this machine looks almost like one; it is
// known by what it adds, by the name that it was asked for, and by HTTP/1.0,
// which nginx speaks unless told otherwise.
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

// sameHost says whether an address is the one that a request was received at:
// a machine calls its own outward address from that address.
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
