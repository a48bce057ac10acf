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

// recorder keeps the errors of a test.
type recorder struct {
	testing.TB
	errors []string
}

func (t *recorder) Errorf(format string, args ...any) {
	t.errors = append(t.errors, fmt.Sprintf(format, args...))
}

// Answers that pass through are checked and stay as they are.
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
		"/healthz":     "",
		"/healthz?x":   "",
		"/healthz?cut": "", // a body that breaks off
		"/metrics":     "", // is not described
		"/version":     "GET /version: status 200 is not what the document says",
		"/api/x":       "no such path",
	} {
		recorded := &recorder{TB: t}
		client := &http.Client{Transport: openapitest.Transport(recorded, server.Client().Transport)}
		resp, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if string(body) != `{"status":"ok"}` || (err != nil) != strings.HasSuffix(path, "cut") {
			t.Errorf("%s: the body became %q, %v", path, body, err)
		}
		if got := strings.Join(recorded.errors, "\n"); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: the test gets the error %q, want %q", path, got, want)
		}
	}
}
