package servicetest

import (
	"net/http"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/web"
	. "roomkey/web/webtest"
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
			"nothing": "", "space": "  \n", "cut": good[:len(good)-1], "null": "null", "true": "true", "a number": "1",
			"a text": `"aaa"`, "a list": "[" + good + "]", "two": good + good, "trailing": good + "x",
			"a comment": good + "//", "single quotes": strings.ReplaceAll(good, `"`, "'"), "XML": "<name>daily</name>",
			"a form": "name=daily&isPublic=true", "NUL": "\x00" + good, "a byte order mark": "\ufeff" + good,
			"UTF-16": "\xff\xfe{\x00}\x00", "deep": strings.Repeat(`{"a":`, 50_000), "a bad escape": `{"name":"\x"}`,
			"deep and whole": strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000),
			"NaN":            `{"maxParticipants":NaN,"enabled":NaN}`,
		} {
			s.api(t, meettest.Ada, "POST", path, body).Refused(t, path+", "+name, 400)
		}
		for _, kind := range []string{"text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded",
			"multipart/form-data; boundary=x", "text/json", "application/jsonx", "application", "json", "/", ";",
			"application/json; charset"} {
			r := s.api(t, meettest.Ada, "POST", path, good, Header("Content-Type", kind))
			r.Refused(t, path+" as "+kind, 400, "Invalid request body")
		}
		for _, kind := range []string{"application/json", "application/json; charset=utf-8", "APPLICATION/JSON",
			"application/vnd.api+json", ""} {
			s.api(t, meettest.Ada, "POST", path, good, Header("Content-Type", kind)).OK(t, path+" as "+kind)
		}
		big := good[:len(good)-1] + strings.Repeat(" ", 1<<20) + "}"
		s.api(t, meettest.Ada, "POST", path, big).Refused(t, path+" with 1 MB", 413)
	}
}

// Calls that need no body do not mind one.
func TestBodiesThatNobodyReads(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, bob := s.guest(t)
	for _, body := range []string{"null", "{", "not JSON", "{}", strings.Repeat("x", 100_000)} {
		for _, path := range []string{"/api/room/" + room.ID + "/mute/" + bob.Identity(),
			"/api/room/" + room.ID + "/video/" + bob.Identity() + "/off",
			"/v2/room-codes/room/" + room.ID, "/v2/room-codes/room/" + room.ID + "/role/host"} {
			s.api(t, meettest.Ada, "POST", path, body).OK(t, path+" with "+body)
		}
	}
}

// The operator's ceilings hold for the HTTP APIs as for the tools. People with a
// code still come in.
func TestCeilings(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, bob := s.guest(t)
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}).Code
	at, who := "/api/room/"+room.ID, bob.Identity()
	readOnly := s.Handler(s.Listen, func(c *web.Config) { c.ReadOnly = true })
	gentle := s.Handler(s.Listen, func(c *web.Config) { c.DisableDestructive = true })
	good := Bearer(s.Token(t, meettest.Ada))
	for _, c := range []struct {
		method, path, body string
		reads, removes     bool
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
		}{"read-only": {readOnly, c.reads}, "disable-destructive": {gentle, !c.removes}} {
			r := Hand(h.handler, c.method, c.path, c.body, good)
			if name += ": " + c.method + " " + c.path; h.allowed {
				r.OK(t, name)
			} else {
				r.Refused(t, name, 403)
			}
		}
	}
	Hand(readOnly, "POST", "/v2/token", `{"code":"`+code+`"}`).OK(t, "read-only: the exchange")
	if !bob.Connected() {
		t.Error("Bob was removed")
	}
}
