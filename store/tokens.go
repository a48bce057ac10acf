package store

import (
	"context"
	"database/sql"
	"maps"
	"math"
	"slices"
	"time"

	"roomkey/meet"
)

//nolint:gosec // G101: statements, no credentials
const (
	// One that sign-in has made has the scope of its grant.
	recordedTokens = `SELECT tokens.id, tokens.subject, tokens.name, tokens.role, tokens.issued_at, tokens.expires_at,
		tokens.revoked_at, tokens.last_used_at, COALESCE(sign_in_grants.scope, tokens.scope), tokens.rooms,
		COALESCE(sign_in_grants.client_name, '')
	FROM tokens LEFT JOIN sign_in_grants ON sign_in_grants.id = tokens.grant_id`

	selectToken  = recordedTokens + ` WHERE tokens.id = $1`
	selectTokens = recordedTokens + ` ORDER BY COALESCE(tokens.issued_at, 0) DESC, tokens.id`

	selectLivingTokens = recordedTokens + `
	WHERE tokens.expires_at > $1 AND tokens.expires_at <= $2 AND (tokens.expires_at < $2 OR tokens.id < $3)
	ORDER BY tokens.expires_at DESC, tokens.id DESC LIMIT $4`

	insertToken = `INSERT INTO tokens (id, subject, name, role, issued_at, expires_at, scope, rooms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

	selectNamedRoom = `SELECT id, name FROM rooms WHERE id = COALESCE(
		(SELECT id FROM rooms WHERE id = $1),` + idsOfName + `)`

	revokeToken = `UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`

	noteTokenUsed = `UPDATE tokens SET last_used_at = $2
		WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)`

	insertRevokedID = `INSERT INTO tokens (id, revoked_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`

	selectOldTokens = `SELECT id FROM tokens WHERE expires_at < $1 LIMIT $2`
	deleteOldTokens = `DELETE FROM tokens WHERE id IN (` + selectOldTokens + `)`
)

func tokenPointers(t *meet.TokenRecord) []any {
	return []any{&t.ID, &t.Subject, &t.Name, (*string)(&t.Role), (*moment)(&t.IssuedAt), (*moment)(&t.ExpiresAt),
		(*moment)(&t.RevokedAt), (*moment)(&t.LastUsed), &t.Scope, (*string)(&t.Rooms), &t.Client}
}

// TokenRecords implements [meet.TokenStore].
func (db *DB) TokenRecords(ctx context.Context, now time.Time, after *meet.Position, limit int) (
	[]meet.TokenRecord, error,
) {
	last := meet.Position{At: time.UnixMilli(math.MaxInt64)} // before the first one
	if after != nil {
		last = *after
	}
	return list(ctx, db, "list access tokens", selectLivingTokens, tokenPointers, now.UnixMilli(), last.At.UnixMilli(),
		last.Key, max(limit, 0))
}

// NoteTokensUsed writes down when access tokens were used last. Those that are not on
// record are left out.
func (db *DB) NoteTokensUsed(ctx context.Context, at map[string]time.Time) error {
	ids := slices.Sorted(maps.Keys(at)) // in one order, so that instances do not block each other
	for some := range slices.Chunk(ids, rowsAtOnce) {
		err := db.change(ctx, func(t *tx) error {
			for _, id := range some {
				if _, err := t.change(noteTokenUsed, id, at[id].UnixMilli()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return wrap("note the use of access tokens", err)
		}
	}
	return nil
}

// NamedRoom is a room that a token can be for.
type NamedRoom struct{ ID, Name string }

// Room finds a room by its id or name, as [meet.RoomStore] does. [meet.ErrNotFound].
func (t *Tokens) Room(ctx context.Context, ref string) (NamedRoom, error) {
	return scanOne("read room", t.db.QueryRowContext(ctx, selectNamedRoom, ref),
		func(r *NamedRoom) []any { return []any{&r.ID, &r.Name} })
}

// Tokens are the access tokens on record, opened by a command beside the
// roomkey that may be running on the same database. It leaves all else in the
// database alone, the schema too.
type Tokens struct{ *beside }

// OpenTokens opens the SQLite file at path. ErrNoDatabase, ErrOlderSchema,
// ErrNewerSchema. The caller closes what it gives.
func OpenTokens(ctx context.Context, path string) (*Tokens, error) {
	b, err := openBesideFile(ctx, path)
	return &Tokens{b}, err
}

// OpenTokensURL is OpenTokens for a PostgreSQL database. ErrNoDatabase means that
// nothing of roomkey's is in it.
func OpenTokensURL(ctx context.Context, url string) (*Tokens, error) {
	b, err := openBesideURL(ctx, url)
	return &Tokens{b}, err
}

// Add puts a token on record. It is durable when Add returns.
func (t *Tokens) Add(ctx context.Context, token meet.TokenRecord) error {
	return wrap("record access token", untilFree(ctx, t.dialect, func() error {
		_, err := t.db.ExecContext(ctx, insertToken, token.ID, token.Subject, token.Name, string(token.Role),
			token.IssuedAt.UnixMilli(), token.ExpiresAt.UnixMilli(), token.Scope, string(token.Rooms))
		return err
	}))
}

// List gives the tokens on record, newest first.
func (t *Tokens) List(ctx context.Context) ([]meet.TokenRecord, error) {
	rows, err := t.db.QueryContext(ctx, selectTokens) //nolint:rowserrcheck // scanAll does
	return scanAll("list access tokens", rows, err, tokenPointers)
}

// Revoke takes a token back, and writes the event that event gives of it; one that was
// taken back before stays as it is. [meet.ErrNotFound] where the id is not on record,
// unless unlisted is true: then whatever token has it is refused from now on.
func (t *Tokens) Revoke(
	ctx context.Context, id string, now time.Time, unlisted bool, event func(meet.TokenRecord) *meet.Event,
) (token meet.TokenRecord, err error) {
	err = t.transact(ctx, "revoke access token", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, revokeToken, id, now.UnixMilli())
		if err == nil && unlisted {
			_, err = tx.ExecContext(ctx, insertRevokedID, id, now.UnixMilli())
		}
		if err != nil {
			return err
		}
		token, err = scanOne("read access token", tx.QueryRowContext(ctx, selectToken, id), tokenPointers)
		if err != nil || token.RevokedAt.UnixMilli() != now.UnixMilli() {
			return err
		}
		return t.event(ctx, tx, event(token))
	})
	return token, err
}
