package auth_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"roomkey/auth"
	"roomkey/auth/issuers"
	"roomkey/auth/issuers/issuerstest"
	"roomkey/meet"
)

// record is the users on record.
type record struct {
	mu      sync.Mutex
	signIns int
	states  map[string]auth.State // by subject
	err     error
}

func (r *record) signIn(_ context.Context, issuer, sub, name string, role meet.PrincipalRole) (meet.Principal, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.signIns++
	return meet.Principal{ID: meet.ForeignSubject(issuer, sub), Name: name, Role: role}, r.err
}

func (r *record) state(_, subject string) (auth.State, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.states[subject], nil
}

func (r *record) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

func setupForeign(t *testing.T, servers ...*issuerstest.Server) (*auth.Authority, *clock, *record) {
	t.Helper()
	keyring, err := auth.NewKeyring([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	c, r := &clock{now: start}, &record{states: map[string]auth.State{}}
	var all []issuers.Issuer
	for _, server := range servers {
		all = append(all, issuers.Issuer{URL: server.URL, Audience: issuerstest.Audience, RoleClaim: "role"})
	}
	set := issuers.New(issuers.Config{Issuers: all, Now: c.Now})
	t.Cleanup(set.Close)
	return auth.New(auth.Config{Keyring: keyring, Now: c.Now, MaxTTL: 24 * time.Hour, State: r.state,
		Foreign: auth.Foreign{Issuers: set, SignIn: r.signIn}}), c, r
}

// Users of two issuers who have the same sub are two, and neither is one of ours.
func TestTwoIssuersWithTheSameSub(t *testing.T) {
	t.Parallel()
	one, two := issuerstest.New(t), issuerstest.New(t)
	a, c, _ := setupForeign(t, one, two)
	seen := map[string]bool{}
	for _, server := range []*issuerstest.Server{one, two} {
		for _, sub := range []string{"ada", "owner", "roomkey", one.URL + "|ada", "|ada"} {
			p, err := a.Verify(server.Token(t, "one", server.Claims(c.Now(), "sub", sub, "role", "superadmin")))
			if err != nil || p.Role != meet.Superadmin || seen[p.ID] || !meet.IsForeignSubject(p.ID) || auth.Reserved(p.ID) {
				t.Errorf("%s of %s: got %+v, %v", sub, server.URL, p, err)
			}
			seen[p.ID] = true
		}
	}
	p, err := a.Verify(sign(t, a, ada, time.Hour))
	if err != nil || p.ID != "ada" {
		t.Errorf("a token of our own: got %+v, %v", p, err)
	}
	refused(t, a.Verify, "of one issuer, signed by the other",
		two.Token(t, "one", two.Claims(c.Now(), "iss", one.URL)), jwt.ErrTokenSignatureInvalid)
	refused(t, a.Verify, "of an issuer, signed by our secret", signedByUs(t, one.Claims(c.Now())),
		jwt.ErrTokenSignatureInvalid)
	refused(t, a.Verify, "of ours, signed by an issuer",
		one.Token(t, "one", one.Claims(c.Now(), "iss", auth.Issuer, "aud", auth.Audience)), jwt.ErrTokenSignatureInvalid)
	refused(t, a.Verify, "of nobody we know", one.Token(t, "one", one.Claims(c.Now(), "iss", "https://x.example")),
		jwt.ErrTokenSignatureInvalid)
	refused(t, a.Verify, "expired", one.Token(t, "one", one.Claims(c.Now(), "exp", c.Now().Unix())), jwt.ErrTokenExpired)
	refused(t, a.Verify, "for longer than is allowed",
		one.Token(t, "one", one.Claims(c.Now(), "exp", c.Now().Unix()+90_000)), auth.ErrTooLong)
	tooLong := one.Token(t, "one", one.Claims(c.Now(), "groups", strings.Repeat("x", issuers.MaxToken)))
	if _, err := a.Verify(tooLong); err == nil {
		t.Error("a token that is too long was accepted")
	}
	groups := one.Token(t, "one", one.Claims(c.Now(), "groups", strings.Repeat("x", issuers.MaxToken/2)))
	if _, err := a.Verify(groups); err != nil {
		t.Errorf("longer than our own: %v", err)
	}
}

func signedByUs(t *testing.T, c jwt.MapClaims) string {
	t.Helper()
	return issuerstest.Signed(t, jwt.SigningMethodHS256, []byte(secret), map[string]any{"kid": "one"}, c)
}

// A user of an issuer is put on record once for a token, and not at each call; when the
// operator disables them or lowers their role, that counts within a second.
func TestUsersOfIssuersOnRecord(t *testing.T) {
	t.Parallel()
	server := issuerstest.New(t)
	a, c, r := setupForeign(t, server)
	token := server.Token(t, "one", server.Claims(c.Now(), "role", "superadmin", "scope", "moderate", "name", "Ada"))
	subject := meet.ForeignSubject(server.URL, "ada")
	want := meet.Principal{ID: subject, Name: "Ada", Role: meet.Superadmin, Scopes: meet.LimitedTo(meet.ScopeModerate)}
	verify := func(what string, want meet.Principal) {
		t.Helper()
		if got, err := a.Verify(token); err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", what, got, err, want)
		}
	}
	for range 100 {
		verify("at first", want)
		c.advance(time.Second)
	}
	if r.signIns != 1 {
		t.Errorf("put on record %d times, want once", r.signIns)
	}
	r.set(func() { r.states[subject] = auth.State{Role: meet.Guest} })
	c.advance(time.Second)
	want.Role = meet.Guest
	verify("with a lower role", want)
	r.set(func() { r.states[subject] = auth.State{Role: meet.Superadmin, Disabled: true, From: c.Now()} })
	c.advance(time.Second)
	refused(t, a.Verify, "disabled", token, auth.ErrDisabled)
	r.set(func() { r.states[subject] = auth.State{Role: meet.Superadmin, From: c.Now()} })
	refused(t, a.Verify, "enabled again", token, auth.ErrDisabled)
	r.set(func() { r.err = &meet.Error{Code: meet.CodeUnauthenticated, Message: "not any more"} })
	if _, err := a.Verify(server.Token(t, "one", server.Claims(c.Now()))); !meet.IsCode(err, meet.CodeUnauthenticated) {
		t.Errorf("somebody who may not come in: %v", err)
	}
}

// A token ends with its key, also one that is remembered.
func TestWithdrawnKeysEndTokens(t *testing.T) {
	t.Parallel()
	server := issuerstest.New(t)
	a, c, _ := setupForeign(t, server)
	token := server.Token(t, "one", server.Claims(c.Now()))
	if _, err := a.Verify(token); err != nil {
		t.Fatal(err)
	}
	server.Set(func() {
		delete(server.Keys, "one")
		server.Keys["two"] = issuerstest.NewKey()
	})
	c.advance(40 * time.Minute)
	refused(t, a.Verify, "after its key was withdrawn", token, jwt.ErrTokenUnverifiable)
}
