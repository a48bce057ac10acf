package web_test

import (
	"net/http"
	"strings"
	"testing"

	"roomkey/web"
	. "roomkey/web/webtest"
)

const metricsToken = "a token for the metrics"

// The metrics are for who asks from this machine, and for who shows their token.
func TestMetricsAreForThisMachine(t *testing.T) {
	t.Parallel()
	local := setup(t)
	open := setup(t, func(c *web.Config) { c.MetricsToken = metricsToken })
	elsewhere := setup(t, func(c *web.Config) { c.MetricsToken, c.MetricsElsewhere = metricsToken, true })
	shown := Bearer(metricsToken)
	for name, c := range map[string]struct {
		server *Server
		edits  []Edit
		want   int
	}{
		"from here":                        {local, nil, 200},
		"from here by name":                {local, []Edit{Host("localhost")}, 200},
		"through a proxy":                  {local, []Edit{From("203.0.113.7")}, 403},
		"through Caddy":                    {local, []Edit{Header("Via", "1.1 Caddy")}, 403},
		"through one with a standard name": {local, []Edit{Header("Forwarded", "for=203.0.113.7")}, 403},
		"asked for by the public name":     {local, []Edit{Host("meet.example.com")}, 403},
		"a token where there is none":      {local, []Edit{From("203.0.113.7"), shown}, 403},
		"an empty token":                   {local, []Edit{From("203.0.113.7"), Bearer("")}, 403},
		"the token through a proxy":        {open, []Edit{From("203.0.113.7"), shown}, 200},
		"another token through a proxy":    {open, []Edit{From("203.0.113.7"), Bearer(metricsToken + "x")}, 403},
		"from here without the token":      {open, nil, 200},
		"at an address of their own":       {elsewhere, []Edit{shown}, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := c.server.Do(t, "GET", "/metrics", "", c.edits...)
			if r.Status != c.want || strings.Contains(r.Body, "go_goroutines") != (c.want == 200) {
				t.Errorf("status %d, want %d; body %.200q", r.Status, c.want, r.Body)
			}
		})
	}
}

// Neither another machine may read them, nor a proxy that is known only by HTTP/1.0.
func TestMetricsAreNotForStrangers(t *testing.T) {
	t.Parallel()
	s := setup(t)
	local, handler := Remote("127.0.0.1:40000"), s.Handler(s.Listen)
	Hand(handler, "GET", "/metrics", "", local).OK(t, "this machine")
	Hand(handler, "GET", "/metrics", "", Remote("203.0.113.7:40000")).Refused(t, "another machine", 403)
	old := func(r *http.Request) { r.ProtoMajor, r.ProtoMinor, r.Proto = 1, 0, "HTTP/1.0" }
	Hand(handler, "GET", "/metrics", "", local, old).Refused(t, "HTTP/1.0", 403)
}

// At an address of their own there is nothing else.
func TestMetricsAtAnAddressOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, c := range map[string]struct {
		token, path, method string
		edit                Edit
		want                int
	}{
		"anybody":           {"", "/metrics", "GET", Remote("203.0.113.7:40000"), 200},
		"without the token": {metricsToken, "/metrics", "GET", Remote("127.0.0.1:40000"), 403},
		"with the token":    {metricsToken, "/metrics", "GET", Bearer(metricsToken), 200},
		"another page":      {"", "/version", "GET", Host("x"), 404},
		"another method":    {"", "/metrics", "POST", Host("x"), 405},
	} {
		handler := s.Handler(s.Listen, func(w *web.Config) { w.MetricsToken, w.MetricsElsewhere = c.token, true })
		if r := Hand(handler.MetricsHandler(), c.method, c.path, "", c.edit); r.Status != c.want {
			t.Errorf("%s: status %d, want %d", name, r.Status, c.want)
		}
	}
}
