package server

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/meet"
	"roomkey/signin/signintest"
)

// addUser puts a user on record, and gives their passcode.
func addUser(t *testing.T, a *testServer, name string) (passcode string) {
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

// The clients of the official libraries go the whole way by themselves, from the 401 to
// a tool's answer, and on when their access token is over.
func TestForeignClientsSignIn(t *testing.T) {
	t.Parallel()
	programtest.NeedForeignClients(t)
	a := startServer(t, func(c *config.Config) { c.Auth.SignIn = true })
	passcode := addUser(t, a, "ada")
	for _, kind := range []programtest.ForeignKind{programtest.ForeignKinds[0], programtest.ForeignKinds[3]} {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			c := programtest.StartForeignClient(t, kind, programtest.ForeignServer{URL: a.url + "/mcp",
				SignIn: &programtest.ForeignSignIn{Redirect: "http://127.0.0.1:33418/callback"}})
			var refused struct{ To, Refused string }
			c.Must("signIn", nil, &refused)
			if !strings.HasPrefix(refused.To, a.url+"/oauth/authorize?") || refused.Refused != "UnauthorizedError" {
				t.Fatalf("without a token: %+v", refused)
			}
			var got, next struct {
				Access  string `json:"access_token"`
				Refresh string `json:"refresh_token"`
				Scope   string `json:"scope"`
			}
			c.Must("finish", programtest.NewPerson(t, "ada", passcode).Allow(refused.To), &got)
			if got.Scope != "rooms:read rooms:write moderate meeting" || got.Access == "" || got.Refresh == "" {
				t.Errorf("tokens: %+v", got)
			}
			room := "of-" + strings.ReplaceAll(strings.ReplaceAll(kind.Name, " ", "-"), ".", "-")
			var made struct {
				Room struct {
					CreatedBy string `json:"created_by"`
				}
			}
			if c.MustCall("create_room", map[string]any{"name": room}, &made); made.Room.CreatedBy != "ada" {
				t.Errorf("the room is of %q, want ada", made.Room.CreatedBy)
			}
			c.Must("spoil", nil, nil)
			c.MustCall("get_room", map[string]any{"room_id": room}, nil)
			if c.Must("tokens", nil, &next); next.Access == "x" || next.Access == got.Access || next.Refresh == got.Refresh {
				t.Error("the client has not refreshed its tokens")
			}
		})
	}
}

// A client that is known by the URL of a document about it goes the whole way, too, and
// registers nowhere.
func TestForeignClientsSignInByDocument(t *testing.T) {
	t.Parallel()
	programtest.NeedForeignClients(t)
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
		func(a *Server) { a.people.FetchDocumentsBy(host.Client()) })
	passcode := addUser(t, a, "ada")
	for i, kind := range []programtest.ForeignKind{programtest.ForeignKinds[0], programtest.ForeignKinds[3]} {
		t.Run(kind.Name, func(t *testing.T) {
			document := host.URL + "/" + kind.Library
			c := programtest.StartForeignClient(t, kind, programtest.ForeignServer{URL: a.url + "/mcp",
				SignIn: &programtest.ForeignSignIn{Redirect: redirect, Document: document}})
			var refused struct{ To string }
			c.Must("signIn", nil, &refused)
			to, err := url.Parse(refused.To)
			if err != nil || to.Query().Get("client_id") != document {
				t.Fatalf("the client goes to %s, %v; want it to be known as %s", refused.To, err, document)
			}
			c.Must("finish", programtest.NewPerson(t, "ada", passcode).Allow(refused.To), nil)
			var made struct {
				Room struct {
					CreatedBy string `json:"created_by"`
				}
			}
			c.MustCall("create_room", map[string]any{"name": "by-" + kind.Library}, &made)
			if made.Room.CreatedBy != "ada" {
				t.Errorf("the room is of %q, want ada", made.Room.CreatedBy)
			}
			c.Must("spoil", nil, nil)
			c.MustCall("get_room", map[string]any{"room_id": "by-" + kind.Library}, nil)
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
		a := startServer(t, func(c *config.Config) { c.Auth.SignIn = on })
		for _, path := range []string{"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp",
			"/.well-known/oauth-authorization-server", "/sign-in"} {
			got, err := programtest.Send(t.Context(), "", http.MethodGet, a.url+path, "")
			if err != nil || (got.Status == http.StatusOK) != on ||
				on && path != "/sign-in" && !strings.Contains(string(got.Body), `"`+a.url) {
				t.Errorf("sign-in %t: %s: %d %s, %v", on, path, got.Status, got.Body, err)
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
				got, err := programtest.Send(t.Context(), token, http.MethodPost, a.url+path, "{}")
				if err != nil || got.Status != http.StatusUnauthorized || got.Header.Get("WWW-Authenticate") != want {
					t.Errorf("sign-in %t: %s with the token %q: %d, %s, %v; want %s", on, path, token, got.Status,
						got.Header.Get("WWW-Authenticate"), err, want)
				}
			}
		}
		if made := a.post(t, programtest.RPC("tools/list", "{}")); made.Status != http.StatusOK {
			t.Errorf("sign-in %t: a token of roomkey token: %d %s", on, made.Status, made.Body)
		}
		for _, path := range []string{"/oauth/token", "/oauth/register"} {
			got, err := programtest.Send(t.Context(), "", http.MethodGet, a.url+path, "")
			if want := `{"error":"invalid_request","error_description":`; err != nil || on &&
				(got.Status != http.StatusMethodNotAllowed || !strings.HasPrefix(string(got.Body), want)) {
				t.Errorf("GET %s: %d %s, %v", path, got.Status, got.Body, err)
			}
		}
	}
}

// A token does what its scopes allow. For the rest a client is told to ask for more.
func TestScopesOfSignIn(t *testing.T) {
	t.Parallel()
	a := startServer(t, func(c *config.Config) { c.Auth.SignIn = true })
	access, _ := signInByHand(t, a, programtest.NewPerson(t, "ada", addUser(t, a, "ada")), "rooms:read meeting")
	want := `Bearer realm="roomkey", error="insufficient_scope", resource_metadata="` + a.url +
		`/.well-known/oauth-protected-resource/mcp", scope="rooms:read rooms:write meeting"`
	for path, body := range map[string]string{
		"/mcp":             programtest.RPC("tools/call", `{"name": "create_room", "arguments": {"name": "team-daily"}}`),
		"/api/room/create": `{"name": "team-daily"}`,
	} {
		got, err := programtest.Send(t.Context(), access, http.MethodPost, a.url+path, body)
		if err != nil || got.Status != http.StatusForbidden || got.Header.Get("WWW-Authenticate") != want {
			t.Errorf("%s: %d, %s, %v; want %s", path, got.Status, got.Header.Get("WWW-Authenticate"), err, want)
		}
	}
	got, err := programtest.Send(t.Context(), access, http.MethodPost, a.url+"/mcp",
		programtest.RPC("tools/call", `{"name": "list_rooms", "arguments": {}}`))
	if err != nil || got.Status != http.StatusOK || got.Header.Get("WWW-Authenticate") != "" {
		t.Errorf("list_rooms: %d %s, %v", got.Status, got.Body, err)
	}
	got, err = programtest.Send(t.Context(), access, http.MethodPost, a.url+"/mcp", programtest.RPC("tools/list", "{}"))
	if err != nil || strings.Contains(string(got.Body), `"create_room"`) ||
		!strings.Contains(string(got.Body), `"list_rooms"`) {
		t.Errorf("tools/list: %d %s, %v; want list_rooms, and no create_room", got.Status, got.Body, err)
	}
}

// Somebody of an identity provider signs in for a client, which then acts as them, until
// the operator disables them.
func TestSignInByProvider(t *testing.T) {
	t.Parallel()
	provider := signintest.New(t)
	a := startServer(t, func(c *config.Config) {
		c.Auth.SignIn = true
		c.Auth.OIDC = []config.OIDC{{Issuer: provider.URL, ClientID: signintest.ClientID,
			ClientSecret: signintest.ClientSecret, Allow: config.OIDCAllow{Domains: []string{"example.com"}}}}
	})
	provider.Serve(t, a.url+"/oauth/callback")
	ada := programtest.NewPerson(t, "ada", "")
	ada.Provider = provider
	access, _ := signInByHand(t, a, ada, "rooms:read rooms:write")
	create := programtest.RPC("tools/call", `{"name": "create_room", "arguments": {"name": "of-ada"}}`)
	got, err := programtest.Send(t.Context(), access, http.MethodPost, a.url+"/mcp", create)
	subject := meet.ForeignSubject(provider.URL, "id-of-ada")
	if err != nil || !strings.Contains(string(got.Body), `"created_by":"`+subject+`"`) {
		t.Errorf("create_room: %d %s, %v; want it created by %s", got.Status, got.Body, err, subject)
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
	if !programtest.Eventually(func() bool {
		got, err := programtest.Send(t.Context(), access, http.MethodPost, a.url+"/mcp", create)
		return err == nil && got.Status == http.StatusUnauthorized
	}) {
		t.Error("a disabled user's client still acts")
	}
}

// holdPageSignIn signs in on the join page, for a public room that requires it. It holds
// that this lets somebody in there, from that page, and does nothing else.
func holdPageSignIn(t *testing.T, a *testServer, ada *programtest.Person) {
	t.Helper()
	got := a.post(t, programtest.RPC("tools/call", `{"name": "create_room",
		"arguments": {"name": "signed-in", "is_public": true,
		"settings": {"require_sign_in": true}}}`))
	if got.Status != http.StatusOK {
		t.Fatalf("create_room: %d %s", got.Status, got.Body)
	}
	to := a.url + "/oauth/page?" + url.Values{"way": {ada.Provider.URL}, "to": {"/m/signed-in"}}.Encode()
	resp, err := ada.Client.Get(ada.Provider.SignIn(t, ada.Client, ada.Follow(to), "ada"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	at, _ := url.Parse(a.url)
	var cookies []string
	for _, c := range ada.Client.Jar.Cookies(at) {
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
		{"/page/join", join, a.url, cookie, http.StatusOK, `"identity":"` + ada.Provider.URL},
		{"/page/invitation", `{"room": "signed-in"}`, a.url, cookie, http.StatusOK, `"as":"Ada Lovelace"`},
		{"/page/invitation", `{"room": "signed-in"}`, a.url, "", http.StatusOK,
			`"sign_in":{"required":true,"ways":[{"name":"`},
		{"/mcp", programtest.RPC("tools/list", "{}"), a.url, cookie, http.StatusUnauthorized, ""},
		{"/api/room/list", "", a.url, cookie, http.StatusMethodNotAllowed, ""},
		{"/api/room/create", "{}", a.url, cookie, http.StatusUnauthorized, ""},
	} {
		headers := []string{"Content-Type", "application/json"}
		for name, value := range map[string]string{"Origin": c.origin, "Cookie": c.cookie} {
			if value != "" {
				headers = append(headers, name, value)
			}
		}
		got, err := programtest.Send(t.Context(), "", http.MethodPost, a.url+c.path, c.body, headers...)
		if err != nil || got.Status != c.status || !strings.Contains(string(got.Body), c.want) {
			t.Errorf("%s of %q with a cookie %t: %d %s, %v; want %d %s", c.path, c.origin, c.cookie != "",
				got.Status, got.Body, err, c.status, c.want)
		}
	}
}
