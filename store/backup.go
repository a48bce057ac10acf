package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
)

// Backup writes the SQLite file at path, as it is at one moment, to a new file,
// while a roomkey may be running on it: that one goes on reading and writing.
// What was durable before Backup began is in it. The copy was looked at, page by
// page, when Backup returns; the caller sees to it that it is on disk.
// ErrNoDatabase, ErrDamaged.
func Backup(ctx context.Context, path, to string) (schema Schema, err error) {
	if to, err = filepath.Abs(to); err != nil {
		return schema, fmt.Errorf("find the copy: %w", err)
	}
	db, err := openBeside(ctx, path)
	if err != nil {
		return schema, err
	}
	defer func() { err = errors.Join(err, wrap("close database", db.Close())) }()
	err = untilFree(ctx, &sqliteDialect, func() error {
		_, err := db.ExecContext(ctx, copySQLite, to)
		return err
	})
	if err != nil {
		if ctx.Err() != nil {
			return schema, ctx.Err()
		}
		return schema, fmt.Errorf("copy database: %w", sqliteDialect.explain(err))
	}
	return inspectCopy(ctx, to)
}

// inspectCopy looks at a whole copy, which nobody else has open.
func inspectCopy(ctx context.Context, path string) (schema Schema, err error) {
	var db *sql.DB
	if db, err = openUnchanging(path); err != nil {
		return schema, err
	}
	defer func() { err = errors.Join(err, wrap("close copy", db.Close())) }()
	if schema, err = readSchema(ctx, &sqliteDialect, db); err != nil {
		return schema, err
	}
	return schema, checkWhole(ctx, &sqliteDialect, db)
}
