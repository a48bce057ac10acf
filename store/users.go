package store

import (
	"context"
	"errors"
	"time"

	"roomkey/meet"
)

//nolint:gosec // G101: statements, no credentials
const (
	userColumns = `users.subject, users.name, users.role, users.role_set, users.source, users.passcode_hash,
	users.created_at, users.last_seen_at, users.disabled_at, users.tokens_from, users.ending`

	selectUser  = `SELECT ` + userColumns + ` FROM users WHERE subject = $1`
	selectUsers = `SELECT ` + userColumns + ` FROM users ORDER BY subject`

	selectUsersAfter = `SELECT ` + userColumns + ` FROM users WHERE subject > $1 ORDER BY subject LIMIT $2`

	insertUser = `INSERT INTO users (subject, name, role, role_set, source, passcode_hash, created_at, last_seen_at,
		disabled_at, tokens_from, ending) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
	ON CONFLICT (subject) DO NOTHING RETURNING subject`

	updateUser = `UPDATE users SET name = $2, role = $3, role_set = $4, passcode_hash = $5, last_seen_at = $6,
		disabled_at = $7, tokens_from = $8, ending = $9 WHERE subject = $1`

	selectEndingUsers = `SELECT subject FROM users WHERE ending = 1 ORDER BY subject LIMIT $1`

	selectUnseenUsers = `SELECT subject FROM users WHERE role_set = 0 AND disabled_at IS NULL AND last_seen_at < $1
	ORDER BY last_seen_at LIMIT $2`
	deleteUnseenUsers = `DELETE FROM users WHERE subject IN (` + selectUnseenUsers + `)`

	// What decides about an access token that is good by itself.
	selectTokenState = `SELECT
	CASE WHEN EXISTS (SELECT 1 FROM tokens WHERE id = $1 AND revoked_at IS NOT NULL) THEN 1 ELSE 0 END,
	COALESCE(users.role, ''), users.last_seen_at, users.disabled_at, users.tokens_from
	FROM (SELECT CAST($2 AS TEXT) AS subject) AS asked LEFT JOIN users ON users.subject = asked.subject`
)

func userPointers(a *meet.Account) []any {
	return []any{&a.Subject, &a.Name, (*string)(&a.Role), (*flag)(&a.RoleSet), &a.Source, &a.PasscodeHash,
		(*moment)(&a.CreatedAt), (*moment)(&a.LastSeenAt), (*moment)(&a.DisabledAt), (*moment)(&a.TokensFrom),
		(*flag)(&a.Ending)}
}

func insertUserArgs(a meet.Account) []any {
	return []any{a.Subject, a.Name, string(a.Role), bit(a.RoleSet), a.Source, a.PasscodeHash, a.CreatedAt.UnixMilli(),
		optional(a.LastSeenAt), optional(a.DisabledAt), optional(a.TokensFrom), bit(a.Ending)}
}

func updateUserArgs(a meet.Account) []any {
	return []any{a.Subject, a.Name, string(a.Role), bit(a.RoleSet), a.PasscodeHash, optional(a.LastSeenAt),
		optional(a.DisabledAt), optional(a.TokensFrom), bit(a.Ending)}
}

// AddUser implements [meet.UserStore].
func (db *DB) AddUser(ctx context.Context, a meet.Account) error {
	return db.change(ctx, func(t *tx) error {
		_, err := queryOne(t, "add user", insertUser, textPointers, insertUserArgs(a)...)
		if errors.Is(err, meet.ErrNotFound) {
			return meet.ErrUserExists
		}
		return err
	})
}

// User implements [meet.UserStore].
func (db *DB) User(ctx context.Context, subject string) (meet.Account, error) {
	return readOne(ctx, db, "read user", selectUser, userPointers, subject)
}

// Users implements [meet.UserStore].
func (db *DB) Users(ctx context.Context, after string, limit int) ([]meet.Account, error) {
	return list(ctx, db, "list users", selectUsersAfter, userPointers, after, max(limit, 0))
}

// UpdateUser implements [meet.UserStore].
func (db *DB) UpdateUser(ctx context.Context, subject string, change func(*meet.Account) error) (meet.Account, error) {
	return write(ctx, db.writer, func(t *tx) (meet.Account, error) {
		a, err := queryOne(t, "read user", selectUser, userPointers, subject)
		if err != nil {
			return a, err
		}
		if err := change(&a); err != nil {
			return a, err
		}
		t.usersEnd = t.usersEnd || a.Ending
		return a, t.exec("update user", updateUser, updateUserArgs(a)...)
	})
}

// EndingUsers implements [meet.UserStore].
func (db *DB) EndingUsers(ctx context.Context, limit int) ([]string, error) {
	return list(ctx, db, "list users that end", selectEndingUsers, textPointers, max(limit, 0))
}

// TokenState is what decides about an access token that is good by itself.
type TokenState struct {
	Revoked bool // by its id

	// Of the user who has its subject, if there is one.
	Role       meet.PrincipalRole // empty if there is none
	LastSeenAt time.Time
	DisabledAt time.Time // zero while they may come in
	TokensFrom time.Time // tokens from before it do not count
}

// TokenState reads what decides about the access token with an id, of a subject.
func (db *DB) TokenState(ctx context.Context, id, subject string) (TokenState, error) {
	return readOne(ctx, db, "read state of access token", selectTokenState, func(s *TokenState) []any {
		return []any{(*flag)(&s.Revoked), (*string)(&s.Role), (*moment)(&s.LastSeenAt), (*moment)(&s.DisabledAt),
			(*moment)(&s.TokensFrom)}
	}, id, subject)
}
