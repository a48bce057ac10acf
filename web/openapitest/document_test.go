package openapitest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"roomkey/web"
	"roomkey/web/openapitest"
)

// read reads the document with one text in it replaced.
func read(t *testing.T, old, text string) (*openapitest.Document, error) {
	t.Helper()
	document := string(web.OpenAPI(nil, ""))
	if !strings.Contains(document, old) {
		t.Fatalf("the document does not have %s", old)
	}
	return openapitest.Read([]byte(strings.Replace(document, old, text, 1)))
}

func headers(pairs ...string) http.Header {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// wantError checks that err has a text; an empty one means that there is no error.
func wantError(t *testing.T, name string, err error, text string) {
	t.Helper()
	switch {
	case text == "" && err != nil:
		t.Errorf("%s: %v, want no error", name, err)
	case text != "" && (err == nil || !strings.Contains(err.Error(), text)):
		t.Errorf("%s: got %v, want an error with %q", name, err, text)
	}
}

const room = `{"id":"019a2b6e-6f0c-7c41-9d0a-5b1f8e2f7a10","name":"daily","createdBy":"u","isActive":true,` +
	`"isPublic":false,"maxParticipants":0,"settings":{"allowChat":true,"allowVideo":true,"allowAudio":true,` +
	`"allowScreenShare":true,"requireApproval":false,"requireCode":false,"requireSignIn":false,` +
	`"keepChat":false,"e2ee":false},` +
	`"livekitHost":"wss://a.example","mode":"standard"}`

// Every way in which a body can differ from its schema is an error.
func TestCheckBody(t *testing.T) {
	t.Parallel()
	d, err := read(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, text, want string }{
		"a room":                       {"", "", ""},
		"with an end":                  {`"mode"`, `"expiresAt":"2026-02-16T12:00:00Z","mode"`, ""},
		"an undocumented field":        {`"mode"`, `"token":"x","mode"`, "token"},
		"an undocumented field inside": {`"e2ee"`, `"x":1,"e2ee"`, `"x"`},
		"a missing field":              {`"name":"daily",`, "", "name"},
		"a wrong type":                 {`"isActive":true`, `"isActive":"yes"`, "isActive"},
		"null":                         {`"mode"`, `"expiresAt":null,"mode"`, "expiresAt"},
		"no UUID":                      {`019a2b6e`, `x`, "uuid"},
		"no URI":                       {`wss://a.example`, `wss://[`, "livekitHost"},
		"no time":                      {`"mode"`, `"expiresAt":"2026-02-30T12:00:00Z","mode"`, "date-time"},
		"not in UTC":                   {`"mode"`, `"expiresAt":"2026-02-16T12:00:00+01:00","mode"`, "pattern"},
		"no value of an enum":          {`standard`, `loud`, "mode"},
		"a name that breaks its rule":  {`daily`, `Daily`, "pattern"},
		"no JSON":                      {`{`, ``, "not JSON"},
		"more than JSON":               {`{`, `{} {`, "not JSON"},
		"nothing":                      {room, "", "not JSON"},
	} {
		body := []byte(strings.Replace(room, c.old, c.text, 1))
		err := d.Check("POST", &url.URL{Path: "/api/room/create"}, 200, headers(), body)
		wantError(t, name, err, c.want)
	}
}

// So is every way in which another part of an answer can differ.
func TestCheck(t *testing.T) {
	t.Parallel()
	d, err := read(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	const (
		failure = `{"error":"no"}`
		limited = `{"code":429,"message":"no","details":[]}`
		refused = `{"code":405,"message":"no","details":[]}`
	)
	text := headers("Content-Type", "text/plain")
	utf8 := headers("Content-Type", "application/json; charset=utf-8")
	link := func(to string) http.Header { return headers("Link", "<"+to+`>; rel="next"`) }
	later := func(value string) http.Header { return headers("Retry-After", value) }
	allow := headers("Allow", "POST")
	challenge := headers("WWW-Authenticate", `Bearer realm="roomkey"`)
	for _, c := range []struct {
		call   string // method and path
		status int
		header http.Header
		body   string
		want   string // in the error; empty is none
	}{
		{"POST /api/room/create", 200, utf8, room, ""},
		{"POST /api/room/create", 201, headers(), room, "status is not supported"},
		{"POST /api/room/create", 200, text, room, "text/plain"},
		{"POST /api/room/create", 200, http.Header{}, room, "Content-Type"},
		{"GET /api/room/list", 200, headers(), "[]", ""},
		{"GET /api/room/list", 200, headers(), "null", "null"},
		{"GET /api/room/list", 200, link("/api/room/list?cursor=abc"), "[]", ""},
		{"GET /api/room/list", 200, link("http://a.example/"), "[]", "Link"},
		{"GET /api/room/list", 401, challenge, failure, ""},
		{"GET /api/room/list", 401, headers(), failure, "WWW-Authenticate"},
		{"POST /api/room/daily/mute/%2A", 200, headers(), `{"status":"success"}`, ""},
		{"POST /api/room/daily/mute/%2A", 200, headers(), `{"status":"done"}`, "success"},
		{"POST /api/room/daily/kick/u-7_%2F", 404, headers(), failure, ""},
		{"POST /api/room/daily/kick/u", 404, headers(), limited, "error"},                    // of another API
		{"POST /api/room/daily/kick/u", 404, headers(), `{"error":"no","hint":"x"}`, "hint"}, // more than the error
		{"POST /v2/token", 429, later("60"), limited, ""},
		{"POST /v2/token", 429, headers(), limited, "Retry-After"},
		{"POST /v2/token", 429, later("tomorrow"), limited, "Retry-After"},
		{"POST /v2/token", 429, later("0"), limited, "Retry-After"},
		{"POST /v2/token", 405, allow, refused, ""}, // a documented method
		{"BREW /v2/token", 405, allow, refused, ""},
		{"BREW /v2/token", 405, headers(), refused, "Allow"},
		{"BREW /v2/token", 405, allow, failure, "error"},
		{"DELETE /v2/token", 200, headers(), `{}`, "DELETE"},
		{"HEAD /healthz", 200, headers(), "", ""},
		{"HEAD /healthz", 204, headers(), "", "status"},
		{"HEAD /v2/token", 405, allow, "", ""},
		{"OPTIONS /v2/token", 204, headers("Access-Control-Allow-Methods", "POST"), "", ""}, // a preflight
		{"OPTIONS /v2/token", 204, headers(), "", "OPTIONS"},
		{"GET /healthz", 431, text, "431", ""}, // too large headers
		{"POST /v2/room-codes/code", 410, headers(), `{"code":410,"message":"no","details":[]}`, ""},
		{"POST /v2/room-codes/code/wpi", 410, headers(), `{"code":410,"message":"no","details":null}`, "details"},
		{"GET /api/nothing", 404, headers(), failure, ""},
		{"GET /api/nothing", 404, headers(), limited, "error"}, // of another API
		{"GET /v2/rooms", 404, headers(), limited, ""},
		{"GET /api/room/secrets", 200, headers(), "{}", "no such path"},
		{"POST /api/room//kick/u", 200, headers(), "{}", "no such path"},
		{"GET /api//room/list", 307, headers("Location", "/api/room/list"), "", "no such path"},
		{"GET /metrics", 200, http.Header{}, "x", ""}, // the document is not about it
	} {
		method, path, _ := strings.Cut(c.call, " ")
		u, err := url.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, c.call+" "+c.body, d.Check(method, u, c.status, c.header, []byte(c.body)), c.want)
	}
}

// What is wrong with a document is an error.
func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, text, want string }{
		{"", "", ""},
		{`"title": "Roomkey",`, ``, "title"},
		{`"operationId": "joinRoom"`, `"operationId": "createRoom"`, "createRoom"},
		{`"operationId": "joinRoom"`, `"operationId": ""`, "operationId"},
		{`"isActive": true,`, ``, "isActive"},                                      // in an example
		{`"value": {"roomName": "team-standup"}`, `"value": {}`, "roomName"},       // in one of several
		{`"examples": ["wpi-srjb-wer"]`, `"examples": ["wpisrjbwer"]`, "pattern"},  // in a schema
		{`"example": "Bearer realm=\"roomkey\""`, `"example": "Basic"`, "WWWAuth"}, // in a header
		{`"example": "wait=25"`, `"example": "25"`, "prefer"},                      // in a parameter
		{`"type": "boolean"`, `"type": "bool"`, "bool"},
		{`"schema": {"$ref": "#/components/schemas/Room"}`, `"schema": 7`, "unmarshal"}, // no schema at all
	} {
		d, err := read(t, c.old, c.text)
		if err == nil {
			err = d.Validate()
		}
		wantError(t, c.text+" for "+c.old, err, c.want)
	}
}
