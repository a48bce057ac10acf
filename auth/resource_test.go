package auth_test

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"roomkey/auth"
)

// A token of sign-in opens the resource that it is for: no other roomkey, though it has
// the same secret, and none where sign-in is off.
func TestTokensForAResource(t *testing.T) {
	t.Parallel()
	keyring, err := auth.NewKeyring([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{now: start}
	const here = "https://meet.example.com/mcp"
	at := func(resource string) *auth.Authority {
		return auth.New(auth.Config{Keyring: keyring, Resource: resource, Now: c.Now, MaxTTL: time.Hour})
	}
	issued, err := at(here).IssueForResource(ada, 2*time.Hour)
	if err != nil || issued.ExpiresAt.Sub(issued.IssuedAt) != time.Hour {
		t.Fatalf("IssueForResource: %v to %v, %v; want the longest life of an hour", issued.IssuedAt, issued.ExpiresAt, err)
	}
	own := sign(t, at(here), ada, time.Hour)
	for resource, want := range map[string]error{
		here: nil, "": jwt.ErrTokenInvalidAudience, "https://other.example/mcp": jwt.ErrTokenInvalidAudience,
		"https://meet.example.com": jwt.ErrTokenInvalidAudience,
	} {
		refused(t, at(resource).Verify, "token of sign-in at "+resource, issued.Token, want)
		refused(t, at(resource).Verify, "own token at "+resource, own, nil)
	}
	c.advance(24 * time.Hour)
	if id, err := at(here).TokenID(issued.Token); id != issued.ID || err != nil {
		t.Errorf("the id of a token that has expired: got %q, %v, want %q", id, err, issued.ID)
	}
	for _, wrong := range []string{"", "x.y.z", issued.Token + "x", strings.Repeat("x", 5000), hs256(t, good())[1:]} {
		if id, err := at(here).TokenID(wrong); err == nil {
			t.Errorf("the id of %.20q: got %q, want an error", wrong, id)
		}
	}
}
