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

	"github.com/jackc/pgx/v5/stdlib"

	"roomkey/meet"
)

//nolint:gosec // G101: statements, no credentials
const (
	tokenColumns = `id, subject, name, role, issued_at, expires_at, revoked_at`

	selectTokenRevoked = `SELECT COUNT(*) FROM tokens WHERE id = $1 AND revoked_at IS NOT NULL`

	selectToken  = `SELECT ` + tokenColumns + ` FROM tokens WHERE id = $1`
	selectTokens = `SELECT ` + tokenColumns + ` FROM tokens ORDER BY COALESCE(issued_at, 0) DESC, id`

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
// roomkey that may be running on the same database. It leaves all else in the
// database alone, the schema too.
type Tokens struct {
	db      *sql.DB
	dialect *dialect
}

// OpenTokens opens the SQLite file at path. ErrNoDatabase, ErrOlderSchema,
// ErrNewerSchema. The caller closes what it gives.
func OpenTokens(ctx context.Context, path string) (*Tokens, error) {
	db, err := openBeside(ctx, path)
	if err != nil {
		return nil, err
	}
	return tokensIn(ctx, &sqliteDialect, path, db)
}

// OpenTokensURL is OpenTokens for a PostgreSQL database. ErrNoDatabase means that
// nothing of roomkey's is in it.
func OpenTokensURL(ctx context.Context, url string) (*Tokens, error) {
	config, err := postgresConfig(url)
	if err != nil {
		return nil, err
	}
	bound(config)
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(1)
	name := describePostgres(config)
	if err := reach(ctx, db, name); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return tokensIn(ctx, &postgresDialect, name, db)
}

// tokensIn gives the tokens in a database whose schema is that of this program,
// and closes any other.
func tokensIn(ctx context.Context, dialect *dialect, name string, db *sql.DB) (*Tokens, error) {
	schema, err := readSchema(ctx, dialect, db)
	if err == nil {
		err = schema.check(dialect, name)
	}
	switch {
	case err == nil && schema.Have == 0 && dialect == &postgresDialect:
		err = fmt.Errorf("%s: %w", name, ErrNoDatabase)
	case err == nil && schema.Have < schema.Know:
		err = fmt.Errorf("%s has schema %d, %w; this one needs %d", name, schema.Have, ErrOlderSchema, schema.Know)
	}
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return &Tokens{db, dialect}, nil
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
	if err := untilFree(ctx, &sqliteDialect, func() error { return db.PingContext(ctx) }); err != nil {
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
	return wrap("record access token", untilFree(ctx, t.dialect, func() error {
		_, err := t.db.ExecContext(ctx, insertToken, token.ID, token.Subject, token.Name, string(token.Role),
			token.IssuedAt.UnixMilli(), token.ExpiresAt.UnixMilli())
		return err
	}))
}

// List gives the tokens on record, newest first.
func (t *Tokens) List(ctx context.Context) ([]Token, error) {
	rows, err := t.db.QueryContext(ctx, selectTokens) //nolint:rowserrcheck // scanAll does
	return scanAll("list access tokens", rows, err, tokenPointers)
}

// Revoke takes a token back; one that was taken back before stays as it is.
// [meet.ErrNotFound] where the id is not on record, unless unlisted is true:
// then whatever token has it is refused from now on.
func (t *Tokens) Revoke(ctx context.Context, id string, now time.Time, unlisted bool) (Token, error) {
	err := untilFree(ctx, t.dialect, func() error {
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
func untilFree(ctx context.Context, dialect *dialect, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, besideWithin)
	defer cancel()
	for {
		err := do()
		if !dialect.isBusy(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errBusy
		case <-time.After(time.Millisecond):
		}
	}
}
