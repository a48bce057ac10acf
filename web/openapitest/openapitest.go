// Package openapitest holds answers of Roomkey's HTTP APIs against the document
// that describes them, so that neither changes without the other. It looks at
// answers alone: tests send what the document does not allow, on purpose.
package openapitest

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"roomkey/web"
)

// document is that of every server, read when a test asks for it first.
var document = sync.OnceValues(func() (*Document, error) { return Read(web.OpenAPI(nil, "")) })

// Check fails a test unless an answer is what the document says.
func Check(tb testing.TB, method string, u *url.URL, status int, header http.Header, body []byte) {
	d, err := document()
	if err != nil {
		tb.Errorf("the document: %v", err)
		return
	}
	if err := d.Check(method, u, status, header, body); err != nil {
		tb.Errorf("%s %.200s: status %d is not what the document says: %v\n%.1000s", method, u.EscapedPath(), status, err, body)
	}
}

// Unseen are the documented answers, as "operationId status", that no [Check] of
// this process has been given.
func Unseen() []string {
	d, err := document()
	if err != nil {
		return []string{err.Error()}
	}
	return d.Unseen()
}

// Transport gives every answer of base to [Check].
func Transport(tb testing.TB, base http.RoundTripper) http.RoundTripper {
	return transport{tb, base}
}

type transport struct {
	tb   testing.TB
	base http.RoundTripper
}

// RoundTrip reads the answers that the document is about to their end.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(r)
	if err != nil || resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, err
	}
	if d, err := document(); err == nil && !d.Knows(r.URL) {
		return resp, nil
	}
	body, broke := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // it has been read
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), end{broke}))
	if broke == nil { // half an answer is none
		Check(t.tb, r.Method, r.URL, resp.StatusCode, resp.Header, body)
	}
	return resp, nil
}

// end is how a body ended.
type end struct{ err error }

func (e end) Read([]byte) (int, error) { return 0, cmp.Or(e.err, io.EOF) }
