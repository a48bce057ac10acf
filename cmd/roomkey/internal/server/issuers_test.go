package server

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"roomkey/auth/issuers/issuerstest"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/doctor"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/meet"
)

// Access tokens of other authorization servers count for MCP and for the HTTP APIs, within
// their scopes, and clients are told of those servers, also with sign-in off. One that is
// down stops nobody.
func TestForeignIssuers(t *testing.T) {
	t.Parallel()
	one, two, down := issuerstest.New(t), issuerstest.New(t), issuerstest.New(t)
	down.Close()
	var configured config.Config
	a := startServer(t, func(c *config.Config) {
		c.Auth.Issuers = []config.Issuer{{Issuer: one.URL, RoleClaim: "roles"},
			{Issuer: two.URL, Audience: issuerstest.Audience, JWKSURL: two.URL + "/keys"}, {Issuer: down.URL}}
		configured = *c
	})
	now := a.store.Now()
	create := func(token, path, name string) programtest.Answer {
		t.Helper()
		body := `{"name": "` + name + `"}`
		if path == "/mcp" {
			body = programtest.RPC("tools/call", `{"name": "create_room", "arguments": `+body+`}`)
		}
		got, err := programtest.Send(t.Context(), token, http.MethodPost, a.url+path, body)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	claims := one.Claims(now, "aud", []string{a.url + "/mcp"}, "name", "Ada", "roles", []string{"user", "what"},
		"scope", "openid rooms:read rooms:write")
	token := one.Token(t, "one", claims)
	for path, name := range map[string]string{"/mcp": "by-mcp", "/api/room/create": "by-api"} {
		got := create(token, path, name)
		if got.Status != http.StatusOK || strings.Contains(string(got.Body), `"isError":true`) {
			t.Errorf("%s: %d %s", path, got.Status, got.Body)
		}
	}
	got, err := programtest.Send(t.Context(), token, http.MethodPost, a.url+"/mcp",
		programtest.RPC("tools/call", `{"name": "kick_participant", "arguments": {"room_id": "by-mcp", "identity": "bob"}}`))
	if err != nil || got.Status != http.StatusForbidden ||
		!strings.Contains(got.Header.Get("WWW-Authenticate"), `error="insufficient_scope"`) {
		t.Errorf("without the scope moderate: %d %v %s, %v", got.Status, got.Header, got.Body, err)
	}
	ofTwo := create(two.Token(t, "one", two.Claims(now)), "/mcp", "of-two")
	if ofTwo.Status != http.StatusOK || !strings.Contains(string(ofTwo.Body), two.URL+"|ada") {
		t.Errorf("of the second issuer: %d %s", ofTwo.Status, ofTwo.Body)
	}
	claims["sub"], claims["roles"] = "gus", "king"
	if got := create(one.Token(t, "one", claims), "/api/room/create", "of-a-guest"); got.Status != http.StatusForbidden {
		t.Errorf("by a guest: %d %s", got.Status, got.Body)
	}
	for what, c := range map[string]struct {
		token string
		want  int
	}{
		"the audience of another": {one.Token(t, "one", one.Claims(now)), http.StatusUnauthorized},
		"down":                    {down.Token(t, "one", down.Claims(now)), http.StatusServiceUnavailable},
		"unknown": {one.Token(t, "one", one.Claims(now, "iss", "https://x.example")),
			http.StatusUnauthorized},
	} {
		if got := create(c.token, "/mcp", "none"); got.Status != c.want {
			t.Errorf("%s: %d %s; want %d", what, got.Status, got.Body, c.want)
		}
	}

	d := &doctor.Doctor{Config: configured, URL: a.url}
	_ = d.Examine(t.Context())
	i := slices.IndexFunc(d.Findings, func(f meet.Finding) bool { return f.Check == "issuers" })
	if i < 0 || d.Findings[i].Status != meet.FindingWarn || !strings.Contains(d.Findings[i].Detail, down.URL) ||
		strings.Contains(d.Findings[i].Detail, one.URL) {
		t.Errorf("the doctor says %+v; want a warning about %s alone", d.Findings, down.URL)
	}

	subject := meet.ForeignSubject(one.URL, "ada")
	account, err := a.store.User(t.Context(), subject)
	if err != nil || account.Name != "Ada" || account.Role != meet.User || account.Source != one.URL {
		t.Errorf("on record: %+v, %v", account, err)
	}
	_, err = a.store.UpdateUser(t.Context(), subject, func(a *meet.Account) error { a.Disable(now); return nil })
	if err != nil {
		t.Fatal(err)
	}
	isOut := func() bool { return create(token, "/api/room/create", "by-api").Status == http.StatusUnauthorized }
	if !programtest.Eventually(isOut) {
		t.Error("a disabled user is not kept out")
	}

	got, err = programtest.Send(t.Context(), "", http.MethodGet, a.url+"/.well-known/oauth-protected-resource/mcp", "")
	var metadata struct {
		Resource string   `json:"resource"`
		Servers  []string `json:"authorization_servers"`
	}
	if err != nil || json.Unmarshal(got.Body, &metadata) != nil || metadata.Resource != a.url+"/mcp" ||
		!slices.Equal(metadata.Servers, []string{one.URL, two.URL, down.URL}) {
		t.Errorf("the metadata: %d %s, %v", got.Status, got.Body, err)
	}
	got, err = programtest.Send(t.Context(), "", http.MethodPost, a.url+"/mcp", "{}")
	if err != nil || !strings.Contains(got.Header.Get("WWW-Authenticate"),
		a.url+"/.well-known/oauth-protected-resource/mcp") {
		t.Errorf("without a token: %d, %v, %v", got.Status, got.Header, err)
	}
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/oauth/register", "/sign-in"} {
		got, err := programtest.Send(t.Context(), "", http.MethodGet, a.url+path, "")
		if err != nil || got.Status != http.StatusNotFound {
			t.Errorf("%s with sign-in off: %d, %v", path, got.Status, err)
		}
	}
}
