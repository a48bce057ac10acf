package storetest

import (
	"testing"
	"time"

	"roomkey/meet"
)

// addToken makes an access token by a grant of its own, which is kept until it expires.
func (b testStore) addToken(id string, expires time.Time) {
	b.t.Helper()
	b.addGrant(newGrant("grant-"+id, "client"), at(86400))
	err := b.UpdateSignInGrant(b.t.Context(), "grant-"+id, at(1), at(86400),
		func(g *meet.SignInGrant) (*meet.SignInToken, error) {
			g.ExpiresAt = at(86400)
			token := newSignInToken(id)
			token.ExpiresAt = expires
			return token, nil
		})
	wantErr(b.t, "UpdateSignInGrant", err, nil)
}

func (b testStore) tokens(now time.Time, after *meet.Position, limit int) []string {
	b.t.Helper()
	records, err := b.TokenRecords(b.t.Context(), now, after, limit)
	wantErr(b.t, "TokenRecords", err, nil)
	return names(records, func(t meet.TokenRecord) string { return t.ID })
}

var tokenTests = []test{
	{"ATokenIsListedAsItWasMade", func(t *testing.T, b testStore) {
		b.addToken("one", at(60))
		records, err := b.TokenRecords(t.Context(), noon, nil, 10)
		wantErr(t, "TokenRecords", err, nil)
		wantSame(t, "tokens", records, []meet.TokenRecord{{ID: "one", Subject: "ann", Name: "Ann", Role: meet.User,
			IssuedAt: noon, ExpiresAt: at(60), Scope: "rooms:read", Client: "Agent"}})
	}},
	{"TokensAreListedInPages", func(t *testing.T, b testStore) {
		for id, seconds := range map[string]int{"over": 10, "soon": 60, "late": 90, "a": 75, "b": 75, "c": 75} {
			b.addToken(id, at(seconds))
		}
		wantSame(t, "all", b.tokens(at(10), nil, 10), []string{"late", "c", "b", "a", "soon"})
		wantSame(t, "one page", b.tokens(at(10), nil, 2), []string{"late", "c"})
		wantSame(t, "the next", b.tokens(at(10), &meet.Position{At: at(75), Key: "c"}, 2), []string{"b", "a"})
		wantSame(t, "the last", b.tokens(at(10), &meet.Position{At: at(75), Key: "a"}, 2), []string{"soon"})
		wantSame(t, "none", b.tokens(at(90), nil, 10), []string{})
		wantSame(t, "no limit", b.tokens(at(10), nil, 0), []string{})
	}},
}
