package signin

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"roomkey/livekit"
	"roomkey/meet"
	"roomkey/meet/meettest/offline"
	"roomkey/signin/signintest"
)

// withProviders makes the server one with an HTTP address of its own and real users, at
// which people may sign in at a real provider and at a hostile one.
func withProviders(t *testing.T, allow Allow) (s *testServer, real *signintest.Provider, hostile *hostileProvider) {
	t.Helper()
	s = setup(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mux.ServeHTTP(w, r)
	}))
	c := s.Config
	c.Issuer = "http://" + server.Listener.Addr().String()
	real, hostile = signintest.New(t), newHostileProvider(t)
	real.Serve(t, c.Issuer+CallbackPath)
	media := livekit.New(livekit.Config{URL: offline.LiveKit, APIKey: "key", APISecret: strings.Repeat("s", 32)})
	service, _ := meet.New(meet.Config{Store: s.db, Media: media})
	s.disable = func(subject string) {
		if _, err := s.db.UpdateUser(t.Context(), subject, func(a *meet.Account) error {
			a.Disable(time.Now())
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
	c.Now, c.SignInForeign, c.UserOf = time.Now, service.SignInForeign, service.UserOf
	c.Providers = []Provider{
		{Issuer: real.URL, ClientID: signintest.ClientID, ClientSecret: signintest.ClientSecret, Name: "Example",
			Scopes: []string{"profile", "email"}, Allow: allow, Role: meet.User},
		{Issuer: hostile.url, ClientID: signintest.ClientID, Name: "Hostile", Allow: Allow{Anyone: true},
			GroupsClaim: "groups", RoleClaim: "role"},
	}
	s.Server = New(c)
	s.serve()
	server.Start()
	t.Cleanup(server.Close)
	return s, real, hostile
}

// browser is one of a person: with cookies, and without following redirections.
type browser struct {
	*http.Client
	s *testServer
}

func (s *testServer) browser() *browser {
	jar, _ := cookiejar.New(nil)
	s.t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return &browser{&http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}, s}
}

// read gives an answer.
func (b *browser) read(response *http.Response, err error) reply {
	b.s.t.Helper()
	if err != nil {
		b.s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, _ := io.ReadAll(response.Body)
	to, _ := response.Location()
	return reply{response.StatusCode, response.Header, string(raw), to}
}

func (b *browser) open(target string) reply {
	b.s.t.Helper()
	return b.read(b.Get(target))
}

// post answers a consent page.
func (b *browser) post(page reply, name, value string) reply {
	b.s.t.Helper()
	found := sealInPage.FindStringSubmatch(page.body)
	if found == nil {
		b.s.t.Fatalf("no consent page: %d %s", page.status, page.body)
	}
	form := url.Values{"request": {html.UnescapeString(found[1])}, name: {value}}
	return b.read(b.PostForm(b.s.Issuer+AuthorizePath, form))
}

// chooseProvider goes to a provider for a new client, and gives where the browser is sent.
func (b *browser) chooseProvider(issuer string) *url.URL {
	b.s.t.Helper()
	client, _ := b.s.register("", callback)
	r := b.post(b.open(b.s.Issuer+b.s.query(client)), "provider", issuer)
	if r.status != http.StatusSeeOther {
		b.s.t.Fatalf("to the provider: %d %s", r.status, r.body)
	}
	return r.to
}

// hostileProvider is one whose ID tokens are what a test makes them.
type hostileProvider struct {
	url string
	key *rsa.PrivateKey

	mu       sync.Mutex
	down     bool
	metadata map[string]any
	answer   func(w http.ResponseWriter) // of the token endpoint, in place of idToken
	idToken  func() string
	asked    map[string]int // how often each path was asked for
}

func newHostileProvider(t *testing.T) *hostileProvider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &hostileProvider{key: key, asked: map[string]int{}}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL
	p.metadata = map[string]any{"issuer": p.url, "authorization_endpoint": p.url + "/authorize",
		"token_endpoint": p.url + "/token", "jwks_uri": p.url + "/keys"}
	return p
}

// set changes the provider.
func (p *hostileProvider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func (p *hostileProvider) count(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

// ServeHTTP answers as a provider does.
func (p *hostileProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[r.URL.Path]++
	w.Header().Set("Content-Type", "application/json")
	number := base64.RawURLEncoding.EncodeToString
	switch {
	case p.down:
		w.WriteHeader(http.StatusBadGateway)
	case r.URL.Path == "/.well-known/openid-configuration":
		_ = json.NewEncoder(w).Encode(p.metadata)
	case r.URL.Path == "/keys":
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]string{"kty": "RSA", "alg": "RS256",
			"use": "sig", "kid": "k", "n": number(p.key.N.Bytes()), "e": number(big.NewInt(int64(p.key.E)).Bytes())}}})
	case r.URL.Path == "/token" && p.answer != nil:
		p.answer(w)
	case r.URL.Path == "/token":
		_ = json.NewEncoder(w).Encode(map[string]string{"access_token": "a", "token_type": "Bearer",
			"id_token": p.idToken()})
	}
}

// claims are those of a good ID token for somebody who was sent to an address.
func (p *hostileProvider) claims(to *url.URL) jwt.MapClaims {
	return jwt.MapClaims{"iss": p.url, "sub": "s", "aud": signintest.ClientID, "nonce": to.Query().Get("nonce"),
		"name": "Eve", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
}

func (p *hostileProvider) sign(c jwt.MapClaims) string {
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, c)
	token.Header["kid"] = "k"
	text, err := token.SignedString(p.key)
	if err != nil {
		panic(err)
	}
	return text
}

// back is where the provider sends somebody whom it got at an address, with more
// parameters.
func (p *hostileProvider) back(to *url.URL, more string) string {
	return to.Query().Get("redirect_uri") + "?code=c&state=" + to.Query().Get("state") + more
}

// holdRefused fails the test unless the person was told a problem and is nobody.
func holdRefused(t *testing.T, what string, r reply, problem string) {
	t.Helper()
	if r.status < 400 || !strings.Contains(html.UnescapeString(r.body), problem) || strings.Contains(r.body, "You are") {
		t.Errorf("%s: got %d %s; want it refused with %q", what, r.status, r.body, problem)
	}
}
