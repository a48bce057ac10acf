package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/pressly/goose/v3"
)

// ErrNewerSchema says that a newer program has made a database.
var ErrNewerSchema = errors.New("made by a newer roomkey")

// Schema is the version of a database's schema, 0 where it has none, and the
// one that this program knows.
type Schema struct{ Have, Know int64 }

// check refuses a schema newer than this program: an older program could break
// promises it does not know of.
func (s Schema) check(dialect *dialect, path string) error {
	if s.Have <= s.Know {
		return nil
	}
	return fmt.Errorf("%s has schema %d, %w; this one knows %d: start the newer one, or bring back a backup "+
		"from before it (%s)", path, s.Have, ErrNewerSchema, s.Know, dialect.restore)
}

// provider knows the migrations. It does nothing to the database by itself.
func provider(dialect *dialect, db *sql.DB) (*goose.Provider, error) {
	p, err := goose.NewProvider(dialect.goose, db, dialect.migrations,
		goose.WithSlog(slog.New(slog.DiscardHandler)),
		goose.WithDisableGlobalRegistry(true),
	)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

// migrate brings the schema of the database at path up to date, each migration
// in a transaction of its own.
func migrate(ctx context.Context, dialect *dialect, path string, db *sql.DB) error {
	provider, err := provider(dialect, db)
	if err != nil {
		return err
	}
	var schema Schema
	if schema.Have, schema.Know, err = provider.GetVersions(ctx); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if err := schema.check(dialect, path); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	return nil
}
