package servicetest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/web"
	"roomkey/web/openapitest"
	. "roomkey/web/webtest"
)

// reading is a body that does something when it is read.
type reading func() error

func (r reading) Read([]byte) (int, error) { return 0, r() }

// read puts such a body into a request, of a length that nobody knows.
func read(r reading) Edit {
	return func(req *http.Request) { req.Body, req.ContentLength = io.NopCloser(r), -1 }
}

// Every operation refuses as the document says: without a good token, from a
// foreign page, for another host, with another method, a body that is too large or
// breaks off; and when a handler panics or the database is out of reach.
func TestEveryOperationRefuses(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code := s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{})
	h := s.Handler(s.Listen)
	broken := withoutDatabase(t)
	down := broken.Handler(broken.Listen)
	good := Bearer(s.Token(t, meettest.Ada))
	fill := strings.NewReplacer("{roomId}", room.ID, "{room_id}", room.ID, "{identity}", "eve", "{role}", "host",
		"{code}", code)
	bodies := map[string]string{
		"/api/room/create":           "{}",
		"/api/room/join":             `{"roomId":"` + room.ID + `"}`,
		"/v2/token":                  `{"code":"` + code + `"}`,
		"/v2/room-codes/code":        `{"code":"` + code + `","enabled":true}`,
		"/v2/room-codes/code/{code}": `{"enabled":true}`,
	}
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	Must(t, json.Unmarshal(web.OpenAPI(nil, ""), &document))
	for template, item := range document.Paths {
		for method := range item {
			if method == "parameters" {
				continue
			}
			method, path, body := strings.ToUpper(method), fill.Replace(template), bodies[template]
			api := strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/v2/")
			refuses := func(what string, h http.Handler, status int, method string, edits ...Edit) {
				t.Helper()
				r := Hand(h, method, path, body, edits...)
				openapitest.Check(t, method, &url.URL{Path: path}, r.Status, r.Header, []byte(r.Body))
				r.Refused(t, method+" "+path+", "+what, status)
			}
			refuses("a foreign host", h, 403, method, good, Host("evil.com"))
			refuses("an odd method", h, 405, "BREW", good)
			refuses("a large body", h, 413, method, good, func(r *http.Request) { r.ContentLength = 1 << 30 })
			refuses("a body that breaks off", h, 400, method, good, read(func() error { return errors.New("gone") }))
			if !api {
				s.Do(t, method, path, "").OK(t, path)
				continue
			}
			refuses("a panic", h, 500, method, good, read(func() error { panic("it fell over") }))
			if path == "/v2/token" {
				refuses("no database", down, 503, method)
				continue
			}
			refuses("no token", h, 401, method)
			refuses("a bad token", h, 401, method, Bearer("bad"))
			refuses("a token in the URL", h, 401, method, good, func(r *http.Request) { r.URL.RawQuery = "access_token=x" })
			refuses("a foreign page", h, 403, method, good, Origins("https://evil.com"))
			out := http.StatusServiceUnavailable
			if strings.HasPrefix(path, "/api/") {
				out = http.StatusInternalServerError
			}
			refuses("no database", down, out, method, Bearer(broken.Token(t, meettest.Ada)))
		}
	}
}
