package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"roomkey/meet"
	. "roomkey/web/webtest"
)

func TestMethods(t *testing.T) {
	t.Parallel()
	s := setup(t)
	good := Bearer(s.Token(t, ada))
	for path, allow := range map[string]string{
		"/mcp": "POST", "/v2/token": "POST", "/api/room/create": "POST", "/api/room/join": "POST",
		"/api/room/list": "GET, HEAD", "/api/room/daily/kick/eve": "POST",
		"/api/room/daily/mute/eve": "POST", "/api/room/daily/video/eve/off": "POST",
		"/v2/room-codes/room/daily": "GET, HEAD, POST", "/v2/room-codes/room/daily/role/host": "POST",
		"/v2/room-codes/code": "POST", "/v2/room-codes/code/wpi-srjb-wer": "POST",
		"/openapi.json": "GET, HEAD", "/docs/api": "GET, HEAD", "/console": "GET, HEAD", "/healthz": "GET, HEAD",
		"/readyz":  "GET, HEAD",
		"/version": "GET, HEAD", "/metrics": "GET, HEAD", "/": "GET, HEAD", "/join": "GET, HEAD", "/join/": "GET, HEAD",
		"/join/wpi-srjb-wer": "GET, HEAD", "/m/daily": "GET, HEAD", "/join/wpi-srjb-wer/qr.svg": "GET, HEAD",
		"/join/wpi-srjb-wer/event.ics": "GET, HEAD", "/page/assets/x.js": "GET, HEAD",
		"/page/invitation": "POST", "/page/join": "POST", "/page/requests": "POST", "/page/requests/answer": "POST",
		"/page/hand": "POST", "/page/moderate": "POST", "/page/invite": "POST",
		"/rtc": "GET, HEAD, OPTIONS", "/rtc/validate": "GET, HEAD, OPTIONS",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} {
			if slices.Contains(strings.Split(allow, ", "), method) {
				continue
			}
			name := method + " " + path
			r := s.Do(t, method, path, "", good)
			if got := r.Header.Get("Allow"); r.Status != http.StatusMethodNotAllowed || got != allow {
				t.Errorf("%s: status %d, Allow %q, want 405 and %q", name, r.Status, got, allow)
				continue
			}
			if method != http.MethodHead {
				r.Refused(t, name, 405)
			}
		}
	}
}

// 405 comes before every other refusal, so that it says the same to everyone.
func TestMethodComesFirst(t *testing.T) {
	t.Parallel()
	s := setup(t)
	h := s.Handler(s.Listen)
	for name, e := range map[string]Edit{
		"no token":       func(*http.Request) {},
		"foreign host":   Host("evil.com"),
		"foreign origin": Header("Origin", "https://evil.com"),
		"large body":     func(r *http.Request) { r.ContentLength = 1 << 30 },
	} {
		Hand(h, "DELETE", "/mcp", "", e).Refused(t, name, 405)
	}
}

func TestMCPGetsWhoAsksAndWhat(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, p := range []meet.Principal{{ID: "root", Role: meet.Superadmin}, ada, {ID: "gus", Role: meet.Guest}} {
		r := s.Do(t, "POST", "/mcp", `{"a":1}`, Bearer(s.Token(t, p)))
		var got Echoed
		Strict(t, p.ID, r.Body, &got)
		want := Echoed{Subject: p.ID, Role: p.Role, Length: 7, RequestID: r.Header.Get("X-Request-Id")}
		if r.Status != http.StatusOK || got != want {
			t.Errorf("as %s: status %d, MCP got %+v, want %+v", p.ID, r.Status, got, want)
		}
	}
}
