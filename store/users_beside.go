package store

import (
	"context"
	"database/sql"
	"errors"

	"roomkey/meet"
)

// Users are the users on record, opened by a command beside the roomkey that may be
// running on the same database.
type Users struct{ *beside }

// OpenUsers opens the SQLite file at path. ErrNoDatabase, ErrOlderSchema,
// ErrNewerSchema. The caller closes what it gives.
func OpenUsers(ctx context.Context, path string) (*Users, error) {
	b, err := openBesideFile(ctx, path)
	return &Users{b}, err
}

// OpenUsersURL is OpenUsers for a PostgreSQL database.
func OpenUsersURL(ctx context.Context, url string) (*Users, error) {
	b, err := openBesideURL(ctx, url)
	return &Users{b}, err
}

// List gives all users.
func (u *Users) List(ctx context.Context) ([]meet.Account, error) {
	rows, err := u.db.QueryContext(ctx, selectUsers) //nolint:rowserrcheck // scanAll does
	return scanAll("list users", rows, err, userPointers)
}

// Add puts a user on record, and writes the event about that. [meet.ErrUserExists].
func (u *Users) Add(ctx context.Context, a meet.Account, e *meet.Event) error {
	return u.transact(ctx, "add user", func(tx *sql.Tx) error {
		_, err := scanOne("add user", tx.QueryRowContext(ctx, insertUser, insertUserArgs(a)...), textPointers)
		if errors.Is(err, meet.ErrNotFound) {
			return meet.ErrUserExists
		}
		return errors.Join(err, u.event(ctx, tx, e))
	})
}

// Update reads a user, lets change alter it and stores it, with the event that change
// gives (nil is none). [meet.ErrNotFound].
func (u *Users) Update(
	ctx context.Context, subject string, change func(*meet.Account) (*meet.Event, error),
) (a meet.Account, err error) {
	err = u.transact(ctx, "update user", func(tx *sql.Tx) error {
		a, err = scanOne("read user", tx.QueryRowContext(ctx, selectUser, subject), userPointers)
		if err != nil {
			return err
		}
		e, err := change(&a)
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, updateUser, updateUserArgs(a)...); err != nil {
			return err
		}
		return u.event(ctx, tx, e)
	})
	return a, err
}
