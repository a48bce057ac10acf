package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/meet"
	"roomkey/store"
)

// openKeyring gives the signing secret and those before it that still count.
func openKeyring(c config.Config) (*auth.Keyring, error) {
	var previous []auth.PreviousSecret
	for _, p := range c.Auth.PreviousSecrets {
		until, err := p.Expiry()
		if err != nil {
			return nil, fmt.Errorf("auth.previous_secrets: until %w", err)
		}
		previous = append(previous, auth.PreviousSecret{Secret: []byte(p.Secret), Until: until})
	}
	if c.Auth.Secret != "" {
		return auth.NewKeyring([]byte(c.Auth.Secret), previous...)
	}
	if err := datafolder.Check(c.Data); err != nil {
		return nil, err
	}
	return auth.OpenKeyring(c.SecretFile(), previous...)
}

// openAuth gives the signing secret and who signs with it.
func openAuth(c config.Config) ([]byte, *auth.Authority, error) {
	keyring, err := openKeyring(c)
	if err != nil {
		return nil, nil, err
	}
	return keyring.Accepted()[0], auth.New(auth.Config{Keyring: keyring, MaxTTL: c.Auth.MaxTTL}), nil
}

// serverAuth is who verifies the tokens of a running server: it also knows
// which were taken back.
func serverAuth(c config.Config, keyring *auth.Keyring, db *store.DB, log *slog.Logger) *auth.Authority {
	keyring.Problem = func(err error) {
		log.Warn("the signing secret has changed and cannot be read, so the one before goes on to count", "err", err)
	}
	return auth.New(auth.Config{Keyring: keyring, MaxTTL: c.Auth.MaxTTL,
		Revoked: func(id string) (bool, error) {
			ctx, cancel := context.WithTimeout(context.Background(), revokedWithin)
			defer cancel()
			return db.TokenRevoked(ctx, id)
		},
		OnRevoked: func(id string, p meet.Principal) {
			log.Info("an access token was revoked and is refused from now on", "token_id", id, "subject", p.ID)
		},
	})
}

// revokedWithin bounds how long the database may take to say whether a token
// was taken back.
const revokedWithin = 5 * time.Second

// unnamedInsideKey is what versions before rotation called the key. Their join
// tokens live on for ten minutes after an update.
const unnamedInsideKey = "roomkey"

// otherInsideKey gives the API secret of a key of the LiveKit inside that it
// was not started with: of a secret before or after a rotation. Empty is none.
func otherInsideKey(keyring *auth.Keyring) func(name string) string {
	return func(name string) string {
		for i, secret := range keyring.Accepted() {
			key, apiSecret, err := auth.LiveKitKey(secret)
			if err == nil && (name == key || i == 0 && name == unnamedInsideKey) {
				return apiSecret
			}
		}
		return ""
	}
}
