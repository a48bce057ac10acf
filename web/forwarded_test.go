package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"roomkey/web"
)

// X-Forwarded-For from an address that is no trusted proxy is told once for each
// address, and not without end.
func TestForwardersAreToldOnce(t *testing.T) {
	t.Parallel()
	s := setup(t)
	server := s.Handler(s.Listen, func(c *web.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	})
	forwarders := func() (addresses []string) {
		families, err := server.Metrics.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			if family.GetName() == web.ForwardersMetric {
				for _, metric := range family.GetMetric() {
					addresses = append(addresses, metric.GetLabel()[0].GetValue())
				}
			}
		}
		return addresses
	}
	ask := func(from, forwarded string) {
		r := httptest.NewRequest(http.MethodGet, "http://localhost/healthz", nil)
		r.RemoteAddr = from
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		server.ServeHTTP(httptest.NewRecorder(), r)
	}
	ask("192.0.2.1:1000", "")            // no proxy
	ask("10.1.2.3:1000", "198.51.100.7") // a trusted one
	ask("[::ffff:10.1.2.3]:1000", "198.51.100.7")
	if got := forwarders(); len(got) > 0 {
		t.Errorf("without one that is not trusted: got %v, want none", got)
	}
	for port := range 50 {
		ask(fmt.Sprintf("192.0.2.1:%d", 1000+port), "198.51.100.7")
		ask(fmt.Sprintf("[2001:db8::%d]:1000", 1+port), "")
		ask(fmt.Sprintf("[2001:db8::%d]:1000", 1+port), "198.51.100.8")
	}
	if diff := cmp.Diff([]string{"192.0.2.1", "2001:db8::/64"}, forwarders()); diff != "" {
		t.Errorf("forwarders (-want +got):\n%s", diff)
	}
	const warning = "X-Forwarded-For comes from an address that is not in http.trusted_proxies"
	if n := strings.Count(s.Logs.String(), warning); n != 2 {
		t.Errorf("warnings: got %d, want one for each address:\n%s", n, s.Logs)
	}
	for i := range 250 {
		ask(fmt.Sprintf("203.0.113.%d:1000", i), "x")
	}
	if n, told := len(forwarders()), strings.Count(s.Logs.String(), warning); n != 16 || told != n {
		t.Errorf("strangers who make it up: got %d remembered, %d warnings, want 16", n, told)
	}
}

// A WebSocket to try the way is accepted and closed; without the upgrade, the
// answer says what is missing.
func TestUpgradeIsTried(t *testing.T) {
	t.Parallel()
	s := setup(t)
	conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), s.Signal()+web.UpgradePath,
		http.Header{"Origin": {"https://elsewhere.example.org"}})
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close()
	_ = resp.Body.Close()
	if _, _, err = conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("then: got %v, want a normal end", err)
	}
	r := s.Do(t, "GET", web.UpgradePath, "")
	r.Refused(t, "no upgrade", 426)
	if got := r.Header.Get("Upgrade"); got != "websocket" {
		t.Errorf("Upgrade: got %q, want websocket", got)
	}
}
