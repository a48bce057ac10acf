package servicetest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet/meettest/offline"
	. "roomkey/web/webtest"
)

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
	Must(t, s.Store.Close())
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
		"LiveKit down":  {setupOn(t, offline.LiveKit), "ok", "unavailable"},
		"no database":   {withoutDatabase(t), "unavailable", "ok"},
		"LiveKit hangs": {setupOn(t, hanging(t)), "ok", "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, status := map[string]string{"status": "ready", "database": c.database, "livekit": c.livekit}, http.StatusOK
			if name != "ready" {
				want["status"], status = "not ready", http.StatusServiceUnavailable
			}
			// A bad token does no harm. The client gives up before a part that hangs would.
			r := c.server.Do(t, "GET", "/readyz", "", Bearer("bad"))
			var got map[string]string
			Strict(t, name, r.Body, &got)
			if r.Status != status || !cmp.Equal(got, want) {
				t.Errorf("status %d, want %d; body:\n%s", r.Status, status, cmp.Diff(want, got))
			}
			r.Unstored(t, name)
			if r := c.server.Do(t, "GET", "/healthz", ""); r.Status != http.StatusOK || r.Body != `{"status":"ok"}`+"\n" {
				t.Errorf("/healthz: status %d, body %q, want 200 and ok whatever else", r.Status, r.Body)
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{
		"/join/wpi-srjb-wer", "/m/secret-room", "/rtc/validate?access_token=eyJsecret", "/secret/nothing"} {
		s.Do(t, "GET", path, "")
	}
	s.Do(t, "POST", "/mcp", "{}")
	r := s.Do(t, "GET", "/metrics", "")
	if r.Status != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("status %d, Content-Type %q, want 200 and text", r.Status, r.Header.Get("Content-Type"))
	}
	for _, want := range []string{
		`route="/join/{code}",status="200"} 1`, `route="/m/{name}",status="200"} 1`, `route="/rtc/",status="401"} 1`,
		`roomkey_http_requests_total{route="/",status="404"} 1`, `route="/mcp",status="401"} 1`, "go_goroutines ", "livekit_",
	} {
		if !strings.Contains(r.Body, want) {
			t.Errorf("the metrics do not hold %s", want)
		}
	}
	for _, leak := range []string{"secret", "srjb"} {
		if strings.Contains(r.Body, leak) {
			t.Errorf("the metrics hold %q, which somebody asked for", leak)
		}
	}
}
