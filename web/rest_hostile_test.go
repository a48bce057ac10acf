package web_test

import (
	"net/http"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/web"
)

// restCalls are calls with a body of either API that succeed.
func (s *testServer) restCalls(t *testing.T) map[string]string {
	t.Helper()
	room, code := s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{})
	return map[string]string{
		"/api/room/create":            `{"isPublic":false}`,
		"/api/room/join":              `{"roomName":"` + room.Name + `"}`,
		"/v2/room-codes/code":         `{"code":"` + code + `","enabled":true}`,
		"/v2/room-codes/code/" + code: `{"enabled":true}`,
	}
}

// Whatever is no JSON object of the right kind is an invalid request body.
func TestInvalidBodies(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for path, good := range s.restCalls(t) {
		for name, body := range map[string]string{
			"nothing": "", "space": "  \n", "cut": good[:len(good)-1], "null": "null", "true": "true", "a number": "1", "a text": `"` + strings.Repeat("a", 20) + `"`, "a list": "[" + good + "]",
			"two": good + good, "trailing": good + "x", "a comment": good + "//", "single quotes": strings.ReplaceAll(good, `"`, "'"), "a form": "name=daily&isPublic=true",
			"XML": "<name>daily</name>", "NUL": "\x00" + good, "a byte order mark": "\ufeff" + good, "UTF-16": "\xff\xfe{\x00}\x00", "deep": strings.Repeat(`{"a":`, 50_000), "a bad escape": `{"name":"\x"}`,
			"deep and whole": strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000), "NaN": `{"maxParticipants":NaN,"enabled":NaN}`,
		} {
			s.api(t, meettest.Ada, "POST", path, body).refused(t, path+", "+name, 400)
		}
		for _, kind := range []string{"text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", "application/jsonx", "application", "json", "/", ";", "application/json; charset"} {
			r := s.api(t, meettest.Ada, "POST", path, good, header("Content-Type", kind))
			r.refused(t, path+" as "+kind, 400)
			if !strings.Contains(r.body, "Invalid request body") {
				t.Errorf("%s as %s: body %s, want Invalid request body", path, kind, r.body)
			}
		}
		for _, kind := range []string{"application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json", ""} {
			if r := s.api(t, meettest.Ada, "POST", path, good, header("Content-Type", kind)); r.status != http.StatusOK {
				t.Errorf("%s as %q: status %d, body %s, want 200", path, kind, r.status, r.body)
			}
		}
		big := good[:len(good)-1] + strings.Repeat(" ", 1<<20) + "}"
		s.api(t, meettest.Ada, "POST", path, big).refused(t, path+" with 1 MB", 413)
	}
}

// Calls that need no body do not mind one.
func TestBodiesThatNobodyReads(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, bob := s.guest(t)
	for _, body := range []string{"null", "{", "not JSON", "{}", strings.Repeat("x", 100_000)} {
		for _, path := range []string{"/api/room/" + room.ID + "/mute/" + bob.Identity(), "/api/room/" + room.ID + "/video/" + bob.Identity() + "/off",
			"/v2/room-codes/room/" + room.ID, "/v2/room-codes/room/" + room.ID + "/role/host"} {
			if r := s.api(t, meettest.Ada, "POST", path, body); r.status != http.StatusOK {
				t.Errorf("%s with %.10s: status %d, body %s, want 200", path, body, r.status, r.body)
			}
		}
	}
}

// Both APIs ask for a token and a page of ours before anything else, and refuse
// in their own shape.
func TestRESTIsGuarded(t *testing.T) {
	t.Parallel()
	s := setup(t)
	good := s.token(t, meettest.Ada)
	calls := s.restCalls(t)
	calls["/api/room/daily/kick/eve"], calls["/v2/room-codes/room/daily"] = "", ""
	for path, body := range calls {
		r := s.do(t, "POST", path, body)
		r.refused(t, path+" without a token", 401)
		if got := r.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
			t.Errorf("%s: WWW-Authenticate %q, want Bearer", path, got)
		}
		s.do(t, "POST", path, body, bearer("bad")).refused(t, path+" with a bad token", 401)
		s.do(t, "POST", path+"?access_token="+good, body, bearer(good)).refused(t, path+" with a token in the URL", 401)
		s.do(t, "POST", path, body, bearer(good), origins("https://evil.com")).refused(t, path+" from a foreign page", 403)
		s.do(t, "POST", path, body, bearer(good), host("evil.com")).refused(t, path+" for a foreign host", 403)
		r = s.do(t, "OPTIONS", path, "", origins("https://app.example.com"), header("Access-Control-Request-Method", "POST"))
		if r.status != http.StatusNoContent || !strings.Contains(r.header.Get("Access-Control-Allow-Methods"), "POST") {
			t.Errorf("%s: preflight of an allowed page: status %d, methods %q", path, r.status, r.header.Get("Access-Control-Allow-Methods"))
		}
	}
	if got := len(s.logs.String()); strings.Contains(s.logs.String(), good) || got == 0 {
		t.Error("the log holds the token, or nothing")
	}
}

// A path that is not clean is no other path: no redirect, no HTML.
func TestPathsAreTakenAsTheyAre(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, bob := s.guest(t)
	for _, path := range []string{"/api/room/../room/list", "/api/room/list/.", "/api//room/list", "//api/room/list", "/api/room/list//",
		"/v2/room-codes/room/../room/" + room.ID, "/v2/room-codes//room/" + room.ID, "/api/room/" + room.ID + "/kick/../kick/" + bob.Identity(),
		"/api/room/x/../" + room.ID + "/kick/" + bob.Identity(), "/api%2Froom%2Flist", "/api/room%2Flist", "/api/room/" + room.ID + "%2Fkick%2F" + bob.Identity()} {
		for _, method := range []string{"GET", "POST"} {
			r := s.raw(t, method+" "+path+" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+s.token(t, meettest.Ada)+"\r\nContent-Length: 0\r\n\r\n")
			r.refused(t, method+" "+path, 404)
		}
	}
	if !bob.Connected() {
		t.Error("somebody was put out")
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
		if r := s.raw(t, text); r.status < 400 || !r.closes {
			t.Errorf("%.60q: status %d, closes %t, want a refusal and the end", text, r.status, r.closes)
		}
	}
	for _, line := range []string{"OPTIONS *", "CONNECT localhost:80"} {
		s.raw(t, line+" HTTP/1.1\r\nHost: localhost\r\n\r\n").refused(t, line, 404)
	}
}

// The operator's ceilings hold on every way in: what they hide among the tools
// cannot be had over HTTP either. People with a code still come in.
func TestCeilings(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, bob := s.guest(t)
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}).Code
	at, who := "/api/room/"+room.ID, bob.Identity()
	readOnly := s.handler(s.listen, func(c *web.Config) { c.ReadOnly = true })
	gentle := s.handler(s.listen, func(c *web.Config) { c.DisableDestructive = true })
	good := bearer(s.token(t, meettest.Ada))
	for _, c := range []struct {
		method, path, body string
		reads, putsOut     bool
	}{
		{"GET", "/api/room/list", "", true, false},
		{"GET", "/v2/room-codes/room/" + room.ID, "", true, false},
		{"POST", "/api/room/create", "{}", false, false},
		{"POST", "/api/room/join", `{"roomId":"` + room.ID + `"}`, false, false},
		{"POST", "/v2/room-codes/room/" + room.ID, "", false, false},
		{"POST", "/v2/room-codes/room/" + room.ID + "/role/host", "", false, false},
		{"POST", "/v2/room-codes/code", `{"code":"` + code + `","enabled":true}`, false, false},
		{"POST", "/v2/room-codes/code/" + code, `{"enabled":true}`, false, false},
		{"POST", at + "/mute/" + who, "", false, false},
		{"POST", at + "/video/" + who + "/off", "", false, false},
		{"POST", at + "/kick/" + who, "", false, true},
	} {
		for name, h := range map[string]struct {
			handler http.Handler
			allowed bool
		}{"read-only": {readOnly, c.reads}, "disable-destructive": {gentle, !c.putsOut}} {
			r := hand(h.handler, c.method, c.path, c.body, good)
			if h.allowed && r.status != http.StatusOK {
				t.Errorf("%s: %s %s: status %d, body %s, want 200", name, c.method, c.path, r.status, r.body)
			}
			if !h.allowed {
				r.refused(t, name+": "+c.path, 403)
			}
		}
	}
	if r := hand(readOnly, "POST", "/v2/token", `{"code":"`+code+`"}`); r.status != http.StatusOK || !bob.Connected() {
		t.Errorf("read-only: the exchange answers %d, want 200: %s; Bob is inside: %v", r.status, r.body, bob.Connected())
	}
}
