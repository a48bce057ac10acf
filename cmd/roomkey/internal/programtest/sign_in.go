package programtest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"roomkey/signin/signintest"
)

// Person signs in with a browser that knows cookies and forms.
type Person struct {
	t              *testing.T
	user, passcode string
	Client         *http.Client
	Provider       *signintest.Provider // where they sign in; nil is by passcode
}

// NewPerson is a person with a fresh browser.
func NewPerson(t *testing.T, user, passcode string) *Person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Person{t: t, user: user, passcode: passcode, Client: &http.Client{Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

var sealOfPage = regexp.MustCompile(`name="request" value="([^"]+)"`)

// Allow opens the consent page and allows what it asks; it gives where that leads.
func (p *Person) Allow(page string) string {
	p.t.Helper()
	at, _, _ := strings.Cut(page, "?")
	if p.Provider != nil {
		to := p.answer(at, page, "provider", p.Provider.URL)
		page = p.Provider.SignIn(p.t, p.Client, to, p.user)
	}
	return p.answer(at, page, "decision", "allow")
}

// answer answers a consent page; it gives where that leads.
func (p *Person) answer(at, page, name, value string) string {
	p.t.Helper()
	resp, err := p.Client.Get(page)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	seal := sealOfPage.FindSubmatch(body)
	if err != nil || seal == nil {
		p.t.Fatalf("%s: %d, %v, %s", page, resp.StatusCode, err, body)
	}
	answer, err := p.Client.PostForm(at, url.Values{"request": {html.UnescapeString(string(seal[1]))},
		"user": {p.user}, "passcode": {p.passcode}, name: {value}})
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	to, err := answer.Location()
	if err != nil {
		text, _ := io.ReadAll(answer.Body)
		p.t.Fatalf("%s %s: %d, %v, %s", name, value, answer.StatusCode, err, text)
	}
	return to.String()
}

// Follow gives where an address leads.
func (p *Person) Follow(address string) string {
	p.t.Helper()
	resp, err := p.Client.Get(address)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	to, err := resp.Location()
	if err != nil {
		p.t.Fatalf("%s: %d, %v", address, resp.StatusCode, err)
	}
	return to.String()
}

// ByHand is a client that signs in by plain requests, and keeps what it needs for the
// next one.
type ByHand struct {
	T       *testing.T
	URL     string // of the roomkey
	id      string
	code    string
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

const (
	byHandCallback = "http://127.0.0.1/callback"
	byHandVerifier = "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
)

// Ask registers the client and has the person allow it some scopes.
func (c *ByHand) Ask(p *Person, scope string) {
	c.T.Helper()
	var client struct {
		ID string `json:"client_id"`
	}
	c.post("/oauth/register", "application/json", `{"redirect_uris": ["`+byHandCallback+`"]}`, http.StatusCreated, &client)
	c.id = client.ID
	sum := sha256.Sum256([]byte(byHandVerifier))
	page := c.URL + "/oauth/authorize?" + url.Values{"response_type": {"code"}, "client_id": {c.id},
		"redirect_uri": {byHandCallback}, "scope": {scope}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "resource": {c.URL + "/mcp"}}.Encode()
	to, err := url.Parse(p.Allow(page))
	if err != nil || to.Query().Get("iss") != c.URL {
		c.T.Fatalf("back to %s, %v", to, err)
	}
	c.code = to.Query().Get("code")
}

// Redeem gets tokens for the code, or with refresh for the refresh token.
func (c *ByHand) Redeem(refresh bool) {
	c.T.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {c.code}, "code_verifier": {byHandVerifier}}
	if refresh {
		form = url.Values{"grant_type": {"refresh_token"}, "refresh_token": {c.Refresh}}
	}
	form.Set("client_id", c.id)
	c.post("/oauth/token", "application/x-www-form-urlencoded", form.Encode(), http.StatusOK, c)
}

// post posts without a token, and reads the answer of that status.
func (c *ByHand) post(path, kind, body string, status int, into any) {
	c.T.Helper()
	got, err := Send(c.T.Context(), "", http.MethodPost, c.URL+path, body, "Content-Type", kind)
	if err != nil || got.Status != status || json.Unmarshal(got.Body, into) != nil {
		c.T.Fatalf("%s: %d %s, %v; want %d", path, got.Status, got.Body, err, status)
	}
}
