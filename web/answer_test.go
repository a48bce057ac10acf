package web_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/web"
)

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{
		"/nothing", "/mcp/x", "/mcp/x/", "/MCP", "/v2", "/v2/", "/v2/token/", "/join", "/join/", "/join/a/b", "/m/",
		"/healthz/", "/.env", "/twirp/livekit.RoomService/ListRooms", "/rtcx", "/debug/pprof/", "/agent", "/api", "/api/",
		"/api/room", "/api/room/", "/api/room/list/", "/api/room/daily/kick/", "/api/room/daily/kick/eve/",
		"/api/room/daily/video/eve", "/api/room//kick/eve", "/v2/room-codes", "/v2/room-codes/", "/v2/room-codes/room/",
		"/v2/room-codes/code/", "/v2/room-codes/code/a/b", "/v2/room-codes/room/daily/role/", "/%2e%2e/etc/passwd",
		"/../etc/passwd", "/./", "//evil.com/", "/join/../mcp", "/api/room/../room/list", "/api/./room/list",
		"/api//room/list", "/v2/room-codes/../token", "/v2//token", "/api/../v2/token", "/v2/token/..", "/v2/token/.",
		"/\\evil.com", "/nothing?token=x",
	} {
		for _, method := range []string{"GET", "POST", "DELETE", "OPTIONS"} {
			s.do(t, method, path, "").refused(t, method+" "+path, 404)
		}
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	s := setup(t)
	seen := map[string]bool{}
	for range 50 {
		r := s.do(t, "GET", "/nothing", "", header("X-Request-Id", "mine"))
		id := r.header.Get("X-Request-Id")
		if seen[id] || id == "" || id == "mine" {
			t.Errorf("X-Request-Id is %q, want one that nobody had before", id)
		}
		seen[id] = true
	}
}

func TestPanics(t *testing.T) {
	t.Parallel()
	secret := "postgres://user:password@db"
	for name, fall := range map[string]func(){
		"text":  func() { panic(secret) },
		"error": func() { panic(errors.New(secret)) },
		"ours":  func() { panic(&meet.Error{Code: meet.CodeNotFound, Message: secret}) },
		"Go's":  func() { var m map[string]int; m[secret] = 1 },
	} {
		s := setup(t, func(c *web.Config) {
			c.MCP = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				fall()
			})
		})
		r := s.do(t, "POST", "/mcp", "{}", bearer(s.token(t, meettest.Ada)))
		r.refused(t, name, 500)
		for _, leak := range []string{secret, "panic", "goroutine", ".go:", "nil map"} {
			if strings.Contains(r.body, leak) {
				t.Errorf("%s: the answer holds %q: %s", name, leak, r.body)
			}
		}
		log := s.logs.String()
		id := r.header.Get("X-Request-Id")
		for _, want := range []string{`"msg":"panic"`, "goroutine", `"request_id":"` + id + `"`, `"status":500`} {
			if !strings.Contains(log, want) {
				t.Errorf("%s: the log does not hold %s:\n%s", name, want, log)
			}
		}
		const counted = `roomkey_http_requests_total{route="/mcp",status="500"} 1`
		if m := s.do(t, "GET", "/metrics", "").body; !strings.Contains(m, counted) {
			t.Errorf("%s: the metrics do not count it", name)
		}
	}
}

// Half an answer must not pass for a whole one: its connection breaks.
func TestPanicsInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]any{"panic": "no", "abort": http.ErrAbortHandler} {
		s := setup(t, func(c *web.Config) {
			c.MCP = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"result":`)
				_ = http.NewResponseController(w).Flush()
				panic(cause)
			})
		})
		r, err := s.send(t, "POST", "/mcp", strings.NewReader("{}"), bearer(s.token(t, meettest.Ada)))
		if err == nil {
			t.Errorf("%s: status %d, body %q, want a broken connection", name, r.status, r.body)
		}
		if strings.Contains(r.body, "error") {
			t.Errorf("%s: an error was put behind half an answer: %s", name, r.body)
		}
		if got := strings.Contains(s.logs.String(), `"msg":"panic"`); got != (name == "panic") {
			t.Errorf("%s: logged as a panic %t, want %t", name, got, name == "panic")
		}
		if r := s.do(t, "GET", "/healthz", ""); r.status != http.StatusOK {
			t.Errorf("%s: /healthz says %d afterwards, want 200", name, r.status)
		}
	}
}

// Nobody holds a connection for as long as they like.
func TestEveryWaitIsBounded(t *testing.T) {
	t.Parallel()
	s := setup(t)
	server := s.handler(s.listen).HTTPServer()
	for name, d := range map[string]time.Duration{
		"header": server.ReadHeaderTimeout, "read": server.ReadTimeout,
		"write": server.WriteTimeout, "idle": server.IdleTimeout,
	} {
		if d <= 0 || d > 5*time.Minute {
			t.Errorf("%s timeout is %v, want one of at most 5 minutes", name, d)
		}
	}
	if server.MaxHeaderBytes <= 0 || server.MaxHeaderBytes > 64<<10 {
		t.Errorf("headers may have %d bytes, want at most 64 KiB", server.MaxHeaderBytes)
	}
	r := s.do(t, "GET", "/healthz", "", header("X-Long", strings.Repeat("a", 64<<10)))
	if r.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 KiB of headers: status %d, want 431", r.status)
	}
}
