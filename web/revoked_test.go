package web_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/auth"
	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/web"
)

// A token that was taken back, or lives too long, is refused with the reason on
// every edge; where nobody can tell, it is not the bearer's fault.
func TestRevokedTokens(t *testing.T) {
	t.Parallel()
	var revoked, broken atomic.Bool
	var authority *auth.Authority
	s := setup(t, func(c *web.Config) {
		c.Authenticate = func(token string) (meet.Principal, error) { return authority.Verify(token) }
	})
	keyring, err := auth.NewKeyring([]byte(strings.Repeat("s", auth.MinSecret)))
	if err != nil {
		t.Fatal(err)
	}
	authority = auth.New(auth.Config{Keyring: keyring, MaxTTL: 2 * time.Hour, Now: s.Clock.Now, Revoked: func(string) (bool, error) {
		if broken.Load() {
			return false, errors.New("a secret of the disk")
		}
		return revoked.Load(), nil
	}})
	good := s.token(t, meettest.Ada) // good for an hour
	long, err := s.auth.Sign(meettest.Ada, 3*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	call := func(token string) reply { return s.do(t, "POST", "/mcp", "{}", bearer(token)) }
	if r := call(good); r.status != http.StatusOK {
		t.Errorf("a good token: status %d, want 200; body %s", r.status, r.body)
	}
	r := call(long)
	r.refused(t, "a token for a longer time", http.StatusUnauthorized, meet.CodeUnauthenticated)
	if !strings.Contains(r.body, "longer time than this server allows") {
		t.Errorf("a token for a longer time: body %s, want the reason", r.body)
	}
	broken.Store(true)
	s.Clock.Advance(time.Second)
	r = call(good)
	r.refused(t, "while the database is gone", http.StatusServiceUnavailable, meet.CodeUnavailable)
	if r.header.Get("WWW-Authenticate") != "" || strings.Contains(r.body, "secret") {
		t.Errorf("while the database is gone: header %v, body %s, want neither a challenge nor the cause", r.header, r.body)
	}
	broken.Store(false)
	revoked.Store(true)
	for path, body := range map[string]string{"/mcp": "access token has been revoked", "/api/room/create": "access token has been revoked"} {
		r := s.do(t, "POST", path, "{}", bearer(good))
		if r.status != http.StatusUnauthorized || !strings.Contains(r.body, body) || !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("revoked, at %s: status %d, header %v, body %s", path, r.status, r.header, r.body)
		}
	}
}
