package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// hostRule decides which values of the Host header this server answers for,
// so that a page whose domain was rebound to our address gets nowhere.
type hostRule struct {
	names []string // lower case, without port
	anyIP bool     // listening on every interface: any address may be ours
}

var loopbackNames = []string{"localhost", "127.0.0.1", "::1"}

func newHostRule(listen netip.AddrPort, public *url.URL, further []string) hostRule {
	rule := hostRule{names: slices.Clone(loopbackNames), anyIP: listen.Addr().IsUnspecified()}
	rule.names = append(rule.names, listen.Addr().String())
	if public != nil {
		rule.names = append(rule.names, strings.ToLower(public.Hostname()))
	}
	for _, host := range further {
		rule.names = append(rule.names, strings.ToLower(host))
	}
	return rule
}

func (rule hostRule) allows(host string) bool {
	name := strings.ToLower(host)
	if h, port, err := net.SplitHostPort(name); err == nil {
		if strings.Trim(port, "0123456789") != "" {
			return false
		}
		name = h
	}
	name = strings.Trim(name, "[]")
	if slices.Contains(rule.names, name) {
		return true
	}
	_, err := netip.ParseAddr(name)
	return rule.anyIP && err == nil // an address cannot be rebound
}

// originAllowed says whether the page a request comes from may call us: no
// page at all, one of our own, or one on the allow-list.
func (s *Server) originAllowed(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	if len(origins) > 1 {
		return false
	}
	return s.ownOrigin(r, origins[0]) || s.listedOrigin(origins[0])
}

// ownOrigin compares whole texts: a browser sends a scheme and a host, and
// what only begins or ends like ours is not ours.
func (s *Server) ownOrigin(r *http.Request, origin string) bool {
	if s.PublicURL != nil && strings.EqualFold(origin, s.PublicURL.Scheme+"://"+s.PublicURL.Host) {
		return true
	}
	// r.Host has passed the host rule; whether TLS ended before us is not known.
	return strings.EqualFold(origin, "http://"+r.Host) || strings.EqualFold(origin, "https://"+r.Host)
}

func (s *Server) listedOrigin(origin string) bool {
	return slices.ContainsFunc(s.AllowedOrigins, func(o string) bool { return strings.EqualFold(o, origin) })
}

// preflight speaks CORS with the pages on the allow-list, and with nobody
// else. It reports whether it has answered the request.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request, methods []string) bool {
	origin := r.Header.Get("Origin")
	if len(r.Header.Values("Origin")) != 1 || !s.listedOrigin(origin) {
		return false
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Add("Vary", "Origin")
	h.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After, WWW-Authenticate, Link")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, Mcp-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id, Last-Event-ID, Prefer")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
