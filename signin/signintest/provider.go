// Package signintest gives tests a real identity provider: the example of zitadel's
// OpenID Connect library, in this process.
package signintest

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

// What the server that is tested is at the provider.
const (
	ClientID     = "roomkey"
	ClientSecret = "a secret of roomkey" //nolint:gosec // G101: of a test
)

// Password is that of everybody at the provider.
const Password = "a password"

// Provider is an identity provider that a test runs.
type Provider struct {
	URL string // the issuer

	listener net.Listener
	users    map[string]*storage.User
}

// New makes a provider that has its address; it answers after [Provider.Serve]. It knows
// Ada Lovelace ("ada", ada@example.com) and Mallory, whose address mallory@example.com
// nobody has verified ("mallory").
func New(t testing.TB) *Provider {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	p := &Provider{URL: "http://" + listener.Addr().String(), listener: listener, users: map[string]*storage.User{}}
	p.add("ada", "Ada", "Lovelace", true)
	p.add("mallory", "Mallory", "Unverified", false)
	return p
}

// Serve answers until the test ends. The tested server gets people back at an address.
func (p *Provider) Serve(t testing.TB, redirect string) {
	t.Helper()
	clients := map[string]*storage.Client{ClientID: storage.WebClient(ClientID, ClientSecret, redirect)}
	handler := exampleop.SetupServer(p.URL, storage.NewStorageWithClients(p, clients), nil, false)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(p.listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
}

func (p *Provider) add(user, first, last string, verified bool) {
	p.users[user] = &storage.User{ID: "id-of-" + user, Username: user, Password: Password, FirstName: first,
		LastName: last, Email: user + "@example.com", EmailVerified: verified}
}

// GetUserByID is for the provider's own use, as what follows.
func (p *Provider) GetUserByID(id string) *storage.User {
	return p.GetUserByUsername(strings.TrimPrefix(id, "id-of-"))
}

// GetUserByUsername gives nil where there is none.
func (p *Provider) GetUserByUsername(name string) *storage.User {
	return p.users[name]
}

// ExampleClientID is that of a program without a person.
func (p *Provider) ExampleClientID() string { return "service" }

// SignIn has somebody sign in where the tested server has sent a browser, and gives where
// the provider sends it back to. The browser must not follow redirections.
func (p *Provider) SignIn(t testing.TB, browser *http.Client, to, user string) (back string) {
	t.Helper()
	step := func(what, method, target string, form url.Values) *url.URL {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		response, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		next, err := response.Location()
		if err != nil {
			text, _ := io.ReadAll(response.Body)
			t.Fatalf("%s at the provider: %d %s", what, response.StatusCode, text)
		}
		return next
	}
	login := step("begin", http.MethodGet, to, nil)
	done := step("sign in", http.MethodPost, login.String(), url.Values{"id": {login.Query().Get("authRequestID")},
		"username": {user}, "password": {Password}})
	return step("come back", http.MethodGet, done.String(), nil).String()
}
