package main

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/meet"
	"roomkey/signin/signintest"
)

// person signs in with a browser that knows cookies and forms.
type person struct {
	t              *testing.T
	user, passcode string
	client         *http.Client
	provider       *signintest.Provider // where they sign in; nil is by passcode
}

func newPerson(t *testing.T, user, passcode string) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t: t, user: user, passcode: passcode, client: &http.Client{Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// addUser puts a user on record, and gives their passcode.
func addUser(t *testing.T, a *testApp, name string) (passcode string) {
	t.Helper()
	passcode = meet.NewPasscode()
	hash, err := meet.HashPasscode(passcode)
	if err == nil {
		err = a.store.AddUser(t.Context(), meet.Account{Subject: name, Name: name, Role: meet.User, RoleSet: true,
			Source: meet.LocalSource, PasscodeHash: hash, CreatedAt: a.store.Now()})
	}
	if err != nil {
		t.Fatal(err)
	}
	return passcode
}

var sealOfPage = regexp.MustCompile(`name="request" value="([^"]+)"`)

// allow opens the consent page and allows what it asks; it gives where that leads.
func (p *person) allow(page string) string {
	p.t.Helper()
	at, _, _ := strings.Cut(page, "?")
	if p.provider != nil {
		to := p.answer(at, page, "provider", p.provider.URL)
		page = p.provider.SignIn(p.t, p.client, to, p.user)
	}
	return p.answer(at, page, "decision", "allow")
}

// answer answers a consent page; it gives where that leads.
func (p *person) answer(at, page, name, value string) string {
	p.t.Helper()
	resp, err := p.client.Get(page)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	seal := sealOfPage.FindSubmatch(body)
	if err != nil || seal == nil {
		p.t.Fatalf("%s: %d, %v, %s", page, resp.StatusCode, err, body)
	}
	answer, err := p.client.PostForm(at, url.Values{"request": {html.UnescapeString(string(seal[1]))},
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

// The clients of the official libraries go the whole way by themselves, from the 401 to
// a tool's answer, and on when their access token is over.
func TestForeignClientsSignIn(t *testing.T) {
	t.Parallel()
	needForeignClients(t)
	a := startApp(t, func(c *config.Config) { c.Auth.SignIn = true })
	passcode := addUser(t, a, "ada")
	for _, kind := range []foreignKind{foreignKinds[0], foreignKinds[3]} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			c := startForeignClient(t, kind, foreignServer{URL: a.url + "/mcp",
				SignIn: &foreignSignIn{Redirect: "http://127.0.0.1:33418/callback"}})
			var refused struct{ To, Refused string }
			c.must("signIn", nil, &refused)
			if !strings.HasPrefix(refused.To, a.url+"/oauth/authorize?") || refused.Refused != "UnauthorizedError" {
				t.Fatalf("without a token: %+v", refused)
			}
			var got, next struct {
				Access  string `json:"access_token"`
				Refresh string `json:"refresh_token"`
				Scope   string `json:"scope"`
			}
			c.must("finish", newPerson(t, "ada", passcode).allow(refused.To), &got)
			if got.Scope != "rooms:read rooms:write moderate meeting" || got.Access == "" || got.Refresh == "" {
				t.Errorf("tokens: %+v", got)
			}
			room := "of-" + strings.ReplaceAll(strings.ReplaceAll(kind.name, " ", "-"), ".", "-")
			var made struct {
				Room struct {
					CreatedBy string `json:"created_by"`
				}
			}
			if c.mustCall("create_room", map[string]any{"name": room}, &made); made.Room.CreatedBy != "ada" {
				t.Errorf("the room is of %q, want ada", made.Room.CreatedBy)
			}
			c.must("spoil", nil, nil)
			c.mustCall("get_room", map[string]any{"room_id": room}, nil)
			if c.must("tokens", nil, &next); next.Access == "x" || next.Access == got.Access || next.Refresh == got.Refresh {
				t.Error("the client has not refreshed its tokens")
			}
		})
	}
}

// A client that is known by the URL of a document about it goes the whole way, too, and
// registers nowhere.
func TestForeignClientsSignInByDocument(t *testing.T) {
	t.Parallel()
	needForeignClients(t)
	const redirect = "http://127.0.0.1:33418/callback"
	var host *httptest.Server
	var asked atomic.Int64
	host = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"client_id": host.URL + r.URL.Path, "client_name": "Agent",
			"redirect_uris": []string{redirect}, "token_endpoint_auth_method": "none"})
	}))
	t.Cleanup(host.Close)
	a := startPrepared(t, func(c *config.Config) { c.Auth.SignIn = true },
		func(a *app) { a.people.FetchDocumentsBy(host.Client()) })
	passcode := addUser(t, a, "ada")
	for i, kind := range []foreignKind{foreignKinds[0], foreignKinds[3]} {
		t.Run(kind.name, func(t *testing.T) {
			document := host.URL + "/" + kind.library
			c := startForeignClient(t, kind, foreignServer{URL: a.url + "/mcp",
				SignIn: &foreignSignIn{Redirect: redirect, Document: document}})
			var refused struct{ To string }
			c.must("signIn", nil, &refused)
			to, err := url.Parse(refused.To)
			if err != nil || to.Query().Get("client_id") != document {
				t.Fatalf("the client goes to %s, %v; want it to be known as %s", refused.To, err, document)
			}
			c.must("finish", newPerson(t, "ada", passcode).allow(refused.To), nil)
			var made struct {
				Room struct {
					CreatedBy string `json:"created_by"`
				}
			}
			c.mustCall("create_room", map[string]any{"name": "by-" + kind.library}, &made)
			if made.Room.CreatedBy != "ada" {
				t.Errorf("the room is of %q, want ada", made.Room.CreatedBy)
			}
			c.must("spoil", nil, nil)
			c.mustCall("get_room", map[string]any{"room_id": "by-" + kind.library}, nil)
			if n := asked.Load(); n != int64(i+1) {
				t.Errorf("documents were fetched %d times, want once for each client", n)
			}
		})
	}
}

// What says that people can sign in is there when they can, and only then: clients take
// it as a sign that a token that they were given does not count.
func TestSignInIsPublished(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{true, false} {
		a := startApp(t, func(c *config.Config) { c.Auth.SignIn = on })
		for _, path := range []string{"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp",
			"/.well-known/oauth-authorization-server", "/sign-in"} {
			got, err := send(t.Context(), "", http.MethodGet, a.url+path, "")
			if err != nil || (got.status == http.StatusOK) != on ||
				on && path != "/sign-in" && !strings.Contains(string(got.body), `"`+a.url) {
				t.Errorf("sign-in %t: %s: %d %s, %v", on, path, got.status, got.body, err)
			}
		}
		for token, want := range map[string]string{
			"": "", "x": `, error="invalid_token"`,
		} {
			want = `Bearer realm="roomkey"` + want + `, resource_metadata="` + a.url +
				`/.well-known/oauth-protected-resource/mcp", scope="rooms:read rooms:write moderate meeting"`
			if !on {
				want = `Bearer realm="roomkey"`
			}
			for _, path := range []string{"/mcp", "/api/room/create"} {
				got, err := send(t.Context(), token, http.MethodPost, a.url+path, "{}")
				if err != nil || got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") != want {
					t.Errorf("sign-in %t: %s with the token %q: %d, %s, %v; want %s", on, path, token, got.status,
						got.header.Get("WWW-Authenticate"), err, want)
				}
			}
		}
		if made := a.post(t, rpc("tools/list", "{}")); made.status != http.StatusOK {
			t.Errorf("sign-in %t: a token of roomkey token: %d %s", on, made.status, made.body)
		}
		for _, path := range []string{"/oauth/token", "/oauth/register"} {
			got, err := send(t.Context(), "", http.MethodGet, a.url+path, "")
			if want := `{"error":"invalid_request","error_description":`; err != nil || on &&
				(got.status != http.StatusMethodNotAllowed || !strings.HasPrefix(string(got.body), want)) {
				t.Errorf("GET %s: %d %s, %v", path, got.status, got.body, err)
			}
		}
	}
}

// A token does what its scopes allow. For the rest a client is told to ask for more.
func TestScopesOfSignIn(t *testing.T) {
	t.Parallel()
	a := startApp(t, func(c *config.Config) { c.Auth.SignIn = true })
	access, _ := signInByHand(t, a, newPerson(t, "ada", addUser(t, a, "ada")), "rooms:read meeting")
	want := `Bearer realm="roomkey", error="insufficient_scope", resource_metadata="` + a.url +
		`/.well-known/oauth-protected-resource/mcp", scope="rooms:read rooms:write meeting"`
	for path, body := range map[string]string{
		"/mcp":             rpc("tools/call", `{"name": "create_room", "arguments": {"name": "team-daily"}}`),
		"/api/room/create": `{"name": "team-daily"}`,
	} {
		got, err := send(t.Context(), access, http.MethodPost, a.url+path, body)
		if err != nil || got.status != http.StatusForbidden || got.header.Get("WWW-Authenticate") != want {
			t.Errorf("%s: %d, %s, %v; want %s", path, got.status, got.header.Get("WWW-Authenticate"), err, want)
		}
	}
	got, err := send(t.Context(), access, http.MethodPost, a.url+"/mcp",
		rpc("tools/call", `{"name": "list_rooms", "arguments": {}}`))
	if err != nil || got.status != http.StatusOK || got.header.Get("WWW-Authenticate") != "" {
		t.Errorf("list_rooms: %d %s, %v", got.status, got.body, err)
	}
	got, err = send(t.Context(), access, http.MethodPost, a.url+"/mcp", rpc("tools/list", "{}"))
	if err != nil || strings.Contains(string(got.body), `"create_room"`) ||
		!strings.Contains(string(got.body), `"list_rooms"`) {
		t.Errorf("tools/list: %d %s, %v; want list_rooms, and no create_room", got.status, got.body, err)
	}
}

// Somebody of an identity provider signs in for a client, which then acts as them, until
// the operator disables them.
func TestSignInByProvider(t *testing.T) {
	t.Parallel()
	provider := signintest.New(t)
	a := startApp(t, func(c *config.Config) {
		c.Auth.SignIn = true
		c.Auth.OIDC = []config.OIDC{{Issuer: provider.URL, ClientID: signintest.ClientID,
			ClientSecret: signintest.ClientSecret, Allow: config.OIDCAllow{Domains: []string{"example.com"}}}}
	})
	provider.Serve(t, a.url+"/oauth/callback")
	ada := newPerson(t, "ada", "")
	ada.provider = provider
	access, _ := signInByHand(t, a, ada, "rooms:read rooms:write")
	create := rpc("tools/call", `{"name": "create_room", "arguments": {"name": "of-ada"}}`)
	got, err := send(t.Context(), access, http.MethodPost, a.url+"/mcp", create)
	subject := meet.ForeignSubject(provider.URL, "id-of-ada")
	if err != nil || !strings.Contains(string(got.body), `"created_by":"`+subject+`"`) {
		t.Errorf("create_room: %d %s, %v; want it created by %s", got.status, got.body, err, subject)
	}
	account, err := a.store.User(t.Context(), subject)
	if err != nil || account.Name != "Ada Lovelace" || account.Role != meet.User || account.Source != provider.URL {
		t.Errorf("on record: %+v, %v", account, err)
	}
	holdPageSignIn(t, a, ada)
	if _, err = a.store.UpdateUser(t.Context(), subject, func(a *meet.Account) error {
		a.Disable(time.Now())
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !eventually(func() bool {
		got, err := send(t.Context(), access, http.MethodPost, a.url+"/mcp", create)
		return err == nil && got.status == http.StatusUnauthorized
	}) {
		t.Error("a disabled user's client still acts")
	}
}

// holdPageSignIn signs in on the join page, for a public room that requires it. It holds
// that this lets somebody in there, from that page, and does nothing else.
func holdPageSignIn(t *testing.T, a *testApp, ada *person) {
	t.Helper()
	got := a.post(t, rpc("tools/call", `{"name": "create_room", "arguments": {"name": "signed-in", "is_public": true,
		"settings": {"require_sign_in": true}}}`))
	if got.status != http.StatusOK {
		t.Fatalf("create_room: %d %s", got.status, got.body)
	}
	to := a.url + "/oauth/page?" + url.Values{"way": {ada.provider.URL}, "to": {"/m/signed-in"}}.Encode()
	resp, err := ada.client.Get(ada.provider.SignIn(t, ada.client, ada.follow(to), ada.user))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	at, _ := url.Parse(a.url)
	var cookies []string
	for _, c := range ada.client.Jar.Cookies(at) {
		cookies = append(cookies, c.String())
	}
	cookie := strings.Join(cookies, "; ")
	const join, refused = `{"room": "signed-in", "name": "Eve"}`, "only people who have signed in"
	for _, c := range []struct {
		path, body, origin, cookie string
		status                     int
		want                       string
	}{
		{"/page/join", join, a.url, "", http.StatusForbidden, refused},
		{"/page/join", join, "", cookie, http.StatusForbidden, refused},
		{"/page/join", join, a.url, cookie, http.StatusOK, `"identity":"` + ada.provider.URL},
		{"/page/invitation", `{"room": "signed-in"}`, a.url, cookie, http.StatusOK, `"as":"Ada Lovelace"`},
		{"/page/invitation", `{"room": "signed-in"}`, a.url, "", http.StatusOK,
			`"sign_in":{"required":true,"ways":[{"name":"`},
		{"/mcp", rpc("tools/list", "{}"), a.url, cookie, http.StatusUnauthorized, ""},
		{"/api/room/list", "", a.url, cookie, http.StatusMethodNotAllowed, ""},
		{"/api/room/create", "{}", a.url, cookie, http.StatusUnauthorized, ""},
	} {
		headers := []string{"Content-Type", "application/json"}
		for name, value := range map[string]string{"Origin": c.origin, "Cookie": c.cookie} {
			if value != "" {
				headers = append(headers, name, value)
			}
		}
		got, err := send(t.Context(), "", http.MethodPost, a.url+c.path, c.body, headers...)
		if err != nil || got.status != c.status || !strings.Contains(string(got.body), c.want) {
			t.Errorf("%s of %q with a cookie %t: %d %s, %v; want %d %s", c.path, c.origin, c.cookie != "",
				got.status, got.body, err, c.status, c.want)
		}
	}
}

// follow gives where an address leads.
func (p *person) follow(address string) string {
	p.t.Helper()
	resp, err := p.client.Get(address)
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
