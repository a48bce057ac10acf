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
func (s *site) do(tb testing.TB, method, path, body string, edits ...edit) reply {
	tb.Helper()
	r, err := s.send(tb, method, path, strings.NewReader(body), edits...)
	if err != nil {
		tb.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// send is do for a body of any kind and an answer that may not come.
func (s *site) send(tb testing.TB, method, path string, body io.Reader, edits ...edit) (reply, error) {
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
	return reply{resp.StatusCode, resp.Header, string(b), resp.Close}, err
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
	return reply{w.Code, w.Header(), w.Body.String(), false}
}

// refused checks an answer of the chain: status, code and the agreed shape,
// which holds the request's id and nothing that is not meant for callers.
func (r reply) refused(tb testing.TB, name string, status int, code meet.ErrorCode) {
	tb.Helper()
	if r.status != status {
		tb.Errorf("%s: status %d, want %d; body %.300s", name, r.status, status, r.body)
		return
	}
	r.unstored(tb, name)
	var got struct{ Error meet.ErrorReport }
	strict(tb, name, r.body, &got)
	e := got.Error
	if e.Code != code || e.Status != status || e.Message == "" {
		tb.Errorf("%s: error %+v, want code %s, status %d and a message", name, e, code, status)
	}
	if id := r.header.Get("X-Request-Id"); id == "" || e.RequestID != id {
		tb.Errorf("%s: request_id %q, X-Request-Id %q, want the same", name, e.RequestID, id)
	}
	if want := e.Code == meet.CodeUnavailable || e.Code == meet.CodeRateLimited; e.Retryable != want {
		tb.Errorf("%s: retryable %t, want %t", name, e.Retryable, want)
	}
}

// refusedAt is refused in the shape of the API that the path belongs to.
func (r reply) refusedAt(tb testing.TB, path, name string, status int, code meet.ErrorCode) {
	tb.Helper()
	switch path := pathpkg.Clean("/"+path) + "/"; {
	case strings.HasPrefix(path, "/api/"):
		r.refusedRooms(tb, name, status, "")
	case strings.HasPrefix(path, "/v2/"):
		r.refusedExchange(tb, name, status)
	default:
		r.refused(tb, name, status, code)
	}
}

// refusedRooms checks a refusal of the Rooms API, and its message unless that
// is empty.
func (r reply) refusedRooms(tb testing.TB, name string, status int, message string) {
	tb.Helper()
	if r.status != status {
		tb.Errorf("%s: status %d, want %d; body %.300s", name, r.status, status, r.body)
		return
	}
	r.unstored(tb, name)
	var got struct{ Error string }
	strict(tb, name, r.body, &got)
	if got.Error == "" || message != "" && got.Error != message {
		tb.Errorf("%s: error %q, want %q", name, got.Error, message)
	}
}

// codesError is how the exchange words an error.
type codesError struct {
	Code    int
	Message string
	Details []string
}

// refusedExchange checks a refusal of the exchange in its own shape.
func (r reply) refusedExchange(tb testing.TB, name string, status int) {
	tb.Helper()
	if r.status != status {
		tb.Errorf("%s: status %d, want %d; body %.300s", name, r.status, status, r.body)
		return
	}
	r.unstored(tb, name)
	var got codesError
	strict(tb, name, r.body, &got)
	if got.Code != status || got.Message == "" || got.Details == nil {
		tb.Errorf("%s: error %+v, want code %d, a message and a list of details", name, got, status)
	}
}

// unstored checks the headers of every JSON answer.
func (r reply) unstored(tb testing.TB, name string) {
	tb.Helper()
	for header, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if got := r.header.Get(header); got != want {
			tb.Errorf("%s: %s is %q, want %q", name, header, got, want)
		}
	}
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
