// Package database opens the database that the configuration names: a file in
// the data folder, or a PostgreSQL that several roomkeys may share.
package database

import (
	"context"
	"errors"
	"fmt"
	"time"

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

// OpenUsers gives the users on record, beside the roomkey that may be running.
func OpenUsers(ctx context.Context, c config.Config) (*store.Users, error) {
	if c.Database.URL != "" {
		return store.OpenUsersURL(ctx, c.Database.URL)
	}
	return store.OpenUsers(ctx, datafolder.DatabaseFile(c.Data))
}

// OpenWebhooks gives the endpoints of webhooks, beside the roomkey that may be
// running.
func OpenWebhooks(ctx context.Context, c config.Config) (*store.Webhooks, error) {
	if c.Database.URL != "" {
		return store.OpenWebhooksURL(ctx, c.Database.URL)
	}
	return store.OpenWebhooks(ctx, datafolder.DatabaseFile(c.Data))
}

// openWithin is how long a command waits for a roomkey that is just starting
// to have its database ready.
const openWithin = 10 * time.Second

// Beside opens a part of the database beside the roomkey that may be running. A
// database that does not exist yet, or is of an earlier version, is made by the same
// migrations as in serve, unless a roomkey has the folder: then it waits for that one.
// It gives store.ErrNoDatabase if there is no database and create is false.
func Beside[T any](ctx context.Context, c config.Config, create bool,
	open func(context.Context, config.Config) (T, error)) (T, error) {
	var none T
	for deadline := time.Now().Add(openWithin); ; {
		part, err := open(ctx, c)
		missing := errors.Is(err, store.ErrNoDatabase)
		switch {
		case missing && !create:
			return none, err
		case !missing && !errors.Is(err, store.ErrOlderSchema):
			return part, err
		}
		err = Prepare(ctx, c)
		if errors.Is(err, datafolder.ErrInUse) && time.Now().After(deadline) {
			return none, &meet.Error{Code: meet.CodeConflict,
				Message: "The roomkey that has the data folder " + c.Data + " is an earlier one than this",
				Hint:    "Restart it as this version, then try again.", Err: err}
		}
		if err != nil && !errors.Is(err, datafolder.ErrInUse) {
			return none, err
		}
		if err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return none, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
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

// RestoreHint says what to do about a damaged database.
const RestoreHint = "bring back the newest backup with roomkey restore FILE --force, which keeps what is there aside"

// Explain says what to do about a database that is damaged; any other error is as
// it was.
func Explain(c config.Config, err error) error {
	if !errors.Is(err, store.ErrDamaged) {
		return err
	}
	return fmt.Errorf("%s: %w: %s", datafolder.DatabaseFile(c.Data), err, RestoreHint)
}
