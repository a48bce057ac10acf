package openapitest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"roomkey/web/openapitest"
)

// told keeps what a test would fail with.
type told struct {
	testing.TB
	errors []string
}

func (t *told) Errorf(format string, args ...any) {
	t.errors = append(t.errors, fmt.Sprintf(format, args...))
}

// Answers that pass through are looked at and stay as they are.
func TestTransport(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Has("cut") {
			w.Header().Set("Content-Length", "100")
		}
		_, _ = io.WriteString(w, `{"status":"ok"}`)
	}))
	t.Cleanup(server.Close)
	for path, want := range map[string]string{
		"/healthz":   "",
		"/healthz?x": "",
		"/metrics":   "", // is not described
		"/version":   "GET /version: status 200 is not what the document says",
		"/api/x":     "no such path",
	} {
		fake := &told{TB: t}
		client := &http.Client{Transport: openapitest.Transport(fake, server.Client().Transport)}
		resp, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || string(body) != `{"status":"ok"}` {
			t.Errorf("%s: the body became %q, %v", path, body, err)
		}
		got := strings.Join(fake.errors, "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: the test is told %q, want %q", path, got, want)
		}
	}
	fake := &told{TB: t}
	client := &http.Client{Transport: openapitest.Transport(fake, server.Client().Transport)}
	resp, err := client.Get(server.URL + "/healthz?cut")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); err == nil || len(fake.errors) > 0 {
		t.Errorf("a body that breaks off: %v, and the test is told %q; want an error and nothing", err, fake.errors)
	}
}
