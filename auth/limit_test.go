package auth_test

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"roomkey/meet"
)

// What a token is limited to comes back as it was signed, also from the cache.
func TestVerifyGivesScopesAndRooms(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	many := make([]string, meet.MaxTokenRooms)
	for i := range many {
		many[i] = strings.Repeat("f", 35) + string(rune('a'+i))
	}
	for _, p := range []meet.Principal{
		{ID: "ci", Role: meet.User, Scopes: meet.LimitedTo(meet.ScopeRoomsRead, meet.ScopeModerate)},
		{ID: "ci", Role: meet.Superadmin, Rooms: meet.NewRoomIDs(many)},
		{ID: "ci", Role: meet.User, Scopes: meet.LimitedTo(), Rooms: meet.NewRoomIDs(many[:1])},
		{ID: "ci", Role: meet.User, Scopes: meet.LimitedTo(meet.AllTokenScopes...)},
	} {
		token := sign(t, a, p, time.Hour)
		for range 2 {
			if got, err := a.Verify(token); err != nil || got != p {
				t.Errorf("Verify gave %+v, %v; want %+v", got, err, p)
			}
		}
	}
	if _, err := a.Sign(meet.Principal{ID: "ci", Role: meet.User, Rooms: meet.NewRoomIDs(append(many, "one-more"))},
		time.Hour); err == nil {
		t.Error("a token was made for more rooms than one can name")
	}
}

// Claims that limit are never read as none, whatever is in them.
func TestHostileLimits(t *testing.T) {
	t.Parallel()
	a, c := setup(t)
	with := func(name string, value any) string {
		claims := jwt.MapClaims{"sub": "ci", "role": "user", "iss": "roomkey", "aud": "roomkey",
			"iat": c.Now().Unix(), "exp": c.Now().Add(time.Hour).Unix(), name: value}
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for _, scope := range []string{"", " ", "everything", "ADMIN", "rooms:read,moderate", "admin\x00", "openid"} {
		p, err := a.Verify(with("scope", scope))
		if err != nil || p.Scopes != meet.LimitedTo() {
			t.Errorf("scope %q: got %v, %v; want it to allow nothing", scope, p.Scopes.List(), err)
		}
	}
	for _, scope := range []any{5, true, []string{"admin"}, map[string]any{}} {
		if p, err := a.Verify(with("scope", scope)); err == nil {
			t.Errorf("scope %v is accepted: %+v", scope, p)
		}
	}
	for _, rooms := range []any{[]string{}, []string{""}, []string{"a b"}, []string{" a"}, "a", 5, []any{nil},
		[]string{strings.Repeat("a", 65)}, make([]string, 21)} {
		if p, err := a.Verify(with("rooms", rooms)); err == nil {
			t.Errorf("rooms %q is accepted: %+v", rooms, p)
		}
	}
}
