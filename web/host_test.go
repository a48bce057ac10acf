package web_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"roomkey/web"
	. "roomkey/web/webtest"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	s := setup(t) // public URL https://meet.example.com, allowed host Other.example.com
	everywhere := netip.MustParseAddrPort("0.0.0.0:9090")
	alone := func(c *web.Config) { c.PublicURL, c.AllowedHosts = nil, nil }
	for name, c := range map[string]struct {
		handler http.Handler
		yes, no string
	}{
		"on loopback": {
			handler: s.Handler(netip.MustParseAddrPort("127.0.0.1:9090")),
			yes: `127.0.0.1:9090 127.0.0.1 127.0.0.1:1 localhost localhost:9090 LOCALHOST:9090 [::1] [::1]:9090
				meet.example.com meet.example.com:443 MEET.Example.COM other.example.com OTHER.example.com:8080`,
			no: `evil.com evil.com:9090 127.0.0.1.evil.com 127.0.0.1.evil.com:9090 localhost.evil.com localhost.
				localhost:9090.evil.com localhost:evil.com 127.0.0.1:9090@evil.com evil.com@127.0.0.1 evil.com#127.0.0.1
				evil.com/127.0.0.1 evillocalhost meet.example.com.evil.com evil-meet.example.com example.com
				xmeet.example.com 192.168.0.7 10.0.0.1:9090 0.0.0.0 127.0.0.2 [::2] [::ffff:127.0.0.1] 2130706433
				0x7f.0.0.1 127.1 :9090 * null`,
		},
		"on every address": {
			handler: s.Handler(everywhere),
			yes:     `127.0.0.1:9090 localhost 192.168.0.7:9090 10.0.0.1 [2001:db8::1]:9090 [::1] meet.example.com`,
			no:      `evil.com 192.168.0.7.evil.com 192.168.0.7.evil.com:9090 1.2.3 256.1.1.1 rebound.evil.com:9090`,
		},
		"on one address": {
			handler: s.Handler(netip.MustParseAddrPort("192.168.0.7:9090"), alone),
			yes:     `192.168.0.7:9090 192.168.0.7 localhost:9090`,
			no:      `192.168.0.8:9090 evil.com meet.example.com other.example.com`,
		},
		"on one IPv6 address": {
			handler: s.Handler(netip.MustParseAddrPort("[2001:db8::1]:9090"), alone),
			yes:     `[2001:db8::1]:9090 [2001:DB8::1]`,
			no:      `[2001:db8::2]:9090 evil.com`,
		},
	} {
		rebound := Hand(c.handler, "GET", "/healthz", "", Host("evil.com"), Header("X-Forwarded-Host", "localhost"))
		rebound.Refused(t, name+", the true host in another header", 403)
		for _, h := range strings.Fields(c.yes) {
			Hand(c.handler, "GET", "/healthz", "", Host(h)).OK(t, name+", Host "+h)
		}
		for _, h := range append(strings.Fields(c.no), "", "evil.com localhost") {
			Hand(c.handler, "GET", "/healthz", "", Host(h)).Refused(t, name+", Host "+h, 403)
		}
	}
}
