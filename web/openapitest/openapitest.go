// Package openapitest compares answers of Roomkey's HTTP APIs with the OpenAPI
// document, so that neither changes without the other. It looks only at answers,
// because tests send on purpose what the document does not allow.
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

// document is the document of every server, read when it is first needed.
var document = sync.OnceValues(func() (*Document, error) { return Read(web.OpenAPI(nil, "")) })

// Check fails a test if an answer differs from the document.
func Check(tb testing.TB, method string, u *url.URL, status int, header http.Header, body []byte) {
	d, err := document()
	if err != nil {
		tb.Errorf("the document: %v", err)
		return
	}
	if err := d.Check(method, u, status, header, body); err != nil {
		tb.Errorf("%s %.200s: status %d is not what the document says: %v\n%.1000s",
			method, u.EscapedPath(), status, err, body)
	}
}

// Unseen are the documented answers, as "operationId status", that [Check] has not
// seen in this process.
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

// RoundTrip reads the whole body of an answer that the document is about.
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
	if broke == nil { // half an answer cannot be checked
		Check(t.tb, r.Method, r.URL, resp.StatusCode, resp.Header, body)
	}
	return resp, nil
}

// end is the end of a body: an error or io.EOF.
type end struct{ err error }

func (e end) Read([]byte) (int, error) { return 0, cmp.Or(e.err, io.EOF) }
