package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"roomkey/meet"
)

//nolint:gosec // G101: statements, no credentials
const (
	tokenColumns = `id, subject, name, role, issued_at, expires_at, revoked_at`

	selectTokenRevoked = `SELECT COUNT(*) FROM tokens WHERE id = $1 AND revoked_at IS NOT NULL`

	selectToken  = `SELECT ` + tokenColumns + ` FROM tokens WHERE id = $1`
	selectTokens = `SELECT ` + tokenColumns + ` FROM tokens ORDER BY issued_at DESC, id`

	insertToken = `INSERT INTO tokens (id, subject, name, role, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`

	revokeToken = `UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`

	insertRevokedID = `INSERT INTO tokens (id, revoked_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`

	selectOldTokens = `SELECT id FROM tokens WHERE expires_at < $1 LIMIT $2`
	deleteOldTokens = `DELETE FROM tokens WHERE id IN (` + selectOldTokens + `)`
)

// Token is an access token on record. The token itself is not.
type Token struct {
	ID        string
	Subject   string // empty of one made elsewhere, of which only the id is known
	Name      string
	Role      meet.PrincipalRole
	IssuedAt  time.Time
	ExpiresAt time.Time
	RevokedAt time.Time // zero while it counts
}

func tokenPointers(t *Token) []any {
	return []any{&t.ID, &t.Subject, &t.Name, (*string)(&t.Role), (*moment)(&t.IssuedAt), (*moment)(&t.ExpiresAt),
		(*moment)(&t.RevokedAt)}
}

// TokenRevoked says whether the access token with an id was taken back, by
// this process or another one.
func (db *DB) TokenRevoked(ctx context.Context, id string) (bool, error) {
	n, err := readOne(ctx, db, "read access token", selectTokenRevoked, intPointers, id)
	return n > 0, err
}

// Why [OpenTokens] cannot work on a database.
var (
	ErrNoDatabase  = errors.New("there is no database")
	ErrOlderSchema = errors.New("made by an earlier roomkey")
)

// Tokens are the access tokens on record, opened by a command beside the
// roomkey that may be running on the same file. It leaves all else in the
// database alone, the schema too.
type Tokens struct{ db *sql.DB }

// OpenTokens opens the SQLite file at path. ErrNoDatabase, ErrOlderSchema,
// ErrNewerSchema. The caller closes what it gives.
func OpenTokens(ctx context.Context, path string) (*Tokens, error) {
	db, err := openBeside(ctx, path)
	if err != nil {
		return nil, err
	}
	schema, err := readSchema(ctx, &sqliteDialect, db)
	if err == nil {
		err = schema.check(path)
	}
	if err == nil && schema.Have < schema.Know {
		err = fmt.Errorf("%s has schema %d, %w; this one needs %d", path, schema.Have, ErrOlderSchema, schema.Know)
	}
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return &Tokens{db}, nil
}

// openBeside gives one connection to a file that is there, on which a roomkey
// may be running.
func openBeside(ctx context.Context, path string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find database: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w", path, ErrNoDatabase)
		}
		return nil, fmt.Errorf("find database: %w", err)
	}
	db, err := sqliteDialect.open(path, forWriting)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := untilFree(ctx, func() error { return db.PingContext(ctx) }); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open database: %w", sqliteDialect.explain(err))
	}
	return db, nil
}

// Close closes the database. The roomkey that may be running is left to merge
// the log.
func (t *Tokens) Close() error { return wrap("close database", t.db.Close()) }

// Add puts a token on record. It is durable when Add returns.
func (t *Tokens) Add(ctx context.Context, token Token) error {
	return wrap("record access token", untilFree(ctx, func() error {
		_, err := t.db.ExecContext(ctx, insertToken, token.ID, token.Subject, token.Name, string(token.Role),
			token.IssuedAt.UnixMilli(), token.ExpiresAt.UnixMilli())
		return err
	}))
}

// List gives the tokens on record, newest first.
func (t *Tokens) List(ctx context.Context) ([]Token, error) {
	rows, err := t.db.QueryContext(ctx, selectTokens)
	return scanAll("list access tokens", rows, err, tokenPointers)
}

// Revoke takes a token back; one that was taken back before stays as it is.
// [meet.ErrNotFound] where the id is not on record, unless unlisted is true:
// then whatever token has it is refused from now on.
func (t *Tokens) Revoke(ctx context.Context, id string, now time.Time, unlisted bool) (Token, error) {
	err := untilFree(ctx, func() error {
		_, err := t.db.ExecContext(ctx, revokeToken, id, now.UnixMilli())
		if err == nil && unlisted {
			_, err = t.db.ExecContext(ctx, insertRevokedID, id, now.UnixMilli())
		}
		return err
	})
	if err != nil {
		return Token{}, wrap("revoke access token", err)
	}
	return scanOne("read access token", t.db.QueryRowContext(ctx, selectToken, id), tokenPointers)
}

// besideWithin is how long a command waits for its turn to write. SQLite has no
// queue: the roomkey that runs may be faster many times.
const besideWithin = 30 * time.Second

// untilFree does something again while another process has the database.
func untilFree(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, besideWithin)
	defer cancel()
	for {
		err := do()
		if !sqliteDialect.isBusy(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errBusy
		case <-time.After(time.Millisecond):
		}
	}
}
