package signin

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"roomkey/meet"
)

// A client registers, a person allows it, and it gets access tokens, again and again,
// until it revokes what it has.
func TestWholeFlow(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, _ := s.register("", callback)
	r := s.decide(s.ask(s.query(client)), "ada", passcode, "allow")
	answer := r.to.Query()
	if !strings.HasPrefix(r.to.String(), callback+"?") || answer.Get("state") != "st&te" || answer.Get("iss") != s.Issuer {
		t.Errorf("the answer leads to %s", r.to)
	}
	r = s.redeem(client, answer.Get("code"))
	got := s.wantTokens(r)
	m := r.json(t)
	if m["token_type"] != "Bearer" || m["expires_in"] != 3600.0 || m["scope"] != "rooms:read meeting" ||
		r.header.Get("Cache-Control") != "no-store" {
		t.Errorf("token: %v, %v", m, r.header)
	}
	for range 3 {
		before := got
		s.pass(time.Hour)
		if got = s.wantTokens(s.refresh(client, got.refresh)); got.refresh == before.refresh || got.access == before.access {
			t.Error("a refresh gave the same token")
		}
	}
	if r := s.post(RevokePath, url.Values{"client_id": {client}, "token": {got.refresh}}); r.status != http.StatusOK {
		t.Errorf("revoke: %d %s", r.status, r.body)
	}
	s.wantError("refresh after revoke", s.refresh(client, got.refresh), http.StatusBadRequest, "invalid_grant")
	if !s.isRevoked(got.access) {
		t.Error("the access token counts after its grant was revoked")
	}
}

// An access token revokes its grant as well, and only for its own client.
func TestRevokeByAccessToken(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, got := s.signedIn()
	other, _ := s.register("", callback)
	for _, by := range []string{other, client} {
		for _, token := range []string{got.access, "nothing", ""} {
			r := s.post(RevokePath, url.Values{"client_id": {by}, "token": {token}})
			if r.status != http.StatusOK || s.isRevoked(got.access) != (by == client) {
				t.Errorf("revoke %.5s by its client %t: %d, revoked %t", token, by == client, r.status, s.isRevoked(got.access))
			}
		}
	}
}

// Who has a client's secret is the client; who has not gets nothing for its codes.
func TestClientsWithASecret(t *testing.T) {
	t.Parallel()
	for _, method := range []string{authPost, authBasic} {
		s := setup(t)
		client, secret := s.register(method, callback)
		code := s.allow(s.query(client))
		s.wantError("no secret", s.redeem(client, code), http.StatusUnauthorized, "invalid_client")
		s.wantError("a wrong secret", s.redeem(client, code, "client_secret", "x"), http.StatusUnauthorized, "invalid_client")
		s.wantTokens(s.redeem(client, code, "client_secret", secret))
	}
	s := setup(t)
	s.wantError("no client", s.redeem("", "x"), http.StatusUnauthorized, "invalid_client")
}

// Each instance can go on with what another one has begun, also after a restart.
func TestAnotherInstanceGoesOn(t *testing.T) {
	t.Parallel()
	s := setup(t)
	restart := func() { s.Server = New(s.Config); s.serve() }
	client, _ := s.register("", callback)
	restart()
	seal := s.ask(s.query(client))
	restart()
	code := s.decide(seal, "ada", passcode, "allow").to.Query().Get("code")
	restart()
	got := s.wantTokens(s.redeem(client, code))
	restart()
	s.wantTokens(s.refresh(client, got.refresh))
}

// Who may not sign in any more gets no more tokens either.
func TestUserWhoMayNotSignIn(t *testing.T) {
	t.Parallel()
	s := setup(t)
	client, got := s.signedIn()
	s.refused = true
	s.wantError("refresh", s.refresh(client, got.refresh), http.StatusBadRequest, "invalid_grant")
	s.refused = false
	s.wantError("refresh after that", s.refresh(client, got.refresh), http.StatusBadRequest, "invalid_grant")
	if !s.isRevoked(got.access) {
		t.Error("the access token counts")
	}
}

// The scopes that a client gets are those that it asked for and that there are.
func TestScopes(t *testing.T) {
	t.Parallel()
	usual := usualScopes.String()
	for asked, want := range map[string]string{
		"": usual, "offline_access": usual, "rooms:read": "rooms:read", "meeting rooms:read": "rooms:read meeting",
		"rooms:read openid offline_access": "rooms:read", "admin moderate": "moderate admin", "openid profile": "",
		strings.Repeat("rooms:read ", 200): "",
	} {
		scopes, problem := askedScopes(asked)
		if got := scopes.String(); (problem == nil) != (want != "") || problem == nil && got != want {
			t.Errorf("%.40q: got %q, %v, want %q", asked, got, problem, want)
		}
	}
	s := setup(t)
	client, got := s.signedIn()
	r := s.post(TokenPath, url.Values{"grant_type": {grantRefresh}, "refresh_token": {got.refresh}, "client_id": {client},
		"scope": {"rooms:read admin"}})
	if scope := r.json(t)["scope"]; scope != "rooms:read" {
		t.Errorf("a refresh with more scopes gave %v, want rooms:read alone", scope)
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	s := setup(t)
	m := s.get(ServerMetadataPath).json(t)
	for name, want := range map[string]any{"issuer": s.Issuer, "authorization_endpoint": s.Issuer + AuthorizePath,
		"token_endpoint": s.Issuer + TokenPath, "registration_endpoint": s.Issuer + RegisterPath,
		"revocation_endpoint": s.Issuer + RevokePath, "client_id_metadata_document_supported": true,
		"authorization_response_iss_parameter_supported": true} {
		if m[name] != want {
			t.Errorf("%s: got %v, want %v", name, m[name], want)
		}
	}
	m = s.get(ResourceMetadataPath).json(t)
	scopes, _ := m["scopes_supported"].([]any)
	if m["resource"] != s.Issuer+"/mcp" || len(scopes) != 5 {
		t.Errorf("resource metadata: %v", m)
	}
	want := `Bearer realm="roomkey", error="insufficient_scope", resource_metadata="https://meet.example.com` +
		`/.well-known/oauth-protected-resource/mcp", scope="rooms:read admin"`
	p := meet.Principal{Scopes: meet.LimitedTo(meet.ScopeRoomsRead)}
	resource := NewProtectedResource(s.Issuer, []string{s.Issuer})
	if got := resource.InsufficientScope(p, meet.ScopeAdmin); got != want {
		t.Errorf("challenge: got %s, want %s", got, want)
	}
}
