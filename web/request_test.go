package web_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	pathpkg "path"
	"strings"
	"sync"
	"testing"

	"roomkey/meet"
)

// reply is an answer that was read to its end.
type reply struct {
	path   string // of the request
	status int
	header http.Header
	body   string
	closes bool // no further request on its connection
}

// edit changes a request before it is sent.
type edit func(*http.Request)

func header(name, value string) edit { return func(r *http.Request) { r.Header.Set(name, value) } }
func bearer(token string) edit       { return header("Authorization", "Bearer "+token) }
func from(address string) edit       { return header("X-Forwarded-For", address) }
func host(name string) edit          { return func(r *http.Request) { r.Host = name } }
func remote(address string) edit     { return func(r *http.Request) { r.RemoteAddr = address } }
func origins(values ...string) edit  { return func(r *http.Request) { r.Header["Origin"] = values } }
func forwarded(values ...string) edit {
	return func(r *http.Request) { r.Header["X-Forwarded-For"] = values }
}

// do sends a request over the network.
func (s *testServer) do(tb testing.TB, method, path, body string, edits ...edit) reply {
	tb.Helper()
	r, err := s.send(tb, method, path, strings.NewReader(body), edits...)
	if err != nil {
		tb.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// send is do for a body of any kind and an answer that may not come.
func (s *testServer) send(tb testing.TB, method, path string, body io.Reader, edits ...edit) (reply, error) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, s.url+path, body)
	if err != nil {
		tb.Fatalf("NewRequest: %v", err)
	}
	for _, e := range edits {
		e(r)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{
		path: r.URL.Path, status: resp.StatusCode, header: resp.Header, body: string(b), closes: resp.Close}, err
}

// hand gives a request to a handler without a network in between, where a
// request cannot be sent as it is to be.
func hand(h http.Handler, method, path, body string, edits ...edit) reply {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "127.0.0.1"
	for _, e := range edits {
		e(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return reply{path: r.URL.Path, status: w.Code, header: w.Header(), body: w.Body.String()}
}

// codesError is the format of errors of the Room Codes API and the exchange.
type codesError struct {
	Code    int
	Message string
	Details []string
}

// codeOf gives the code of an error of that status.
var codeOf = map[int]meet.ErrorCode{
	400: meet.CodeInvalid, 405: meet.CodeInvalid, 413: meet.CodeInvalid, 426: meet.CodeInvalid,
	401: meet.CodeUnauthenticated, 403: meet.CodeForbidden, 404: meet.CodeNotFound, 409: meet.CodeConflict,
	410: meet.CodeGone, 429: meet.CodeRateLimited, 500: meet.CodeInternal, 503: meet.CodeUnavailable,
}

// refused checks a refusal: its status, its headers, and a body in the format of
// the API that was called. A message, if one is given, has to be exactly that.
func (r reply) refused(tb testing.TB, name string, status int, message ...string) {
	tb.Helper()
	if r.status != status {
		tb.Errorf("%s: status %d, want %d; body %.300s", name, r.status, status, r.body)
		return
	}
	r.unstored(tb, name)
	var got string
	switch path := pathpkg.Clean("/"+r.path) + "/"; {
	case strings.HasPrefix(path, "/api/"):
		var body struct{ Error string }
		strict(tb, name, r.body, &body)
		got = body.Error
	case strings.HasPrefix(path, "/v2/"):
		var body codesError
		strict(tb, name, r.body, &body)
		if got = body.Message; body.Code != status || body.Details == nil {
			tb.Errorf("%s: error %+v, want code %d and a list of details", name, body, status)
		}
	default:
		var body struct{ Error meet.ErrorReport }
		strict(tb, name, r.body, &body)
		e, id := body.Error, r.header.Get("X-Request-Id")
		got = e.Message
		retryable := e.Code == meet.CodeUnavailable || e.Code == meet.CodeRateLimited
		if e.Code != codeOf[status] || e.Status != status || id == "" || e.RequestID != id || e.Retryable != retryable {
			tb.Errorf("%s: error %+v, want code %s, status %d and the request id %q", name, e, codeOf[status], status, id)
		}
	}
	if got == "" || len(message) > 0 && got != message[0] {
		tb.Errorf("%s: message %q, want %q", name, got, message)
	}
}

// ok checks that a call succeeded.
func (r reply) ok(tb testing.TB, name string) {
	tb.Helper()
	if r.status != http.StatusOK {
		tb.Errorf("%s: status %d, want 200; body %.300s", name, r.status, r.body)
	}
}

// has checks headers.
func (r reply) has(tb testing.TB, name string, headers map[string]string) {
	tb.Helper()
	for header, want := range headers {
		if got := r.header.Get(header); got != want {
			tb.Errorf("%s: %s is %q, want %q", name, header, got, want)
		}
	}
}

// unstored checks the headers of every JSON answer.
func (r reply) unstored(tb testing.TB, name string) {
	tb.Helper()
	r.has(tb, name, map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store",
		"X-Content-Type-Options": "nosniff"})
}

// strict decodes one JSON document that has no other fields than those of v.
func strict(tb testing.TB, name, text string, v any) {
	tb.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil || d.More() {
		tb.Errorf("%s: body %.300q: %v", name, text, err)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// together calls f for 0 to n-1 at the same time and waits for all.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-begin; f(i) })
	}
	close(begin)
	wg.Wait()
}
