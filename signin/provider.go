package signin

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"code.dny.dev/ssrf"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"roomkey/meet"
)

// Provider is an identity provider (OpenID Connect) at which people may prove who they
// are.
type Provider struct {
	Issuer       string // its URL, to the letter
	ClientID     string
	ClientSecret string   // empty of a public client
	Name         string   // as people know it
	Scopes       []string // beside openid
	Allow        Allow

	GroupsClaim string             // the claim with the groups of a person
	RoleClaim   string             // the claim with the role of a person; empty gives all of them Role
	Role        meet.PrincipalRole // where there is no RoleClaim
}

// Bounds on what is fetched from a provider. What it says of itself is kept for a while;
// while it is down, what it has said before counts.
const (
	maxProviderAnswer  = 1 << 20
	providerWithin     = 5 * time.Second // each request
	discoveryLife      = time.Hour
	discoveryAfterFail = 5 * time.Second // until it is asked again
	redeemedAtOnce     = 16
)

// provider is a [Provider] with what it says of itself, which is fetched when the first
// person goes there.
type provider struct {
	Provider
	http  *http.Client
	now   func() time.Time
	slots chan struct{} // of codes that are being redeemed

	turn   chan struct{} // who holds it may fetch, and has what follows
	known  *discovered   // the last good answer; nil if there was none
	askAt  time.Time     // when to ask again
	failed error         // why there is none
}

// discovered is what a provider says of itself.
type discovered struct {
	*oidc.Provider
	oauth2.Endpoint
	namesIssuer bool // in its answers (RFC 9207)
}

func newProvider(p Provider, now func() time.Time) *provider {
	return &provider{Provider: p, http: providerClient(p.Issuer), now: now, turn: make(chan struct{}, 1),
		slots: make(chan struct{}, redeemedAtOnce)}
}

// discover gives what the provider says of itself.
func (p *provider) discover(ctx context.Context) (*discovered, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p.now().Before(p.askAt) {
		return p.known, p.failed
	}
	// The answer is for others, too, so it is waited for also when this person has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), providerWithin)
	defer cancel()
	found, err := p.fetch(ctx)
	if err == nil {
		p.known, p.askAt, p.failed = found, p.now().Add(discoveryLife), nil
		return found, nil
	}
	p.askAt = p.now().Add(discoveryAfterFail)
	if p.known == nil {
		p.failed = err
	}
	return p.known, p.failed
}

func (p *provider) fetch(ctx context.Context) (*discovered, error) {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.http), p.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		TokenAuth   []string `json:"token_endpoint_auth_methods_supported"`
		NamesIssuer bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, err
	}
	endpoint := found.Endpoint()
	if !p.isAddress(endpoint.AuthURL) || !p.isAddress(endpoint.TokenURL) {
		return nil, errors.New("an endpoint is not an https URL")
	}
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if p.ClientSecret == "" || len(more.TokenAuth) > 0 && !slices.Contains(more.TokenAuth, authBasic) {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &discovered{found, endpoint, more.NamesIssuer}, nil
}

// isAddress says whether people and this server may go to a URL that the provider names.
func (p *provider) isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Hostname() != "" && isSchemeOf(p.Issuer, u)
}

// isSchemeOf says whether a URL has https, or http where the issuer has it.
func isSchemeOf(issuer string, u *url.URL) bool {
	at, err := url.Parse(issuer)
	return u.Scheme == "https" || err == nil && u.Scheme == "http" && at.Scheme == "http"
}

func (p *provider) oauth(d *discovered, redirect string) *oauth2.Config {
	return &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: d.Endpoint, RedirectURL: redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.Scopes...)}
}

// formTarget is where the form that leads to the provider goes, for a policy that has
// https anyway; empty if that is enough.
func (p *provider) formTarget() string {
	if u, err := url.Parse(p.Issuer); err == nil && u.Scheme == "http" {
		return u.Scheme + "://" + u.Host
	}
	return ""
}

// providerClient makes a client for what a provider serves. The operator names the
// issuer, so its own host and port may be anywhere, also on this machine. Any other
// address, which the provider names, must be a public one. Redirections are not followed.
func providerClient(issuer string) *http.Client {
	at, _ := url.Parse(issuer)
	open := &net.Dialer{Timeout: providerWithin}
	guarded := &net.Dialer{Timeout: providerWithin, Control: ssrf.New(ssrf.WithAnyPort()).Safe}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if at != nil && address == net.JoinHostPort(at.Hostname(), portOf(at)) {
			return open.DialContext(ctx, network, address)
		}
		return guarded.DialContext(ctx, network, address)
	}
	return &http.Client{
		Timeout: providerWithin,
		Transport: &boundedTransport{issuer, &http.Transport{DialContext: dial, TLSHandshakeTimeout: providerWithin,
			MaxResponseHeaderBytes: maxHeaderOfThose, ForceAttemptHTTP2: true, MaxIdleConns: 4,
			IdleConnTimeout: 30 * time.Second}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

// boundedTransport bounds the size of answers, and asks nobody without TLS but an issuer
// that has none.
type boundedTransport struct {
	issuer string
	next   http.RoundTripper
}

// RoundTrip makes a request.
func (t *boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !isSchemeOf(t.issuer, r.URL) {
		return nil, errors.New("an address of the identity provider has no https")
	}
	response, err := t.next.RoundTrip(r)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxProviderAnswer)
	}
	return response, err
}
