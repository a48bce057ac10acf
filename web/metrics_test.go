package web_test

import (
	"net/http"
	"strings"
	"testing"

	"roomkey/web"
)

const metricsToken = "a token for the metrics"

// The metrics are for who asks from this machine, and for who shows their token.
func TestMetricsAreForThisMachine(t *testing.T) {
	t.Parallel()
	local := setup(t)
	open := setup(t, func(c *web.Config) { c.MetricsToken = metricsToken })
	elsewhere := setup(t, func(c *web.Config) { c.MetricsToken, c.MetricsElsewhere = metricsToken, true })
	shown := bearer(metricsToken)
	for name, c := range map[string]struct {
		server *testServer
		edits  []edit
		want   int
	}{
		"from here":                        {local, nil, 200},
		"from here by name":                {local, []edit{host("localhost")}, 200},
		"through a proxy":                  {local, []edit{from("203.0.113.7")}, 403},
		"through Caddy":                    {local, []edit{header("Via", "1.1 Caddy")}, 403},
		"through one with a standard name": {local, []edit{header("Forwarded", "for=203.0.113.7")}, 403},
		"asked for by the public name":     {local, []edit{host("meet.example.com")}, 403},
		"a token where there is none":      {local, []edit{from("203.0.113.7"), shown}, 403},
		"an empty token":                   {local, []edit{from("203.0.113.7"), bearer("")}, 403},
		"the token through a proxy":        {open, []edit{from("203.0.113.7"), shown}, 200},
		"another token through a proxy":    {open, []edit{from("203.0.113.7"), bearer(metricsToken + "x")}, 403},
		"from here without the token":      {open, nil, 200},
		"at an address of their own":       {elsewhere, []edit{shown}, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := c.server.do(t, "GET", "/metrics", "", c.edits...)
			if r.status != c.want || strings.Contains(r.body, "go_goroutines") != (c.want == 200) {
				t.Errorf("status %d, want %d; body %.200q", r.status, c.want, r.body)
			}
		})
	}
}

// Neither another machine may read them, nor a proxy that is known only by HTTP/1.0.
func TestMetricsAreNotForStrangers(t *testing.T) {
	t.Parallel()
	s := setup(t)
	local, handler := remote("127.0.0.1:40000"), s.handler(s.listen)
	hand(handler, "GET", "/metrics", "", local).ok(t, "this machine")
	hand(handler, "GET", "/metrics", "", remote("203.0.113.7:40000")).refused(t, "another machine", 403)
	old := func(r *http.Request) { r.ProtoMajor, r.ProtoMinor, r.Proto = 1, 0, "HTTP/1.0" }
	hand(handler, "GET", "/metrics", "", local, old).refused(t, "HTTP/1.0", 403)
}

// At an address of their own there is nothing else.
func TestMetricsAtAnAddressOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, c := range map[string]struct {
		token, path, method string
		edit                edit
		want                int
	}{
		"anybody":           {"", "/metrics", "GET", remote("203.0.113.7:40000"), 200},
		"without the token": {metricsToken, "/metrics", "GET", remote("127.0.0.1:40000"), 403},
		"with the token":    {metricsToken, "/metrics", "GET", bearer(metricsToken), 200},
		"another page":      {"", "/version", "GET", host("x"), 404},
		"another method":    {"", "/metrics", "POST", host("x"), 405},
	} {
		handler := s.handler(s.listen, func(w *web.Config) { w.MetricsToken, w.MetricsElsewhere = c.token, true })
		if r := hand(handler.MetricsHandler(), c.method, c.path, "", c.edit); r.status != c.want {
			t.Errorf("%s: status %d, want %d", name, r.status, c.want)
		}
	}
}
