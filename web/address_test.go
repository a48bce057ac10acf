package web_test

import (
	"net/http"
	"net/netip"
	"testing"

	"roomkey/web"
)

// TestAddresses holds who counts as one caller: ten failures of the first one
// are held against the second one, or not. 10.0.0.0/8 and fd00::/8 are our
// proxies.
func TestAddresses(t *testing.T) {
	t.Parallel()
	const (
		proxy   = "10.0.0.1:4000"
		direct  = "203.0.113.9:4000"
		differ  = false
		isSame  = true
		noProxy = "203.0.113.10:4000"
	)
	for name, c := range map[string]struct {
		a, b []edit
		same bool
	}{
		"one address, two ports":              {[]edit{remote(direct)}, []edit{remote("203.0.113.9:5000")}, isSame},
		"two addresses":                       {[]edit{remote(direct)}, []edit{remote(noProxy)}, differ},
		"a claim without a proxy":             {[]edit{remote(direct), forwarded("192.0.2.1")}, []edit{remote(direct), forwarded("192.0.2.2")}, isSame},
		"a claim to be another":               {[]edit{remote(direct)}, []edit{remote(noProxy), forwarded("203.0.113.9")}, differ},
		"a claim to come by our proxy":        {[]edit{remote(direct), forwarded("192.0.2.1, 10.0.0.1")}, []edit{remote(direct), forwarded("192.0.2.2, 10.0.0.1")}, isSame},
		"behind our proxy":                    {[]edit{remote(proxy), forwarded("192.0.2.1")}, []edit{remote(proxy), forwarded("192.0.2.2")}, differ},
		"behind either proxy":                 {[]edit{remote(proxy), forwarded("192.0.2.1")}, []edit{remote("10.9.9.9:1"), forwarded("192.0.2.1")}, isSame},
		"behind a proxy that tells ports":     {[]edit{remote(proxy), forwarded("192.0.2.1:5000")}, []edit{remote(proxy), forwarded("192.0.2.1:6000")}, isSame},
		"two behind one that tells ports":     {[]edit{remote(proxy), forwarded("192.0.2.1:5000")}, []edit{remote(proxy), forwarded("192.0.2.2:5000")}, differ},
		"IPv6 behind one that tells ports":    {[]edit{remote(proxy), forwarded("[2001:db8::1]:5000")}, []edit{remote(proxy), forwarded("2001:db8::2")}, isSame},
		"behind a proxy and without":          {[]edit{remote(proxy), forwarded("203.0.113.9")}, []edit{remote(direct)}, isSame},
		"behind an IPv6 proxy":                {[]edit{remote("[fd00::1]:1"), forwarded("192.0.2.1")}, []edit{remote("[fd00::1]:1"), forwarded("192.0.2.2")}, differ},
		"behind a mapped proxy":               {[]edit{remote("[::ffff:10.0.0.1]:1"), forwarded("192.0.2.1")}, []edit{remote(proxy), forwarded("192.0.2.1")}, isSame},
		"behind two proxies":                  {[]edit{remote(proxy), forwarded("192.0.2.1, 10.0.0.7")}, []edit{remote(proxy), forwarded("192.0.2.1,10.0.0.8")}, isSame},
		"two callers behind two proxies":      {[]edit{remote(proxy), forwarded("192.0.2.1, 10.0.0.7")}, []edit{remote(proxy), forwarded("192.0.2.2, 10.0.0.7")}, differ},
		"a spoofed beginning":                 {[]edit{remote(proxy), forwarded("198.51.100.1, 192.0.2.1")}, []edit{remote(proxy), forwarded("198.51.100.2, 192.0.2.1")}, isSame},
		"a spoofed proxy":                     {[]edit{remote(proxy), forwarded("198.51.100.1, 10.0.0.3, 192.0.2.1")}, []edit{remote(proxy), forwarded("192.0.2.1")}, isSame},
		"a spoofed header line":               {[]edit{remote(proxy), forwarded("198.51.100.1", "192.0.2.1")}, []edit{remote(proxy), forwarded("198.51.100.2", "192.0.2.1")}, isSame},
		"a proxy's line of its own":           {[]edit{remote(proxy), forwarded("192.0.2.1", "10.0.0.7")}, []edit{remote(proxy), forwarded("192.0.2.2", "10.0.0.7")}, differ},
		"garbage":                             {[]edit{remote(proxy), forwarded("me")}, []edit{remote(proxy), forwarded("you")}, isSame},
		"garbage behind an address":           {[]edit{remote(proxy), forwarded("192.0.2.1, me")}, []edit{remote(proxy), forwarded("192.0.2.2, you")}, isSame},
		"garbage before an address":           {[]edit{remote(proxy), forwarded("me, 192.0.2.1")}, []edit{remote(proxy), forwarded("you, 192.0.2.1")}, isSame},
		"empty":                               {[]edit{remote(proxy), forwarded("")}, []edit{remote(proxy)}, isSame},
		"only proxies":                        {[]edit{remote(proxy), forwarded("10.0.0.7")}, []edit{remote(proxy), forwarded("10.0.0.8, 10.0.0.7")}, differ},
		"other headers":                       {[]edit{remote(proxy), header("X-Real-Ip", "192.0.2.1")}, []edit{remote(proxy), header("Forwarded", "for=192.0.2.2")}, isSame},
		"other headers, direct":               {[]edit{remote(direct), header("X-Real-Ip", "192.0.2.1")}, []edit{remote(direct), header("True-Client-Ip", "192.0.2.2")}, isSame},
		"IPv6 of one holder":                  {[]edit{remote("[2001:db8::1]:1")}, []edit{remote("[2001:db8::ffff:ffff:ffff:ffff]:1")}, isSame},
		"IPv6 of two holders":                 {[]edit{remote("[2001:db8::1]:1")}, []edit{remote("[2001:db8:0:1::1]:1")}, differ},
		"IPv6 of one holder behind our proxy": {[]edit{remote(proxy), forwarded("2001:db8::1")}, []edit{remote(proxy), forwarded("2001:db8::2")}, isSame},
		"IPv6 with zones":                     {[]edit{remote("[fe80::1%eth0]:1")}, []edit{remote("[fe80::2%eth1]:1")}, isSame},
		"IPv4 as IPv6":                        {[]edit{remote("[::ffff:203.0.113.9]:1")}, []edit{remote(direct)}, isSame},
		"two IPv4 as IPv6":                    {[]edit{remote("[::ffff:203.0.113.9]:1")}, []edit{remote("[::ffff:203.0.113.10]:1")}, differ},
		"no address at all":                   {[]edit{remote("@")}, []edit{remote("@"), forwarded("192.0.2.1")}, isSame},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t)
			h := s.handler(s.listen, func(c *web.Config) {
				c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
			})
			guess := func(e []edit) reply { return hand(h, "POST", "/v2/token", `{"code":"aaa-aaaa-aaa"}`, e...) }
			together(10, func(int) { guess(c.a).refusedExchange(t, "a failure of the first one", http.StatusNotFound) })
			guess(c.a).limited(t, "an eleventh failure of the first one")
			if c.same {
				guess(c.b).limited(t, "the second one, who is the same")
			} else {
				guess(c.b).refusedExchange(t, "the second one, who is another", http.StatusNotFound)
			}
		})
	}
}
