package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet/meettest"
	"roomkey/web"
)

// down is where nobody listens, as far as a machine has such a place.
const down = "http://127.0.0.1:1"

// hanging takes every request and never answers.
func hanging(t *testing.T) string {
	t.Helper()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(release); server.Close() })
	return server.URL
}

func TestReadyz(t *testing.T) {
	t.Parallel()
	on := func(url string) func(*testing.T) *site {
		return func(t *testing.T) *site {
			log := new(logs)
			return serve(t, meettest.NewOn(t, url, log.of), log)
		}
	}
	for name, c := range map[string]struct {
		setup func(*testing.T) *site
		want  map[string]string
	}{
		"ready":        {func(t *testing.T) *site { return setup(t) }, map[string]string{"status": "ready", "database": "ok", "livekit": "ok"}},
		"LiveKit down": {on(down), map[string]string{"status": "not ready", "database": "ok", "livekit": "unavailable"}},
		"no database": {func(t *testing.T) *site {
			s := setup(t)
			if err := s.Store.Close(); err != nil {
				t.Fatalf("close the database: %v", err)
			}
			return s
		}, map[string]string{"status": "not ready", "database": "unavailable", "livekit": "ok"}},
		"LiveKit hangs": {func(t *testing.T) *site { return on(hanging(t))(t) }, map[string]string{"status": "not ready", "database": "ok", "livekit": "unavailable"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := c.setup(t)
			r := s.do(t, "GET", "/readyz", "") // the client gives up before a part that hangs would
			want := http.StatusOK
			if c.want["status"] != "ready" {
				want = http.StatusServiceUnavailable
			}
			var got map[string]string
			strict(t, name, r.body, &got)
			if r.status != want || !cmp.Equal(got, c.want) {
				t.Errorf("status %d, want %d; body:\n%s", r.status, want, cmp.Diff(c.want, got))
			}
			r.unstored(t, name)
			if r := s.do(t, "GET", "/healthz", ""); r.status != http.StatusOK || r.body != `{"status":"ok"}`+"\n" {
				t.Errorf("/healthz: status %d, body %q, want 200 and ok whatever else", r.status, r.body)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	r := setup(t).do(t, "GET", "/version", "")
	if want := `{"name":"roomkey","version":"v1.2.3","commit":"abc","go":"go1.26"}` + "\n"; r.status != http.StatusOK || r.body != want {
		t.Errorf("status %d, body %s, want 200 and %s", r.status, r.body, want)
	}
	r.unstored(t, "/version")
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{"/join/wpi-srjb-wer", "/m/secret-room", "/rtc/validate?access_token=eyJsecret", "/secret/nothing"} {
		s.do(t, "GET", path, "")
	}
	s.do(t, "POST", "/mcp", "{}")
	r := s.do(t, "GET", "/metrics", "")
	if r.status != http.StatusOK || !strings.HasPrefix(r.header.Get("Content-Type"), "text/plain") {
		t.Errorf("status %d, Content-Type %q, want 200 and text", r.status, r.header.Get("Content-Type"))
	}
	for _, want := range []string{
		`roomkey_http_requests_total{route="/join/{code}",status="200"} 1`, `roomkey_http_requests_total{route="/m/{name}",status="200"} 1`,
		`roomkey_http_requests_total{route="/rtc/",status="401"} 1`, `roomkey_http_requests_total{route="/",status="404"} 1`,
		`roomkey_http_requests_total{route="/mcp",status="401"} 1`, "go_goroutines ", "livekit_",
	} {
		if !strings.Contains(r.body, want) {
			t.Errorf("the metrics do not hold %s", want)
		}
	}
	for _, leak := range []string{"secret", "srjb"} {
		if strings.Contains(r.body, leak) {
			t.Errorf("the metrics hold %q, which somebody asked for", leak)
		}
	}
}

// The page behind a join link says the same for every code, so that it is no
// way to try them, and runs nothing.
func TestInvitations(t *testing.T) {
	t.Parallel()
	s := setup(t)
	first := s.do(t, "GET", "/join/wpi-srjb-wer", "")
	for _, path := range []string{"/join/wpi-srjb-wer", "/join/x", "/m/daily", "/join/%3Cscript%3E", "/m/%22%3E%3Cscript%3E"} {
		r := s.do(t, "GET", path, "")
		if r.status != http.StatusOK || r.body != first.body {
			t.Errorf("%s: status %d, body %.100q, want 200 and the same page for all", path, r.status, r.body)
		}
		for name, want := range map[string]string{"Content-Type": "text/html; charset=utf-8", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
			if got := r.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if csp := r.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: Content-Security-Policy %q, want nothing but what is named, and no frames", path, csp)
		}
	}
}

func TestFrontPage(t *testing.T) {
	t.Parallel()
	s := setup(t, func(c *web.Config) { c.Version.Version = "v9.8.7" })
	r := s.do(t, "GET", "/", "")
	if r.status != http.StatusOK || !strings.Contains(r.body, "v9.8.7") || !strings.Contains(r.body, "/mcp") || !strings.HasPrefix(r.header.Get("Content-Type"), "text/plain") {
		t.Errorf("status %d, body %q, want 200 and text that leads on", r.status, r.body)
	}
	if r := s.do(t, "HEAD", "/", ""); r.status != http.StatusOK || r.body != "" {
		t.Errorf("HEAD: status %d, body %q, want 200 and none", r.status, r.body)
	}
}
