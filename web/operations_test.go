package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// withoutDatabase gives a server with its database closed.
func withoutDatabase(t *testing.T) *testServer {
	t.Helper()
	s := setup(t)
	must(t, s.Store.Close())
	return s
}

func TestReadyz(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server   *testServer
		database string
		livekit  string
	}{
		"ready":         {setup(t), "ok", "ok"},
		"LiveKit down":  {setupOn(t, down), "ok", "unavailable"},
		"no database":   {withoutDatabase(t), "unavailable", "ok"},
		"LiveKit hangs": {setupOn(t, hanging(t)), "ok", "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, status := map[string]string{"status": "ready", "database": c.database, "livekit": c.livekit}, http.StatusOK
			if name != "ready" {
				want["status"], status = "not ready", http.StatusServiceUnavailable
			}
			r := c.server.do(t, "GET", "/readyz", "") // the client gives up before a part that hangs would
			var got map[string]string
			strict(t, name, r.body, &got)
			if r.status != status || !cmp.Equal(got, want) {
				t.Errorf("status %d, want %d; body:\n%s", r.status, status, cmp.Diff(want, got))
			}
			r.unstored(t, name)
			if r := c.server.do(t, "GET", "/healthz", ""); r.status != http.StatusOK || r.body != `{"status":"ok"}`+"\n" {
				t.Errorf("/healthz: status %d, body %q, want 200 and ok whatever else", r.status, r.body)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	r := setup(t).do(t, "GET", "/version", "")
	r.ok(t, "/version")
	if want := `{"name":"roomkey","version":"v1.2.3","commit":"abc","go":"go1.26"}` + "\n"; r.body != want {
		t.Errorf("body %s, want %s", r.body, want)
	}
	r.unstored(t, "/version")
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{
		"/join/wpi-srjb-wer", "/m/secret-room", "/rtc/validate?access_token=eyJsecret", "/secret/nothing"} {
		s.do(t, "GET", path, "")
	}
	s.do(t, "POST", "/mcp", "{}")
	r := s.do(t, "GET", "/metrics", "")
	if r.status != http.StatusOK || !strings.HasPrefix(r.header.Get("Content-Type"), "text/plain") {
		t.Errorf("status %d, Content-Type %q, want 200 and text", r.status, r.header.Get("Content-Type"))
	}
	for _, want := range []string{
		`route="/join/{code}",status="200"} 1`, `route="/m/{name}",status="200"} 1`, `route="/rtc/",status="401"} 1`,
		`roomkey_http_requests_total{route="/",status="404"} 1`, `route="/mcp",status="401"} 1`, "go_goroutines ", "livekit_",
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

func TestFrontPage(t *testing.T) {
	t.Parallel()
	s := setup(t, func(c *web.Config) { c.Version.Version = "v9.8.7" })
	r := s.do(t, "GET", "/", "")
	r.ok(t, "/")
	if !strings.Contains(r.body, "v9.8.7") || !strings.Contains(r.body, "/mcp") ||
		!strings.HasPrefix(r.header.Get("Content-Type"), "text/plain") {
		t.Errorf("body %q, want text that leads on", r.body)
	}
	if r := s.do(t, "HEAD", "/", ""); r.status != http.StatusOK || r.body != "" {
		t.Errorf("HEAD: status %d, body %q, want 200 and none", r.status, r.body)
	}
}
