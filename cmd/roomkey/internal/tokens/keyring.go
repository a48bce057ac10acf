// Package tokens makes and verifies the access tokens of a data folder, and keeps
// the record of them. It knows where the signing secret is, and not who may do
// what.
package tokens

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/meet"
	"roomkey/store"
)

// Owner is the person who runs the command line on the data folder.
var Owner = meet.Principal{ID: auth.OwnerID, Name: "Owner", Role: meet.Superadmin}

// ErrNoSecret says that there is nothing to sign a token with. Only a server and
// the token command make a secret: no server would accept tokens of another one.
var ErrNoSecret = errors.New("there is no signing secret")

// ForOwner gives a function that makes access tokens for the local owner. A token
// lives for a minute, so that a stolen one is of little use.
func ForOwner(c config.Config) (func() (string, error), error) {
	if c.Auth.Secret == "" {
		if _, err := os.Stat(datafolder.SecretFile(c.Data)); err != nil {
			return nil, fmt.Errorf("%w in %s: give the --data of the server, which makes one on its first start",
				ErrNoSecret, c.Data)
		}
	}
	authority, err := Open(c)
	if err != nil {
		return nil, err
	}
	return func() (string, error) { return authority.Sign(Owner, time.Minute) }, nil
}

// OpenKeyring gives the signing secret and those before it that still count.
func OpenKeyring(c config.Config) (*auth.Keyring, error) {
	var previous []auth.PreviousSecret
	for _, p := range c.Auth.PreviousSecrets {
		previous = append(previous, auth.PreviousSecret{Secret: []byte(p.Secret), Until: p.Expiry()})
	}
	if c.Auth.Secret != "" {
		return auth.NewKeyring([]byte(c.Auth.Secret), previous...)
	}
	if err := datafolder.Check(c.Data); err != nil {
		return nil, err
	}
	return auth.OpenKeyring(datafolder.SecretFile(c.Data), previous...)
}

// Open gives the authority that signs with the signing secret.
func Open(c config.Config) (*auth.Authority, error) {
	keyring, err := OpenKeyring(c)
	if err != nil {
		return nil, err
	}
	return auth.New(auth.Config{Keyring: keyring, MaxTTL: c.Auth.MaxTTL}), nil
}

// ServerAuthority verifies the tokens of a running server: it also knows which
// were revoked, and notes which are used. Tokens of sign-in are for a resource; empty is none.
func ServerAuthority(
	c config.Config, keyring *auth.Keyring, db *store.DB, resource string, foreign auth.Foreign, used *Used,
	log *slog.Logger,
) *auth.Authority {
	keyring.Problem = func(err error) {
		log.Warn("the signing secret has changed and cannot be read, so the one before goes on to count",
			"err", err)
	}
	return auth.New(auth.Config{Keyring: keyring, MaxTTL: c.Auth.MaxTTL, Now: db.Now, Resource: resource, Foreign: foreign,
		State: func(id, subject string) (auth.State, error) { return stateOf(db, used, log, id, subject) },
		OnRevoked: func(id string, p meet.Principal) {
			log.Info("an access token was revoked, or its user disabled, and is refused from now on", "token_id", id,
				"subject", p.ID)
		},
	})
}

// stateWithin bounds how long the database may take to say what has become of a
// token.
const stateWithin = 5 * time.Second

// seenEvery is how old the last sign of life of a user may be until it is noted anew.
const seenEvery = 5 * time.Minute

// stateOf reads what has become of a token and its user, and notes that the token is used
// and, now and then, that the user was seen.
func stateOf(db *store.DB, used *Used, log *slog.Logger, id, subject string) (auth.State, error) {
	ctx, cancel := context.WithTimeout(context.Background(), stateWithin)
	defer cancel()
	state, err := db.TokenState(ctx, id, subject)
	if err != nil {
		return auth.State{}, err
	}
	isGood := !state.Revoked && state.DisabledAt.IsZero()
	if isGood && id != "" {
		used.note(id, db.Now())
	}
	if now := db.Now(); state.Role != "" && isGood && now.Sub(state.LastSeenAt) > seenEvery {
		_, err := db.UpdateUser(ctx, subject, func(a *meet.Account) error {
			a.LastSeenAt = now.UTC().Truncate(time.Millisecond)
			return nil
		})
		if err != nil {
			log.Warn("could not note when a user was seen", "subject", subject, "err", err)
		}
	}
	return auth.State{Revoked: state.Revoked, Disabled: !state.DisabledAt.IsZero(), Role: state.Role,
		From: state.TokensFrom}, nil
}
