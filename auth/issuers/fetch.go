package issuers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"code.dny.dev/ssrf"
	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"

	"roomkey/meet"
)

// Bounds on what an issuer sends.
const (
	maxDocument   = 256 << 10
	maxHeader     = 16 << 10
	maxKeys       = 100
	connectWithin = 3 * time.Second
	maxURL        = 2000
)

// fetcher fetches the keys of an issuer. What a name leads to is looked at when the
// connection is made; redirections are not followed, and no proxy is used.
type fetcher struct {
	Issuer
	http    *http.Client
	version string
}

func newFetcher(i Issuer, version string) *fetcher {
	dialer := &net.Dialer{Timeout: connectWithin}
	if !i.AllowPrivate {
		options := []ssrf.Option{ssrf.WithAnyPort()}
		if isOnLoopback(i.URL) {
			options = append(options, ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.0/8")),
				ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("::1/128")))
		}
		dialer.Control = ssrf.New(options...).Safe
	}
	return &fetcher{Issuer: i, version: version, http: &http.Client{
		Transport: bounded{&http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: connectWithin,
			MaxResponseHeaderBytes: maxHeader, ForceAttemptHTTP2: true, DisableKeepAlives: true}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// bounded lets no answer be larger than maxDocument.
type bounded struct{ http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxDocument)
	}
	return response, err
}

// Check fetches the keys of an issuer once, and says in words why that fails.
func Check(ctx context.Context, i Issuer, version string) error {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	_, err := newFetcher(i, version).keys(ctx)
	return err
}

// keys fetches the keys that tokens may be signed with.
func (f *fetcher) keys(ctx context.Context) (*keySet, error) {
	at := f.JWKSURL
	if at == "" {
		var err error
		if at, err = f.discover(ctx); err != nil {
			return nil, err
		}
	}
	fetched, err := jwkset.NewStorageFromHTTP(at, jwkset.HTTPClientStorageOptions{
		Client: f.http, Ctx: ctx, HTTPTimeout: fetchWithin})
	if err != nil {
		return nil, fmt.Errorf("the keys at %s: %w", meet.CleanText(at, maxURL), inWords(err))
	}
	all, err := fetched.KeyReadAll(ctx)
	if err != nil {
		return nil, err
	}
	usable := jwkset.NewMemoryStorage()
	for _, key := range all {
		m := key.Marshal()
		if m.KTY == jwkset.KtyOct || m.USE != "" && m.USE != jwkset.UseSig {
			continue // no key that is public, or one for another use
		}
		if err := usable.KeyWrite(ctx, key); err != nil {
			return nil, err
		}
	}
	if n := len(all); n == 0 || n > maxKeys {
		return nil, fmt.Errorf("there are %d keys at %s, not 1 to %d", n, meet.CleanText(at, maxURL), maxKeys)
	}
	set, err := keyfunc.New(keyfunc.Options{Storage: usable})
	if err != nil {
		return nil, err
	}
	return &keySet{set.Keyfunc}, nil
}

// discover gives where the keys are, by the metadata of the issuer (RFC 8414, OpenID
// Connect Discovery).
func (f *fetcher) discover(ctx context.Context) (string, error) {
	var problems []error
	for _, at := range metadataURLs(f.URL) {
		jwks, err := f.metadata(ctx, at)
		if err == nil {
			return jwks, nil
		}
		problems = append(problems, fmt.Errorf("%s: %w", at, inWords(err)))
	}
	return "", fmt.Errorf("no metadata says where the keys are: %w", errors.Join(problems...))
}

// metadataURLs are where the metadata of an issuer may be.
func metadataURLs(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil
	}
	origin, path := u.Scheme+"://"+u.Host, strings.TrimSuffix(u.EscapedPath(), "/")
	const openID = "/.well-known/openid-configuration"
	all := []string{origin + "/.well-known/oauth-authorization-server" + path, origin + path + openID}
	if path != "" {
		all = append(all, origin+openID+path)
	}
	return all
}

// metadata reads one document, and gives where it says the keys are.
func (f *fetcher) metadata(ctx context.Context, at string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "roomkey/"+f.version)
	response, err := f.http.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("it answers with %d", response.StatusCode)
	}
	var m struct {
		Issuer string `json:"issuer"`
		JWKS   string `json:"jwks_uri"`
	}
	if err := json.NewDecoder(response.Body).Decode(&m); err != nil {
		return "", err
	}
	if m.Issuer != f.URL {
		return "", fmt.Errorf("it is about the issuer %q", meet.CleanText(m.Issuer, maxURL))
	}
	if err := CheckURL(m.JWKS); err != nil {
		return "", fmt.Errorf("its jwks_uri %w", err)
	}
	return m.JWKS, nil
}

// inWords shortens the usual errors of fetching something to what an operator can use.
func inWords(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return fmt.Errorf("it has more than %d KiB", maxDocument>>10)
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return errors.New("it is at an address that is not public (allow_private)")
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("it does not answer in time")
	}
	return errors.New(meet.CleanText(err.Error(), 300))
}

// CheckURL says in words what is wrong with the URL of an issuer or of its keys.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || strings.Contains(text, "#") || len(text) > maxURL ||
		u.Scheme != "https" && u.Scheme != "http":
		return errors.New("must be a URL like https://login.example.com, without user, password and fragment")
	case u.Scheme == "http" && !isOnLoopback(text):
		return errors.New("must begin with https, unless it is at this machine's own address")
	}
	return nil
}

// isOnLoopback says whether a URL leads to this machine, by its own words.
func isOnLoopback(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && address.IsLoopback()
}
