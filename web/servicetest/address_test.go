package servicetest

import (
	"net/netip"
	"testing"

	"roomkey/web"
	. "roomkey/web/webtest"
)

// Ten failures of a first caller are held against a second one if both count as
// the same. 10.0.0.0/8 and fd00::/8 are our proxies.
func TestAddresses(t *testing.T) {
	t.Parallel()
	// A caller is the address of their connection and lines of X-Forwarded-For.
	type caller []string
	const proxy, direct, other = "10.0.0.1:4000", "203.0.113.9:4000", "203.0.113.10:4000"
	same := map[string][2]caller{
		"one address, two ports":         {{direct}, {"203.0.113.9:5000"}},
		"a claim without a proxy":        {{direct, "192.0.2.1"}, {direct, "192.0.2.2"}},
		"a claim to come by our proxy":   {{direct, "192.0.2.1, 10.0.0.1"}, {direct, "192.0.2.2, 10.0.0.1"}},
		"behind either proxy":            {{proxy, "192.0.2.1"}, {"10.9.9.9:1", "192.0.2.1"}},
		"a proxy that tells ports":       {{proxy, "192.0.2.1:5000"}, {proxy, "192.0.2.1:6000"}},
		"IPv6, a proxy that tells ports": {{proxy, "[2001:db8::1]:5000"}, {proxy, "2001:db8::2"}},
		"behind a proxy and without":     {{proxy, "203.0.113.9"}, {direct}},
		"behind a mapped proxy":          {{"[::ffff:10.0.0.1]:1", "192.0.2.1"}, {proxy, "192.0.2.1"}},
		"behind two proxies":             {{proxy, "192.0.2.1, 10.0.0.7"}, {proxy, "192.0.2.1,10.0.0.8"}},
		"a spoofed beginning":            {{proxy, "198.51.100.1, 192.0.2.1"}, {proxy, "198.51.100.2, 192.0.2.1"}},
		"a spoofed proxy":                {{proxy, "198.51.100.1, 10.0.0.3, 192.0.2.1"}, {proxy, "192.0.2.1"}},
		"a spoofed header line":          {{proxy, "198.51.100.1", "192.0.2.1"}, {proxy, "198.51.100.2", "192.0.2.1"}},
		"garbage":                        {{proxy, "me"}, {proxy, "you"}},
		"garbage behind an address":      {{proxy, "192.0.2.1, me"}, {proxy, "192.0.2.2, you"}},
		"garbage before an address":      {{proxy, "me, 192.0.2.1"}, {proxy, "you, 192.0.2.1"}},
		"empty":                          {{proxy, ""}, {proxy}},
		"IPv6 of one subscriber":         {{"[2001:db8::1]:1"}, {"[2001:db8::ffff:ffff:ffff:ffff]:1"}},
		"IPv6 of one behind our proxy":   {{proxy, "2001:db8::1"}, {proxy, "2001:db8::2"}},
		"IPv6 with zones":                {{"[fe80::1%eth0]:1"}, {"[fe80::2%eth1]:1"}},
		"IPv4 as IPv6":                   {{"[::ffff:203.0.113.9]:1"}, {direct}},
		"no address at all":              {{"@"}, {"@", "192.0.2.1"}},
	}
	differ := map[string][2]caller{
		"two addresses":                  {{direct}, {other}},
		"a claim to be another":          {{direct}, {other, "203.0.113.9"}},
		"behind our proxy":               {{proxy, "192.0.2.1"}, {proxy, "192.0.2.2"}},
		"two, a proxy that tells ports":  {{proxy, "192.0.2.1:5000"}, {proxy, "192.0.2.2:5000"}},
		"behind an IPv6 proxy":           {{"[fd00::1]:1", "192.0.2.1"}, {"[fd00::1]:1", "192.0.2.2"}},
		"two callers behind two proxies": {{proxy, "192.0.2.1, 10.0.0.7"}, {proxy, "192.0.2.2, 10.0.0.7"}},
		"a proxy's line of its own":      {{proxy, "192.0.2.1", "10.0.0.7"}, {proxy, "192.0.2.2", "10.0.0.7"}},
		"only proxies":                   {{proxy, "10.0.0.7"}, {proxy, "10.0.0.8, 10.0.0.7"}},
		"IPv6 of two subscribers":        {{"[2001:db8::1]:1"}, {"[2001:db8:0:1::1]:1"}},
		"two IPv4 as IPv6":               {{"[::ffff:203.0.113.9]:1"}, {"[::ffff:203.0.113.10]:1"}},
	}
	check := func(t *testing.T, first, second caller, same bool, edits ...Edit) {
		s := setup(t)
		h := s.Handler(s.Listen, func(c *web.Config) {
			c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
		})
		guess := func(c caller, edits ...Edit) Reply {
			edits = append(edits, Remote(c[0]))
			if len(c) > 1 {
				edits = append(edits, Forwarded(c[1:]...))
			}
			return Hand(h, "POST", "/v2/token", `{"code":"aaa-aaaa-aaa"}`, edits...)
		}
		Together(10, func(int) { guess(first).Refused(t, "a failure of the first one", 404) })
		guess(first).Limited(t, "an eleventh failure of the first one")
		if same {
			guess(second, edits...).Limited(t, "the second one, who is the same")
		} else {
			guess(second).Refused(t, "the second one, who is another", 404)
		}
	}
	for name, c := range same {
		t.Run(name, func(t *testing.T) { t.Parallel(); check(t, c[0], c[1], true) })
	}
	for name, c := range differ {
		t.Run(name, func(t *testing.T) { t.Parallel(); check(t, c[0], c[1], false) })
	}
	for _, name := range []string{"X-Real-Ip", "Forwarded", "True-Client-Ip"} {
		for _, from := range []string{proxy, direct} {
			t.Run(name+" from "+from, func(t *testing.T) {
				t.Parallel()
				check(t, caller{from}, caller{from}, true, Header(name, "for=192.0.2.2"))
			})
		}
	}
}
