package tokens

import (
	"context"
	"errors"
	"strings"
	"time"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/database"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/meet"
	"roomkey/store"
)

// openWithin is how long a command waits for a roomkey that is just starting
// to have its database ready.
const openWithin = 10 * time.Second

// openRecord gives the access tokens on record, beside the roomkey that may be
// running. A database that does not exist yet, or is of an earlier version, is
// made by the same migrations as in serve, unless a roomkey has the folder: then
// it waits for that one. It gives store.ErrNoDatabase if there is no database
// and create is false.
func openRecord(ctx context.Context, c config.Config, create bool) (*store.Tokens, error) {
	for deadline := time.Now().Add(openWithin); ; {
		tokens, err := database.OpenTokens(ctx, c)
		missing := errors.Is(err, store.ErrNoDatabase)
		switch {
		case missing && !create:
			return nil, err
		case !missing && !errors.Is(err, store.ErrOlderSchema):
			return tokens, err
		}
		err = database.Prepare(ctx, c)
		if errors.Is(err, datafolder.ErrInUse) && time.Now().After(deadline) {
			return nil, &meet.Error{Code: meet.CodeConflict,
				Message: "The roomkey that has the data folder " + c.Data + " is an earlier one than this",
				Hint:    "Restart it as this version, then try again.", Err: err}
		}
		if err != nil && !errors.Is(err, datafolder.ErrInUse) {
			return nil, err
		}
		if err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Record puts a token on record before anybody has it. With auth.secret, and no
// database.url, a token may be made where there is no database: then the error is
// store.ErrNoDatabase.
func Record(ctx context.Context, c config.Config, issued auth.Issued) error {
	record, err := openRecord(ctx, c, c.Auth.Secret == "" || c.Database.URL != "")
	if err != nil {
		return err
	}
	p := issued.Principal
	token := store.Token{ID: issued.ID, Subject: p.ID, Name: p.Name, Role: p.Role,
		IssuedAt: issued.IssuedAt, ExpiresAt: issued.ExpiresAt}
	return errors.Join(record.Add(ctx, token), record.Close())
}

// Listed is a token on record. Of one that was made elsewhere only the id is
// known.
type Listed struct {
	ID        string             `json:"id"`
	Subject   string             `json:"subject,omitempty"`
	Name      string             `json:"name,omitempty"`
	Role      meet.PrincipalRole `json:"role,omitempty"`
	IssuedAt  time.Time          `json:"issued_at,omitzero"`
	ExpiresAt time.Time          `json:"expires_at,omitzero"`
	RevokedAt time.Time          `json:"revoked_at,omitzero"`
}

// List gives the tokens on record, newest first; with all those that have
// expired too. Where there is no database there are no tokens.
func List(ctx context.Context, c config.Config, all bool) ([]Listed, error) {
	listed := []Listed{}
	tokens, err := openRecord(ctx, c, false)
	if errors.Is(err, store.ErrNoDatabase) {
		return listed, nil
	}
	if err != nil {
		return nil, err
	}
	found, err := tokens.List(ctx)
	if err = errors.Join(err, tokens.Close()); err != nil {
		return nil, err
	}
	now := time.Now()
	for _, t := range found {
		if !all && !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) {
			continue
		}
		listed = append(listed, Listed(t))
	}
	return listed, nil
}

// maxTokenID is the longest id that is put on record. Our own have 16 letters.
const maxTokenID = 256

// Revoke revokes the token with an id; with unlisted also one that is not on
// record. before says whether it was revoked before.
func Revoke(ctx context.Context, c config.Config, id string, unlisted bool) (
	token store.Token, before bool, err error,
) {
	switch {
	case strings.HasPrefix(id, "eyJ"):
		return token, false, meet.Invalid("id", "that is an access token, not its id", "roomkey token list shows the ids.")
	case id == "" || len(id) > maxTokenID || id != meet.CleanText(id, maxTokenID):
		return token, false, meet.Invalid("id", "that cannot be the id of an access token",
			"roomkey token list shows the ids.")
	}
	record, err := openRecord(ctx, c, false)
	if errors.Is(err, store.ErrNoDatabase) {
		return token, false, database.Missing(c, err)
	}
	if err != nil {
		return token, false, err
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	token, err = record.Revoke(ctx, id, now, unlisted)
	err = errors.Join(err, record.Close())
	if errors.Is(err, meet.ErrNotFound) {
		err = &meet.Error{Code: meet.CodeNotFound,
			Message: "No access token with the id " + meet.CleanText(id, 80) + " is on record",
			Hint:    "roomkey token list shows the ids. One that was made elsewhere is taken back with --unlisted."}
	}
	return token, !token.RevokedAt.Equal(now), err
}
