package auth

import (
	"strings"
	"testing"
	"time"

	"roomkey/meet"
)

// Only good tokens are remembered, each once, and no more than the bound.
func TestVerifiedTokensAreRemembered(t *testing.T) {
	t.Parallel()
	a, err := NewAuthority([]byte(strings.Repeat("s", MinSecret)), nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := a.Sign(meet.Principal{ID: "ada", Role: meet.User}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := a.Verify(token); err != nil {
			t.Fatalf("Verify: %v", err)
		}
	}
	for i := range len(token) {
		if _, err := a.Verify(token[:i]); err == nil {
			t.Fatalf("a token cut to %d letters was taken", i)
		}
	}
	if n := a.verified.Len(); n != 1 {
		t.Errorf("%d tokens are remembered after one good and many bad ones, want 1", n)
	}
	a.verified.Resize(2)
	for _, id := range []string{"bob", "eve", "gus"} {
		token, err := a.Sign(meet.Principal{ID: id, Role: meet.User}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := a.Verify(token); err != nil || p.ID != id || a.verified.Len() > 2 {
			t.Errorf("%s: %+v, %v, with %d tokens remembered; want at most 2", id, p, err, a.verified.Len())
		}
	}
}
