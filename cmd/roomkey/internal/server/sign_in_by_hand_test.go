package server

import (
	"testing"

	"roomkey/cmd/roomkey/internal/programtest"
)

// signInByHand goes the whole way as a client with some scopes, and gives its tokens.
func signInByHand(t *testing.T, a *testServer, p *programtest.Person, scope string) (access, refresh string) {
	t.Helper()
	c := &programtest.ByHand{T: t, URL: a.url}
	c.Ask(p, scope)
	c.Redeem(false)
	return c.Access, c.Refresh
}
