package webtest

import (
	"encoding/json"
	"net/http"
	pathpkg "path"
	"strconv"
	"strings"
	"testing"

	"roomkey/meet"
)

// Reply is an answer that was read to its end.
type Reply struct {
	Path   string // of the request
	Status int
	Header http.Header
	Body   string
	Closes bool // no further request on its connection
}

// OK checks that a call succeeded.
func (r Reply) OK(tb testing.TB, name string) {
	tb.Helper()
	if r.Status != http.StatusOK {
		tb.Errorf("%s: status %d, want 200; body %.300s", name, r.Status, r.Body)
	}
}

// Has checks headers.
func (r Reply) Has(tb testing.TB, name string, headers map[string]string) {
	tb.Helper()
	for header, want := range headers {
		if got := r.Header.Get(header); got != want {
			tb.Errorf("%s: %s is %q, want %q", name, header, got, want)
		}
	}
}

// Unstored checks the headers of every JSON answer.
func (r Reply) Unstored(tb testing.TB, name string) {
	tb.Helper()
	r.Has(tb, name, map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store",
		"X-Content-Type-Options": "nosniff"})
}

// CodesError is the format of errors of the Room Codes API and the exchange.
type CodesError struct {
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

// Refused checks a refusal: its status, its headers, and a body in the format of
// the API that was called. A message, if one is given, has to be exactly that.
func (r Reply) Refused(tb testing.TB, name string, status int, message ...string) {
	tb.Helper()
	if r.Status != status {
		tb.Errorf("%s: status %d, want %d; body %.300s", name, r.Status, status, r.Body)
		return
	}
	r.Unstored(tb, name)
	var got string
	switch path := pathpkg.Clean("/"+r.Path) + "/"; {
	case strings.HasPrefix(path, "/api/"):
		var body struct{ Error string }
		Strict(tb, name, r.Body, &body)
		got = body.Error
	case strings.HasPrefix(path, "/v2/"):
		var body CodesError
		Strict(tb, name, r.Body, &body)
		if got = body.Message; body.Code != status || body.Details == nil {
			tb.Errorf("%s: error %+v, want code %d and a list of details", name, body, status)
		}
	default:
		var body struct{ Error meet.ErrorReport }
		Strict(tb, name, r.Body, &body)
		e, id := body.Error, r.Header.Get("X-Request-Id")
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

// Limited checks a 429 and that it says how long to wait.
func (r Reply) Limited(t *testing.T, name string) {
	t.Helper()
	r.Refused(t, name, 429)
	wait, err := strconv.Atoi(r.Header.Get("Retry-After"))
	if err != nil || wait < 1 || wait > 60 {
		t.Errorf("%s: Retry-After is %q, want 1 to 60", name, r.Header.Get("Retry-After"))
	}
}

// Unauthenticated checks a 401 and that it does not repeat the token.
func (r Reply) Unauthenticated(t *testing.T, name, token string) {
	t.Helper()
	r.Refused(t, name, 401)
	if got := r.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
		t.Errorf("%s: WWW-Authenticate is %q, want Bearer", name, got)
	}
	if len(token) > 20 && strings.Contains(r.Body, token[:20]) {
		t.Errorf("%s: the answer holds the token: %s", name, r.Body)
	}
}

// Fields decodes an answer that has to be 200.
func (r Reply) Fields(tb testing.TB) (fields map[string]any) {
	tb.Helper()
	if err := json.Unmarshal([]byte(r.Body), &fields); err != nil || r.Status != http.StatusOK {
		tb.Fatalf("status %d, body %.300s, want 200 and an object", r.Status, r.Body)
	}
	r.Unstored(tb, "answer")
	return fields
}

// Waiting is the answer to somebody who has to wait.
type Waiting struct {
	Status       string `json:"status"`
	RequestID    string `json:"request_id"`
	RetryAfterMS int    `json:"retry_after_ms"`
}

// Waits checks a 202 and gives what it says.
func (r Reply) Waits(t *testing.T, name string) Waiting {
	t.Helper()
	if r.Status != http.StatusAccepted {
		t.Fatalf("%s: status %d, want 202; body %s", name, r.Status, r.Body)
	}
	r.Unstored(t, name)
	var w Waiting
	Strict(t, name, r.Body, &w)
	if w.Status != "waiting" || w.RequestID == "" || w.RetryAfterMS <= 0 {
		t.Fatalf("%s: %+v; want status waiting, an id and a time", name, w)
	}
	return w
}

// Strict decodes one JSON document that has no other fields than those of v.
func Strict(tb testing.TB, name, text string, v any) {
	tb.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil || d.More() {
		tb.Errorf("%s: body %.300q: %v", name, text, err)
	}
}

// Must fails the test if there is an error.
func Must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
