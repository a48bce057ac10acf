package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// hostRule says for which values of the Host header this server answers. It stops
// DNS rebinding: a page whose domain was pointed at our address.
type hostRule struct {
	names []string // lower case, without port
	anyIP bool     // the server listens on every interface, so any IP address may be its own
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
	return rule.anyIP && err == nil // DNS has no part in an IP address
}

// originAllowed says whether a request comes from no page, from one of ours, or
// from one on the allow-list. http.CrossOriginProtection of the standard library
// is not enough: it lets every GET pass, and trusts Sec-Fetch-Site.
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

// ownOrigin says whether an origin is exactly that of the public URL or of the
// host that was asked.
func (s *Server) ownOrigin(r *http.Request, origin string) bool {
	if s.PublicURL != nil && strings.EqualFold(origin, s.PublicURL.Scheme+"://"+s.PublicURL.Host) {
		return true
	}
	// hostRule has checked r.Host. A proxy may have ended TLS, so both schemes count.
	return strings.EqualFold(origin, "http://"+r.Host) || strings.EqualFold(origin, "https://"+r.Host)
}

func (s *Server) listedOrigin(origin string) bool {
	return slices.ContainsFunc(s.AllowedOrigins, func(o string) bool { return strings.EqualFold(o, origin) })
}

// preflight sets the CORS headers for pages on the allow-list and answers their
// preflight requests; it reports whether it has answered. For others the request
// is like any other, so that OPTIONS gets 405.
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
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, Mcp-Protocol-Version, Mcp-Method, "+
		"Mcp-Name, Mcp-Session-Id, Last-Event-ID, Prefer")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
