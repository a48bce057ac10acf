package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
)

// migrate brings the schema up to date, each migration in a transaction of
// its own. A schema newer than this program is refused: an older program
// could break promises it does not know of.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, migrationsFolder)
	if err != nil {
		return fmt.Errorf("find migrations: %w", err)
	}
	provider, err := goose.NewProvider(migrationsDialect, db, files,
		goose.WithSlog(slog.New(slog.DiscardHandler)),
		goose.WithDisableGlobalRegistry(true),
	)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	have, know, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if have > know {
		return fmt.Errorf("database schema is version %d, made by a newer program; this one knows version %d", have, know)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	return nil
}
