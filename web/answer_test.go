package web_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/web"
	. "roomkey/web/webtest"
)

// A path that is not clean is no other path: no redirect, no HTML, and no 401 as
// the other one would give without a token.
func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{
		"/nothing", "/mcp/x", "/mcp/x/", "/MCP", "/v2", "/v2/", "/v2/token/", "/join/a/b", "/m/",
		"/healthz/", "/.env", "/twirp/livekit.RoomService/ListRooms", "/rtcx", "/debug/pprof/", "/agent", "/api", "/api/",
		"/api/room", "/api/room/", "/api/room/list/", "/api/room/daily/kick/", "/api/room/daily/kick/eve/",
		"/api/room/daily/video/eve", "/api/room//kick/eve", "/v2/room-codes", "/v2/room-codes/", "/v2/room-codes/room/",
		"/v2/room-codes/code/", "/v2/room-codes/code/a/b", "/v2/room-codes/room/daily/role/", "/%2e%2e/etc/passwd",
		"/../etc/passwd", "/./", "//evil.com/", "/join/../mcp", "/api/room/../room/list", "/api/./room/list",
		"/api//room/list", "/v2/room-codes/../token", "/v2//token", "/api/../v2/token", "/v2/token/..", "/v2/token/.",
		"/\\evil.com", "/nothing?token=x", "/api/room/list/.", "/api/room/list//", "/api/room/daily/kick/../kick/eve",
		"/api/room/x/../daily/kick/eve", "/v2/room-codes/room/../room/daily", "/v2/room-codes//room/daily",
		"/api%2Froom%2Flist", "/api/room%2Flist", "/api/room/daily%2Fkick%2Feve",
	} {
		for _, method := range []string{"GET", "POST", "DELETE", "OPTIONS"} {
			s.Do(t, method, path, "").Refused(t, method+" "+path, 404)
		}
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	s := setup(t)
	seen := map[string]bool{}
	for range 50 {
		r := s.Do(t, "GET", "/nothing", "", Header("X-Request-Id", "mine"))
		id := r.Header.Get("X-Request-Id")
		if seen[id] || id == "" || id == "mine" {
			t.Errorf("X-Request-Id is %q, want one that nobody had before", id)
		}
		seen[id] = true
	}
}

// With several instances behind one address, their answers tell them apart.
func TestInstancesAreNamed(t *testing.T) {
	t.Parallel()
	s := setup(t, func(c *web.Config) {
		c.Instance, c.Shared = "k3f9q2xa", true
		fine := func(context.Context) error { return nil }
		c.Ready = map[string]func(context.Context) error{"database": fine, "livekit": fine}
	})
	id := s.Do(t, "GET", "/nothing", "").Header.Get("X-Request-Id")
	if !strings.HasPrefix(id, "k3f9q2xa-") {
		t.Errorf("X-Request-Id is %q, want one that names the instance", id)
	}
	for path, want := range map[string]string{
		"/healthz": `{"instance":"k3f9q2xa","status":"ok"}`, "/readyz": `"instance":"k3f9q2xa"`} {
		if r := s.Do(t, "GET", path, ""); !strings.Contains(r.Body, want) {
			t.Errorf("%s answers %s, want %s in it", path, r.Body, want)
		}
	}
	if one := web.NewInstance(); len(one) != 8 || one == web.NewInstance() {
		t.Errorf("NewInstance gives %q, want eight letters that nobody had before", one)
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
		r := s.Do(t, "POST", "/mcp", "{}", Bearer(s.Token(t, ada)))
		r.Refused(t, name, 500)
		for _, leak := range []string{secret, "panic", "goroutine", ".go:", "nil map"} {
			if strings.Contains(r.Body, leak) {
				t.Errorf("%s: the answer holds %q: %s", name, leak, r.Body)
			}
		}
		log := s.Logs.String()
		id := r.Header.Get("X-Request-Id")
		for _, want := range []string{`"msg":"panic"`, "goroutine", `"request_id":"` + id + `"`, `"status":500`} {
			if !strings.Contains(log, want) {
				t.Errorf("%s: the log does not hold %s:\n%s", name, want, log)
			}
		}
		const counted = `roomkey_http_requests_total{route="/mcp",status="500"} 1`
		if m := s.Do(t, "GET", "/metrics", "").Body; !strings.Contains(m, counted) {
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
		r, err := s.Send(t, "POST", "/mcp", strings.NewReader("{}"), Bearer(s.Token(t, ada)))
		if err == nil {
			t.Errorf("%s: status %d, body %q, want a broken connection", name, r.Status, r.Body)
		}
		if strings.Contains(r.Body, "error") {
			t.Errorf("%s: an error was put behind half an answer: %s", name, r.Body)
		}
		if got := strings.Contains(s.Logs.String(), `"msg":"panic"`); got != (name == "panic") {
			t.Errorf("%s: logged as a panic %t, want %t", name, got, name == "panic")
		}
		if r := s.Do(t, "GET", "/healthz", ""); r.Status != http.StatusOK {
			t.Errorf("%s: /healthz says %d afterwards, want 200", name, r.Status)
		}
	}
}

// Nobody holds a connection for as long as they like.
func TestEveryWaitIsBounded(t *testing.T) {
	t.Parallel()
	s := setup(t)
	server := s.Handler(s.Listen).HTTPServer()
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
	r := s.Do(t, "GET", "/healthz", "", Header("X-Long", strings.Repeat("a", 64<<10)))
	if r.Status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 KiB of headers: status %d, want 431", r.Status)
	}
}

// No call is held for so long that the server, or a proxy, cuts it off.
func TestWaitsAreBounded(t *testing.T) {
	t.Parallel()
	s := setup(t)
	if timeout := s.Handler(s.Listen).HTTPServer().WriteTimeout; web.LongestWait > timeout/2 {
		t.Errorf("calls are held for up to %v, and cut off after %v", web.LongestWait, timeout)
	}
}

// What net/http cannot read as a request it refuses itself and hangs up; OPTIONS *
// and CONNECT are requests for nothing that there is.
func TestWhatIsNoRequest(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, text := range []string{
		"POST /api/room/daily/kick/eve%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"POST /api/room/list HTTP/1.1\r\nHost: a b\r\n\r\n",
		"POST /api/room/list HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n",
	} {
		if r := s.Raw(t, text); r.Status < 400 || !r.Closes {
			t.Errorf("%.60q: status %d, closes %t, want a refusal and the end", text, r.Status, r.Closes)
		}
	}
	for _, line := range []string{"OPTIONS *", "CONNECT localhost:80"} {
		s.Raw(t, line+" HTTP/1.1\r\nHost: localhost\r\n\r\n").Refused(t, line, 404)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	r := setup(t).Do(t, "GET", "/version", "")
	r.OK(t, "/version")
	if want := `{"name":"roomkey","version":"v1.2.3","commit":"abc","go":"go1.26"}` + "\n"; r.Body != want {
		t.Errorf("body %s, want %s", r.Body, want)
	}
	r.Unstored(t, "/version")
}

func TestFrontPage(t *testing.T) {
	t.Parallel()
	s := setup(t)
	page := s.Do(t, "GET", "/join/aaa-aaaa-aaa", "")
	for _, path := range []string{"/", "/join", "/join/"} {
		r := s.Do(t, "GET", path, "")
		r.OK(t, path)
		if r.Body != page.Body || r.Header.Get("Content-Type") != page.Header.Get("Content-Type") {
			t.Errorf("%s: %q, want the join page, which asks for a code there", path, r.Body)
		}
	}
	if r := s.Do(t, "HEAD", "/", ""); r.Status != http.StatusOK || r.Body != "" {
		t.Errorf("HEAD: status %d, body %q, want 200 and none", r.Status, r.Body)
	}
}
