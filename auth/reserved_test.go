package auth_test

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"roomkey/auth"
	"roomkey/meet"
)

// A token for a reserved subject is refused, no matter who signed it with the secret.
func TestReservedSubjectsAreRefused(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	for _, subject := range []string{"roomkey", "anonymous", "owner", "Roomkey", "OWNER"} {
		claims := with("sub", subject)
		claims["role"] = "superadmin"
		if p, err := a.Verify(hs256(t, claims)); err == nil {
			t.Errorf("%s: Verify gave %+v, want an error", subject, p)
		}
	}
	for _, subject := range []string{"roomkey", "anonymous", "Owner"} {
		if p, err := a.Verify(hs256(t, jwt.MapClaims{"sub": subject, "role": "superadmin", "iss": "roomkey", "aud": "roomkey",
			"iat": start.Unix(), "exp": start.Add(time.Hour).Unix(), "local": true})); err == nil {
			t.Errorf("%s, said to be local: Verify gave %+v, want an error", subject, p)
		}
	}
	for _, role := range []meet.PrincipalRole{meet.Superadmin, meet.User} {
		owner := meet.Principal{ID: auth.OwnerID, Name: "Owner", Role: role}
		if p, err := a.Verify(sign(t, a, owner, time.Minute)); err != nil || p != owner {
			t.Errorf("the owner's own: Verify gave %+v, %v", p, err)
		}
	}
}
