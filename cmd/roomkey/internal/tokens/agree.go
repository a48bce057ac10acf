package tokens

import (
	"context"

	"roomkey/auth"
	"roomkey/meet"
	"roomkey/store"
)

// signingSecret is what the digest of the secret that signs is called among the
// things that the instances on a database agree on.
const signingSecret = "signing_secret"

// Agree makes sure that all instances on a database accept each other's tokens: the
// secret that signs at the others has to be one of the keyring. From then on the
// secret that signs here is the one that others have to have.
func Agree(ctx context.Context, keyring *auth.Keyring, db *store.DB) error {
	digests, err := keyring.Digests()
	if err != nil {
		return err
	}
	signs := digests[0]
	for _, before := range digests {
		agreed, err := db.Agree(ctx, signingSecret, before, signs)
		if err != nil || agreed == signs {
			return err
		}
	}
	return &meet.Error{Code: meet.CodeConflict,
		Message: "The roomkeys on this database have another signing secret than this one",
		Hint: "Give all of them the same auth.secret (ROOMKEY_AUTH_SECRET). To replace it, put the new one there and " +
			"the old one, with its last day, under auth.previous_secrets; with a day in the past the old one counts no more."}
}
