package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"testing"
)

// byHand is a client that signs in by plain requests, and keeps what it needs for the
// next one.
type byHand struct {
	t       *testing.T
	url     string // of the roomkey
	id      string
	code    string
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

const (
	byHandCallback = "http://127.0.0.1/callback"
	byHandVerifier = "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
)

// ask registers the client and has the person allow it some scopes.
func (c *byHand) ask(p *person, scope string) {
	c.t.Helper()
	var client struct {
		ID string `json:"client_id"`
	}
	c.post("/oauth/register", "application/json", `{"redirect_uris": ["`+byHandCallback+`"]}`, http.StatusCreated, &client)
	c.id = client.ID
	sum := sha256.Sum256([]byte(byHandVerifier))
	page := c.url + "/oauth/authorize?" + url.Values{"response_type": {"code"}, "client_id": {c.id},
		"redirect_uri": {byHandCallback}, "scope": {scope}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "resource": {c.url + "/mcp"}}.Encode()
	to, err := url.Parse(p.allow(page))
	if err != nil || to.Query().Get("iss") != c.url {
		c.t.Fatalf("back to %s, %v", to, err)
	}
	c.code = to.Query().Get("code")
}

// redeem gets tokens for the code, or with refresh for the refresh token.
func (c *byHand) redeem(refresh bool) {
	c.t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {c.code}, "code_verifier": {byHandVerifier}}
	if refresh {
		form = url.Values{"grant_type": {"refresh_token"}, "refresh_token": {c.Refresh}}
	}
	form.Set("client_id", c.id)
	c.post("/oauth/token", "application/x-www-form-urlencoded", form.Encode(), http.StatusOK, c)
}

// post posts without a token, and reads the answer of that status.
func (c *byHand) post(path, kind, body string, status int, into any) {
	c.t.Helper()
	got, err := send(c.t.Context(), "", http.MethodPost, c.url+path, body, "Content-Type", kind)
	if err != nil || got.status != status || json.Unmarshal(got.body, into) != nil {
		c.t.Fatalf("%s: %d %s, %v; want %d", path, got.status, got.body, err, status)
	}
}

// signInByHand goes the whole way as a client with some scopes, and gives its tokens.
func signInByHand(t *testing.T, a *testApp, p *person, scope string) (access, refresh string) {
	t.Helper()
	c := &byHand{t: t, url: a.url}
	c.ask(p, scope)
	c.redeem(false)
	return c.Access, c.Refresh
}

var printedPasscode = regexp.MustCompile(`Passcode: (\S+)`)

// A roomkey that is stopped, or killed, in the middle of signing in goes on where it was:
// between consent and code, and between tokens and their refresh.
func TestRestartInTheMiddleOfSignIn(t *testing.T) {
	t.Parallel()
	dir, address := t.TempDir(), freeAddress(t)
	env := append(bareEnvironment(dir), "ROOMKEY_AUTH_SIGN_IN=true", "ROOMKEY_LISTEN="+address)
	serve := func() *process { return startAt(t, address, command(dir, env, "serve")) }
	server := serve()
	said, err := command(dir, env, "user", "add", "ada").Output()
	passcode := printedPasscode.FindSubmatch(said)
	if err != nil || passcode == nil {
		t.Fatalf("user add: %s, %v", said, err)
	}
	c := &byHand{t: t, url: server.url}
	c.ask(newPerson(t, "ada", string(passcode[1])), "rooms:read rooms:write")
	if err := server.terminate(); err != nil {
		t.Fatal(err)
	}
	server = serve()
	c.redeem(false)
	works := func(when string) {
		t.Helper()
		got, err := send(t.Context(), c.Access, http.MethodPost, c.url+"/api/room/create", `{}`)
		if err != nil || got.status != http.StatusOK {
			t.Errorf("%s: %d %s, %v", when, got.status, got.body, err)
		}
	}
	works("after the code was redeemed")
	server.kill()
	serve()
	works("after a crash")
	before := c.Access
	c.redeem(true)
	if c.Access == before {
		t.Error("no new access token was given")
	}
	works("after a refresh")
}
