package signin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
	"github.com/hashicorp/golang-lru/v2/expirable"

	"roomkey/meet"
)

// Bounds on the documents in which clients tell of themselves (OAuth Client ID Metadata
// Document).
const (
	maxDocument      = 16 << 10
	documentWithin   = 5 * time.Second
	documentLife     = 5 * time.Minute
	documentsKept    = 256
	documentsAtOnce  = 32
	documentsOfOne   = 4 // of these, for callers at one address
	maxHeaderOfThose = 8 << 10
)

// documents fetches documents of clients, and keeps them for some minutes. What a name
// leads to is looked at when the connection is made, so nobody gets at what only this
// machine can reach; redirections are not followed.
type documents struct {
	http    *http.Client
	kept    *expirable.LRU[string, meet.OAuthClient]
	version string

	mu       sync.Mutex
	all      int            // that are being fetched
	byCaller map[string]int // the same, by address
}

func newDocuments(version string) *documents {
	return &documents{
		http: documentClient(ssrf.New(ssrf.WithPorts(443)).Safe), version: version, byCaller: map[string]int{},
		kept: expirable.NewLRU[string, meet.OAuthClient](documentsKept, nil, documentLife),
	}
}

// FetchDocumentsBy has the documents of clients fetched without the guard. It is for
// tests with a client of their own, before anybody is served; the linter refuses it
// elsewhere.
func (s *Server) FetchDocumentsBy(client *http.Client) { s.documents.http = client }

// documentClient makes a client whose connections are checked by a function.
func documentClient(control controlFunc) *http.Client {
	dialer := &net.Dialer{Timeout: documentWithin, Control: control}
	return &http.Client{
		Timeout: documentWithin,
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: documentWithin,
			MaxResponseHeaderBytes: maxHeaderOfThose, ForceAttemptHTTP2: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// errBusy says that too many documents are being fetched.
var errBusy = errors.New("too many documents of clients are being fetched")

// isDocumentURL says whether the id of a client is the URL of a document.
func isDocumentURL(id string) bool {
	u, err := url.Parse(id)
	return err == nil && len(id) <= maxURL && u.Scheme == "https" && u.Hostname() != "" && u.User == nil &&
		u.Opaque == "" && len(u.Path) > 1 && path.Clean(u.Path) == strings.TrimSuffix(u.Path, "/") && u.RawQuery == "" &&
		!strings.ContainsFunc(id, isUnsafe) && !strings.Contains(id, "#")
}

// documentError says what is wrong with a document, for the person who came from there.
type documentError string

// Error gives the text.
func (e documentError) Error() string { return string(e) }

// client gives what the document at a URL says of the client.
func (d *documents) client(ctx context.Context, id string) (meet.OAuthClient, error) {
	if c, ok := d.kept.Get(id); ok {
		return c, nil
	}
	caller := meet.PrincipalFrom(ctx).Address
	if !d.begin(caller) {
		return meet.OAuthClient{}, errBusy
	}
	defer d.end(caller)
	m, err := d.fetch(ctx, id)
	if err != nil {
		return meet.OAuthClient{}, err
	}
	c := meet.OAuthClient{ID: id, Name: m.Name, RedirectURIs: m.RedirectURIs}
	d.kept.Add(id, c)
	return c, nil
}

// begin says whether one more document may be fetched for a caller. Somebody who sends
// people to slow documents takes the turns of their own address alone.
func (d *documents) begin(caller string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all >= documentsAtOnce || d.byCaller[caller] >= documentsOfOne {
		return false
	}
	d.all++
	d.byCaller[caller]++
	return true
}

func (d *documents) end(caller string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all--
	if d.byCaller[caller]--; d.byCaller[caller] == 0 {
		delete(d.byCaller, caller)
	}
}

func (d *documents) fetch(ctx context.Context, id string) (clientMetadata, error) {
	var m clientMetadata
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, id, nil) //nolint:gosec // G704: see documents
	if err != nil {
		return m, documentError("its address cannot be read")
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "roomkey/"+d.version)
	response, err := d.http.Do(request) //nolint:gosec // as above
	if err != nil {
		return m, documentError("it cannot be fetched")
	}
	defer func() { _ = response.Body.Close() }()
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	isJSON := kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")
	if response.StatusCode != http.StatusOK || !isJSON {
		return m, documentError("it is not there as JSON")
	}
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err != nil || len(raw) > maxDocument {
		return m, documentError("it is too large or came too slowly")
	}
	if json.Unmarshal(raw, &m) != nil || m.ID != id {
		return m, documentError("it is not about that client_id")
	}
	if m.TokenAuth != "" && m.TokenAuth != authNone {
		return m, documentError("its token_endpoint_auth_method must be none")
	}
	if problem := m.check(); problem != nil {
		return m, documentError(problem.Description)
	}
	return m, nil
}

// controlFunc looks at an address before a connection to it is made; see [net.Dialer].
type controlFunc = func(network, address string, c syscall.RawConn) error
