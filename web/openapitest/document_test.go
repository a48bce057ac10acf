package openapitest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"roomkey/web"
	"roomkey/web/openapitest"
)

// change reads the document after a text in it has become another.
func change(t *testing.T, was, is string) *openapitest.Document {
	t.Helper()
	text := string(web.OpenAPI(nil, ""))
	if !strings.Contains(text, was) {
		t.Fatalf("the document does not have %s", was)
	}
	d, err := openapitest.Read([]byte(strings.Replace(text, was, is, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const (
	room     = `{"id":"019a2b6e-6f0c-7c41-9d0a-5b1f8e2f7a10","name":"daily","createdBy":"u","isActive":true,"isPublic":false,"maxParticipants":0,"settings":` + settings + `,"livekitHost":"wss://a.example","mode":"standard"}`
	settings = `{"allowChat":true,"allowVideo":true,"allowAudio":true,"requireApproval":false,"e2ee":false}`
	failure  = `{"error":"no"}`
)

func headers(pairs ...string) http.Header {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// Every way in which an answer can differ from the document is noticed.
func TestCheck(t *testing.T) {
	t.Parallel()
	d := change(t, `"dev"`, `"dev"`)
	edited := func(was, is string) string { return strings.Replace(room, was, is, 1) }
	for _, c := range []struct {
		name, method, path string
		status             int
		header             http.Header
		body               string
		want               string // in the error; empty is none
	}{
		{"a room", "POST", "/api/room/create", 200, headers(), room, ""},
		{"a type with a parameter", "POST", "/api/room/create", 200, headers("Content-Type", "application/json; charset=utf-8"), room, ""},
		{"with an end", "POST", "/api/room/create", 200, headers(), edited(`"mode"`, `"expiresAt":"2026-02-16T12:00:00Z","mode"`), ""},
		{"an undocumented field", "POST", "/api/room/create", 200, headers(), edited(`"mode"`, `"token":"x","mode"`), "token"},
		{"an undocumented field inside", "POST", "/api/room/create", 200, headers(), edited(`"e2ee"`, `"x":1,"e2ee"`), "'x'"},
		{"a missing field", "POST", "/api/room/create", 200, headers(), edited(`"name":"daily",`, ""), "name"},
		{"a wrong type", "POST", "/api/room/create", 200, headers(), edited(`"isActive":true`, `"isActive":"yes"`), "isActive"},
		{"null", "POST", "/api/room/create", 200, headers(), edited(`"mode"`, `"expiresAt":null,"mode"`), "expiresAt"},
		{"no UUID", "POST", "/api/room/create", 200, headers(), edited(`019a2b6e`, `x`), "uuid"},
		{"no URI", "POST", "/api/room/create", 200, headers(), edited(`wss://a.example`, `wss://[`), "livekitHost"},
		{"no time", "POST", "/api/room/create", 200, headers(), edited(`"mode"`, `"expiresAt":"2026-02-30T12:00:00Z","mode"`), "date-time"},
		{"not in UTC", "POST", "/api/room/create", 200, headers(), edited(`"mode"`, `"expiresAt":"2026-02-16T12:00:00+01:00","mode"`), "pattern"},
		{"no value of an enum", "POST", "/api/room/create", 200, headers(), edited(`standard`, `loud`), "mode"},
		{"a name that breaks its rule", "POST", "/api/room/create", 200, headers(), edited(`daily`, `Daily`), "pattern"},
		{"an undocumented status", "POST", "/api/room/create", 201, headers(), room, "does not have this status"},
		{"a wrong type of content", "POST", "/api/room/create", 200, headers("Content-Type", "text/plain"), room, "text/plain"},
		{"no type of content", "POST", "/api/room/create", 200, http.Header{}, room, "Content-Type"},
		{"no JSON", "POST", "/api/room/create", 200, headers(), room[1:], "not JSON"},
		{"more than JSON", "POST", "/api/room/create", 200, headers(), room + room, "not JSON"},
		{"nothing", "POST", "/api/room/create", 200, headers(), "", "not JSON"},
		{"a list", "GET", "/api/room/list", 200, headers(), "[]", ""},
		{"null for a list", "GET", "/api/room/list", 200, headers(), "null", "null"},
		{"a link", "GET", "/api/room/list", 200, headers("Link", `</api/room/list?cursor=abc>; rel="next"`), "[]", ""},
		{"a wrong link", "GET", "/api/room/list", 200, headers("Link", `<http://a.example/>; rel="next"`), "[]", "Link"},
		{"success", "POST", "/api/room/daily/mute/%2A", 200, headers(), `{"status":"success"}`, ""},
		{"another constant", "POST", "/api/room/daily/mute/%2A", 200, headers(), `{"status":"done"}`, "success"},
		{"an error", "POST", "/api/room/daily/kick/u-7_%2F", 404, headers(), failure, ""},
		{"an error of another API", "POST", "/api/room/daily/kick/u", 404, headers(), `{"code":404,"message":"no","details":[]}`, "error"},
		{"more than the error", "POST", "/api/room/daily/kick/u", 404, headers(), `{"error":"no","hint":"x"}`, "hint"},
		{"401", "GET", "/api/room/list", 401, headers("WWW-Authenticate", `Bearer realm="roomkey"`), failure, ""},
		{"401 without a header", "GET", "/api/room/list", 401, headers(), failure, "WWW-Authenticate"},
		{"429", "POST", "/v2/token", 429, headers("Retry-After", "60"), `{"code":429,"message":"no","details":[]}`, ""},
		{"429 without a header", "POST", "/v2/token", 429, headers(), `{"code":429,"message":"no","details":[]}`, "Retry-After"},
		{"429 with a date", "POST", "/v2/token", 429, headers("Retry-After", "tomorrow"), `{"code":429,"message":"no","details":[]}`, "Retry-After"},
		{"429 without waiting", "POST", "/v2/token", 429, headers("Retry-After", "0"), `{"code":429,"message":"no","details":[]}`, "Retry-After"},
		{"405 of a documented method", "POST", "/v2/token", 405, headers("Allow", "POST"), `{"code":405,"message":"no","details":[]}`, ""},
		{"405", "BREW", "/v2/token", 405, headers("Allow", "POST"), `{"code":405,"message":"no","details":[]}`, ""},
		{"405 without a header", "BREW", "/v2/token", 405, headers(), `{"code":405,"message":"no","details":[]}`, "Allow"},
		{"405 of another API", "BREW", "/v2/token", 405, headers("Allow", "POST"), failure, "error"},
		{"another method", "DELETE", "/v2/token", 200, headers(), `{}`, "DELETE"},
		{"HEAD", "HEAD", "/healthz", 200, headers(), "", ""},
		{"HEAD of a kind that is not there", "HEAD", "/healthz", 204, headers(), "", "status"},
		{"HEAD where it is not allowed", "HEAD", "/v2/token", 405, headers("Allow", "POST"), "", ""},
		{"a preflight", "OPTIONS", "/v2/token", 204, headers("Access-Control-Allow-Methods", "POST"), "", ""},
		{"no preflight", "OPTIONS", "/v2/token", 204, headers(), "", "OPTIONS"},
		{"headers that are too large", "GET", "/healthz", 431, headers("Content-Type", "text/plain"), "431", ""},
		{"the code in the body", "POST", "/v2/room-codes/code", 410, headers(), `{"code":410,"message":"no","details":["x"]}`, ""},
		{"the code in the address", "POST", "/v2/room-codes/code/wpi", 410, headers(), `{"code":410,"message":"no","details":null}`, "details"},
		{"an unknown path", "GET", "/api/nothing", 404, headers(), failure, ""},
		{"an unknown path, in the other API's shape", "GET", "/api/nothing", 404, headers(), `{"code":404,"message":"no","details":[]}`, "error"},
		{"an unknown path of the other API", "GET", "/v2/rooms", 404, headers(), `{"code":404,"message":"no","details":[]}`, ""},
		{"an unknown path that is there", "GET", "/api/room/secrets", 200, headers(), "{}", "no such path"},
		{"an empty parameter is an unknown path", "POST", "/api/room//kick/u", 200, headers(), "{}", "no such path"},
		{"a redirect", "GET", "/api//room/list", 307, headers("Location", "/api/room/list"), "", "no such path"},
		{"what the document is not about", "GET", "/metrics", 200, http.Header{}, "x", ""},
	} {
		u, err := url.Parse(c.path)
		if err != nil {
			t.Fatal(err)
		}
		err = d.Check(c.method, u, c.status, c.header, []byte(c.body))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v, want it to pass", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
	}
}

// What is wrong with a document is noticed.
func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ was, is, want string }{
		{`"openapi": "3.1.0"`, `"openapi": "3.1.0"`, ""},
		{`"title": "Roomkey",`, ``, "title"},
		{`"operationId": "joinRoom"`, `"operationId": "createRoom"`, "createRoom"},
		{`"operationId": "joinRoom"`, `"operationId": ""`, "operationId"},
		{`"isActive": true,`, ``, "isActive"},                                      // in an example
		{`"value": {"roomName": "team-standup"}`, `"value": {}`, "oneOf"},          // in one of several
		{`"examples": ["wpi-srjb-wer"]`, `"examples": ["wpisrjbwer"]`, "pattern"},  // in a schema
		{`"example": "Bearer realm=\"roomkey\""`, `"example": "Basic"`, "WWWAuth"}, // in a header
		{`"example": "wait=25"`, `"example": "25"`, "prefer"},                      // in a parameter
		{`"type": "boolean"`, `"type": "bool"`, "bool"},
		{`"schema": {"$ref": "#/components/schemas/Room"}`, `"schema": 7`, "unmarshal"}, // no schema at all
	} {
		text := string(web.OpenAPI(nil, ""))
		if !strings.Contains(text, c.was) {
			t.Errorf("the document does not have %s", c.was)
			continue
		}
		d, err := openapitest.Read([]byte(strings.Replace(text, c.was, c.is, 1)))
		if err == nil {
			err = d.Validate()
		}
		switch {
		case c.want == "" && err != nil:
			t.Errorf("the document: %v", err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s for %s: got %v, want an error with %q", c.is, c.was, err, c.want)
		}
	}
}
