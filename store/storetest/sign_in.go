package storetest

import (
	"strconv"
	"testing"
	"time"

	"roomkey/meet"
)

func newClient(id string) meet.OAuthClient {
	return meet.OAuthClient{ID: id, Name: "Agent", RedirectURIs: []string{"http://127.0.0.1/b", "https://example.com/a"},
		Address: "192.0.2.1", CreatedAt: noon, ExpiresAt: at(86400)}
}

func newGrant(id, client string) meet.SignInGrant {
	return meet.SignInGrant{ID: id, ClientID: client, ClientName: "Agent", Subject: "ann", Scope: "rooms:read",
		RedirectURI: "https://example.com/a", Challenge: "challenge", CodeHash: "code", CreatedAt: noon, ExpiresAt: at(60)}
}

func newSignInToken(id string) *meet.SignInToken {
	return &meet.SignInToken{ID: id, Principal: meet.Principal{ID: "ann", Name: "Ann", Role: meet.User},
		IssuedAt: noon, ExpiresAt: at(3600)}
}

func (b testStore) register(c meet.OAuthClient) error {
	b.t.Helper()
	return b.RegisterClient(b.t.Context(), c, meet.ClientLimits{Most: 4, MostOfAddress: 2, Since: at(-3600)})
}

func (b testStore) wantClient(id string, want error) meet.OAuthClient {
	b.t.Helper()
	c, err := b.OAuthClient(b.t.Context(), id)
	wantErr(b.t, "client "+id, err, want)
	return c
}

func (b testStore) addGrant(g meet.SignInGrant, until time.Time) {
	b.t.Helper()
	wantErr(b.t, "AddSignInGrant", b.AddSignInGrant(b.t.Context(), g, until), nil)
}

// redeem makes an access token for a grant, which lives until then.
func (b testStore) redeem(grant, token string, until time.Time) error {
	b.t.Helper()
	return b.UpdateSignInGrant(b.t.Context(), grant, at(1), until, func(g *meet.SignInGrant) (*meet.SignInToken, error) {
		g.CodeHash, g.RefreshHash, g.ExpiresAt = "", "refresh", until
		return newSignInToken(token), nil
	})
}

func (b testStore) wantGrantOf(token string, want error) meet.SignInGrant {
	b.t.Helper()
	g, err := b.SignInGrantOf(b.t.Context(), token)
	wantErr(b.t, "grant of "+token, err, want)
	return g
}

var signInTests = []test{
	{"AClientIsFoundAsItWasRegistered", func(t *testing.T, b testStore) {
		c := newClient("one")
		c.SecretHash = "hash"
		wantErr(t, "RegisterClient", b.register(c), nil)
		wantSame(t, "client", b.wantClient("one", nil), c)
		b.wantClient("two", meet.ErrNotFound)
	}},
	{"ClientsOfOneAddressAreBounded", func(t *testing.T, b testStore) {
		for i, want := range []error{nil, nil, meet.ErrLimitReached} {
			wantErr(t, "RegisterClient", b.register(newClient(strconv.Itoa(i))), want)
		}
		b.wantClient("2", meet.ErrNotFound)
		b.addGrant(newGrant("g", "1"), at(60))
		wantErr(t, "a used one does not count", b.register(newClient("3")), nil)
	}},
	{"TheOldestUnusedClientMakesRoom", func(t *testing.T, b testStore) {
		for i := range 6 {
			c := newClient(strconv.Itoa(i))
			c.Address, c.CreatedAt = c.ID, at(i)
			wantErr(t, "RegisterClient", b.register(c), nil)
			if i == 0 {
				b.addGrant(newGrant("g", "0"), at(60))
			}
		}
		for i, want := range []error{nil, meet.ErrNotFound, nil, nil, nil, nil} {
			b.wantClient(strconv.Itoa(i), want)
		}
	}},
	{"AGrantIsChangedWithItsToken", func(t *testing.T, b testStore) {
		g := newGrant("g", "one")
		b.addGrant(g, at(60))
		wantErr(t, "redeem", b.redeem("g", "token", at(600)), nil)
		g.CodeHash, g.RefreshHash, g.ExpiresAt = "", "refresh", at(600)
		wantSame(t, "grant of the token", b.wantGrantOf("token", nil), g)
		found, err := b.SignInGrant(t.Context(), "g")
		wantErr(t, "SignInGrant", err, nil)
		wantSame(t, "grant", found, g)
		_, err = b.SignInGrant(t.Context(), "none")
		wantErr(t, "SignInGrant", err, meet.ErrNotFound)
		wantErr(t, "redeem another", b.redeem("none", "token", at(600)), meet.ErrNotFound)
		err = b.UpdateSignInGrant(t.Context(), "g", noon, at(900), func(g *meet.SignInGrant) (*meet.SignInToken, error) {
			g.RefreshHash = "changed"
			return newSignInToken("other"), errRefused
		})
		wantErr(t, "a refused change", err, errRefused)
		wantSame(t, "grant", b.wantGrantOf("token", nil), g)
		b.wantGrantOf("other", meet.ErrNotFound)
	}},
	{"AGrantThatEndedIsGone", func(t *testing.T, b testStore) {
		b.addGrant(newGrant("g", "one"), at(60))
		wantErr(t, "redeem", b.redeem("g", "token", at(600)), nil)
		err := b.UpdateSignInGrant(t.Context(), "g", noon, at(60), func(g *meet.SignInGrant) (*meet.SignInToken, error) {
			g.Ended = true
			return nil, nil
		})
		wantErr(t, "end", err, nil)
		b.wantGrantOf("token", meet.ErrNotFound)
		wantErr(t, "redeem again", b.redeem("g", "again", at(600)), meet.ErrNotFound)
	}},
	{"GrantsKeepTheirClient", func(t *testing.T, b testStore) {
		c := newClient("one")
		wantErr(t, "RegisterClient", b.register(c), nil)
		b.addGrant(newGrant("g", "one"), at(100_000))
		c.UsedAt, c.ExpiresAt = noon, at(100_000)
		wantSame(t, "client with a grant", b.wantClient("one", nil), c)
		wantErr(t, "redeem", b.redeem("g", "token", at(200)), nil)
		wantSame(t, "client after a shorter one", b.wantClient("one", nil), c)
	}},
	{"WhatHasExpiredIsForgotten", func(t *testing.T, b testStore) {
		wantErr(t, "RegisterClient", b.register(newClient("one")), nil)
		b.addGrant(newGrant("g", "one"), at(60))
		wantErr(t, "redeem", b.redeem("g", "token", at(600)), nil)
		for _, step := range []struct {
			now           time.Time
			grant, client error
		}{{at(599), nil, nil}, {at(600), meet.ErrNotFound, nil}, {at(3600), meet.ErrNotFound, nil},
			{at(86400), meet.ErrNotFound, meet.ErrNotFound}} {
			b.forget(time.Time{}, step.now, 100)
			b.wantGrantOf("token", step.grant)
			b.wantClient("one", step.client)
			due, err := b.Due(t.Context(), meet.DueQuery{Now: step.now})
			failIf(t, err != nil || due.Old, "nothing is left to forget: got %v, %v", due, err)
		}
	}},
}
