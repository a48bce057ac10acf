package signin

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"roomkey/meet"
	"roomkey/signin/signintest"
)

var exampleDomain = Allow{Domains: []string{"Example.com"}}

// Somebody signs in at a provider, sees the consent page with their name, allows it, and
// the client has a code for the user that they are.
func TestSignInByProvider(t *testing.T) {
	t.Parallel()
	s, real, _ := withProviders(t, exampleDomain)
	ada := s.browser()
	to := ada.chooseProvider(real.URL)
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(to.Query().Get(name)) < 20 {
			t.Errorf("the provider is asked without %s: %s", name, to)
		}
	}
	page := ada.open(real.SignIn(t, ada.Client, to.String(), "ada"))
	if page.status != http.StatusOK || !strings.Contains(page.body, "<strong>Ada Lovelace</strong>, as Example says") ||
		!strings.Contains(page.body, "It could:") || strings.Contains(page.body, "passcode") {
		t.Fatalf("after signing in: %d %s", page.status, page.body)
	}
	allowed := ada.post(page, "decision", "allow")
	id, _, _ := splitSecret(allowed.to.Query().Get("code"))
	grant, err := s.db.SignInGrant(t.Context(), id)
	if want := real.URL + "|id-of-ada"; err != nil || grant.Subject != want {
		t.Errorf("the grant is of %q, %v; want %q", grant.Subject, err, want)
	}
	if log := s.log.String(); strings.Contains(log, signintest.ClientSecret) || strings.Contains(log, "code=") {
		t.Errorf("the log has a secret: %s", log)
	}
}

// Who may come in is what the operator says; the others are told why not.
func TestWhoIsAllowed(t *testing.T) {
	t.Parallel()
	p := &provider{Provider: Provider{Name: "Example", GroupsClaim: "groups"}}
	ada := claims{"sub": "1", "email": "Ada@Example.com", "email_verified": true, "groups": []any{"staff", 3}}
	for _, c := range []struct {
		allow Allow
		who   claims
		want  string
	}{
		{Allow{}, ada, "lets nobody in"},
		{Allow{Anyone: true}, claims{"sub": "1"}, ""},
		{Allow{Domains: []string{"EXAMPLE.com"}}, ada, ""},
		{Allow{Emails: []string{"ada@example.com"}}, ada, ""},
		{Allow{Domains: []string{"other.example"}, Emails: []string{"ada@example.com"}}, ada, ""},
		{Allow{Domains: []string{"ample.com"}}, ada, "does not let that address in"},
		{Allow{Domains: []string{"example.com"}}, claims{"email": "ada@sub.example.com", "email_verified": true},
			"that address"},
		{Allow{Domains: []string{"example.com"}}, claims{"email": "ada@example.com@evil.example", "email_verified": true},
			"that address"},
		{Allow{Domains: []string{"k.example"}}, claims{"email": "ada@\u212a.example", "email_verified": true}, "e-mail"},
		{Allow{Domains: []string{"example.com"}}, claims{"email": "ada@example.com"}, "has not verified"},
		{Allow{Domains: []string{"example.com"}}, claims{"email": "ada@example.com", "email_verified": "false"},
			"has not verified"},
		{Allow{Domains: []string{"example.com"}}, claims{"email": "ada@example.com", "email_verified": "true"}, ""},
		{Allow{Domains: []string{"example.com"}}, claims{"sub": "1", "email_verified": true}, "does not tell your e-mail"},
		{Allow{Groups: []string{"staff"}}, ada, ""},
		{Allow{Groups: []string{"staff"}}, claims{"groups": "staff"}, ""},
		{Allow{Groups: []string{"Staff"}}, ada, "none of the groups"},
		{Allow{Groups: []string{"staff"}, Domains: []string{"other.example"}}, ada, "that address"},
		{Allow{Groups: []string{"boss"}, Domains: []string{"example.com"}}, ada, "none of the groups"},
	} {
		p.Allow = c.allow
		if got := p.refuse(c.who); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%+v, %v: got %q, want %q", c.allow, c.who, got, c.want)
		}
	}
}

// A role is what the claim says; of unknown words comes the least.
func TestRoleOfAProvider(t *testing.T) {
	t.Parallel()
	p := &provider{Provider: Provider{RoleClaim: "role"}}
	for _, c := range []struct {
		said any
		want meet.PrincipalRole
	}{
		{"user", meet.User}, {[]any{"user", "superadmin"}, meet.Superadmin}, {"guest", meet.Guest}, {nil, meet.Guest},
		{"Superadmin", meet.Guest}, {"superadmin user", meet.Guest}, {[]any{"root", true}, meet.Guest}, {1, meet.Guest},
	} {
		if got := p.role(claims{"role": c.said}); got != c.want {
			t.Errorf("%v: got %s, want %s", c.said, got, c.want)
		}
	}
	p.RoleClaim = "realm_access.roles"
	for _, c := range []struct {
		said claims
		want meet.PrincipalRole
	}{
		{claims{"realm_access": map[string]any{"roles": []any{"offline_access", "user"}}}, meet.User},
		{claims{"realm_access": map[string]any{"roles": map[string]any{"user": true}}}, meet.Guest},
		{claims{"realm_access": []any{"superadmin"}, "roles": "superadmin"}, meet.Guest},
		{claims{"realm_access.roles": "superadmin"}, meet.Superadmin}, // a name with a dot
	} {
		if got := p.role(c.said); got != c.want {
			t.Errorf("%v: got %s, want %s", c.said, got, c.want)
		}
	}
	if p.RoleClaim, p.Role = "", meet.User; p.role(claims{"": "superadmin"}) != meet.User {
		t.Error("without a claim: want the role of the configuration")
	}
}

// An e-mail address of one answer is not verified by another one.
func TestClaimsOfTwoAnswers(t *testing.T) {
	t.Parallel()
	c := claims{"email": "ada@example.com"}
	c.fill(claims{"email": "eve@other.example", "email_verified": true, "name": "Ada"})
	if c.isVerified() || c.text("email") != "ada@example.com" || c.text("name") != "Ada" {
		t.Errorf("got %v", c)
	}
	c = claims{"email_verified": true}
	c.fill(claims{"email": "eve@other.example"})
	if c.isVerified() || c.text("email") != "eve@other.example" {
		t.Errorf("got %v", c)
	}
}

func TestUnverifiedEmail(t *testing.T) {
	t.Parallel()
	s, real, _ := withProviders(t, exampleDomain)
	mallory := s.browser()
	page := mallory.open(real.SignIn(t, mallory.Client, mallory.chooseProvider(real.URL).String(), "mallory"))
	holdRefused(t, "an unverified address", page, "Example has not verified that address")
	if _, err := s.UserOf(t.Context(), meet.ForeignSubject(real.URL, "id-of-mallory"), s.Now()); err == nil {
		t.Error("somebody who was refused is on record")
	}
	// The page goes on: somebody else may sign in there.
	ada := real.SignIn(t, mallory.Client, mallory.post(page, "provider", real.URL).to.String(), "ada")
	if page = mallory.open(ada); page.status != http.StatusOK {
		t.Errorf("another account: %d %s", page.status, page.body)
	}
}

// What came back from a provider counts in the browser that was sent there, once.
func TestStateOfAnotherBrowser(t *testing.T) {
	t.Parallel()
	s, real, _ := withProviders(t, exampleDomain)
	attacker, victim := s.browser(), s.browser()
	attackers := real.SignIn(t, attacker.Client, attacker.chooseProvider(real.URL).String(), "ada")
	const problem = "for another browser"
	holdRefused(t, "a browser that was sent nowhere", victim.open(attackers), problem)
	victims := real.SignIn(t, victim.Client, victim.chooseProvider(real.URL).String(), "ada")
	holdRefused(t, "a browser that was sent there, too", victim.open(attackers), problem)
	for _, state := range []string{"", "x"} {
		u, _ := url.Parse(victims)
		q := u.Query()
		q.Set("state", state)
		u.RawQuery = q.Encode()
		holdRefused(t, "the state "+state, victim.open(u.String()), problem)
	}
	if page := victim.open(victims); page.status != http.StatusOK {
		t.Errorf("its own: %d %s", page.status, page.body)
	}
	holdRefused(t, "the same answer again", victim.open(victims), problem)
}

// A code that was used is worth nothing, also to somebody who has kept the cookie.
func TestProvidersCodeUsedTwice(t *testing.T) {
	t.Parallel()
	s, real, _ := withProviders(t, exampleDomain)
	ada := s.browser()
	to := ada.chooseProvider(real.URL)
	at, _ := url.Parse(s.Issuer)
	kept := ada.Jar.Cookies(at)
	back := real.SignIn(t, ada.Client, to.String(), "ada")
	if page := ada.open(back); page.status != http.StatusOK {
		t.Fatalf("the first time: %d %s", page.status, page.body)
	}
	ada.Jar.SetCookies(at, kept)
	holdRefused(t, "the second time", ada.open(back), "does not take its own code")
}

// An ID token has to be this provider's, for this program and this sign-in.
func TestIDTokens(t *testing.T) {
	t.Parallel()
	s, real, hostile := withProviders(t, exampleDomain)
	for what, c := range map[string]struct {
		change  func(jwt.MapClaims)
		problem string // empty for a good one
	}{
		"a good one": {func(jwt.MapClaims) {}, ""},
		"several programs, this one asked": {func(c jwt.MapClaims) {
			c["aud"], c["azp"] = []string{"x", signintest.ClientID}, signintest.ClientID
		}, ""},
		"another program": {func(c jwt.MapClaims) { c["aud"] = "another" }, "not good"},
		"another issuer":  {func(c jwt.MapClaims) { c["iss"] = real.URL }, "not good"},
		"no nonce":        {func(c jwt.MapClaims) { delete(c, "nonce") }, "of another sign-in"},
		"an old nonce":    {func(c jwt.MapClaims) { c["nonce"] = "an old one" }, "of another sign-in"},
		"expired":         {func(c jwt.MapClaims) { c["exp"] = 1 }, "not good"},
		"another's azp":   {func(c jwt.MapClaims) { c["azp"] = "another" }, "for another program"},
		"many, nobody's azp": {func(c jwt.MapClaims) { c["aud"] = []string{"x", signintest.ClientID} },
			"for another program"},
		"without a person":    {func(c jwt.MapClaims) { c["sub"] = "" }, "may not come in"},
		"a role that is none": {func(c jwt.MapClaims) { c["role"] = "root" }, ""},
	} {
		b := s.browser()
		to := b.chooseProvider(hostile.url)
		token := hostile.claims(to)
		c.change(token)
		hostile.set(func() { hostile.idToken = func() string { return hostile.sign(token) } })
		page := b.open(hostile.back(to, ""))
		if c.problem != "" {
			holdRefused(t, what, page, c.problem)
		} else if page.status != http.StatusOK || !strings.Contains(page.body, "<strong>Eve</strong>, as Hostile says") {
			t.Errorf("%s: got %d %s", what, page.status, page.body)
		}
	}
	for what, token := range map[string]string{"nothing": "", "no token": "x",
		"no signature": strings.Join([]string{"eyJhbGciOiJub25lIn0", "e30", ""}, ".")} {
		b := s.browser()
		to := b.chooseProvider(hostile.url)
		hostile.set(func() { hostile.idToken = func() string { return token } })
		holdRefused(t, what, b.open(hostile.back(to, "")), "not good")
	}
}
