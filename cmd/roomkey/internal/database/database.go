// Package database opens the database that the configuration names: a file in
// the data folder, or a PostgreSQL that several roomkeys may share.
package database

import (
	"context"
	"errors"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/meet"
	"roomkey/store"
)

// Open opens the database for the server with the name instance, and brings its
// schema up to date. A file belongs to the roomkey that has the lock of the data
// folder.
func Open(ctx context.Context, c config.Config, instance string) (*store.DB, error) {
	if c.Database.URL != "" {
		return store.OpenURL(ctx, c.Database.URL, store.Options{Pool: c.Database.Pool, Instance: instance})
	}
	return store.Open(ctx, datafolder.DatabaseFile(c.Data))
}

// OpenTokens gives the access tokens on record, beside the roomkey that may be
// running.
func OpenTokens(ctx context.Context, c config.Config) (*store.Tokens, error) {
	if c.Database.URL != "" {
		return store.OpenTokensURL(ctx, c.Database.URL)
	}
	return store.OpenTokens(ctx, datafolder.DatabaseFile(c.Data))
}

// Prepare makes the database, or brings its schema up to date. For a file it has to
// be the owner of the data folder: datafolder.ErrInUse.
func Prepare(ctx context.Context, c config.Config) (err error) {
	if c.Database.URL == "" {
		lock, claimErr := datafolder.Claim(c.Data)
		if claimErr != nil {
			return claimErr
		}
		defer func() { err = errors.Join(err, lock.Close()) }()
	}
	db, err := Open(ctx, c, "")
	if err != nil {
		return err
	}
	return db.Close()
}

// Missing is the error of a command that needs a database which is not there.
func Missing(c config.Config, err error) error {
	if c.Database.URL == "" {
		return datafolder.NoDatabase(c.Data, err)
	}
	return &meet.Error{Code: meet.CodeNotFound, Message: "There is nothing of Roomkey's in the database of database.url",
		Hint: "roomkey serve makes it on its first start.", Err: err}
}

// IsFile refuses what works on a database file alone; instead says what to do
// with a PostgreSQL.
func IsFile(c config.Config, instead string) error {
	if c.Database.URL == "" {
		return nil
	}
	return &meet.Error{Code: meet.CodeConflict,
		Message: "The database is a PostgreSQL (database.url), which this command does not work on", Hint: instead}
}
