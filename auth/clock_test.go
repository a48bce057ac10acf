package auth_test

import (
	"strings"
	"testing"
	"time"

	"roomkey/auth"
	"roomkey/meet"
)

// Where the clock of this machine is not the service's, the owner gets in from this
// machine all the same, for a minute, and nobody else does by it.
func TestTheOwnersTokensAreOfThisMachinesClock(t *testing.T) {
	t.Parallel()
	keyring, err := auth.NewKeyring([]byte(strings.Repeat("s", auth.MinSecret)))
	if err != nil {
		t.Fatal(err)
	}
	here := auth.New(auth.Config{Keyring: keyring})
	owner := meet.Principal{ID: auth.OwnerID, Role: meet.Superadmin}
	for _, ahead := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
		service := auth.New(auth.Config{Keyring: keyring, Now: func() time.Time { return time.Now().Add(ahead) }})
		for p, want := range map[meet.Principal]bool{owner: true, {ID: "ada", Role: meet.Superadmin}: false} {
			token, err := here.Sign(p, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time it could be remembered
				if _, err := service.Verify(token); (err == nil) != want {
					t.Errorf("with the service %v ahead the token of %s: %v; want good %v", ahead, p.ID, err, want)
				}
			}
		}
		old := auth.New(auth.Config{Keyring: keyring, Now: func() time.Time { return time.Now().Add(-time.Hour) }})
		token, err := old.Sign(owner, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := service.Verify(token); err == nil {
			t.Errorf("with the service %v ahead an old token of the owner is good", ahead)
		}
	}
}
