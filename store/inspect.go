package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
)

// Inspect looks at the SQLite file at path, which no process may have open, and
// changes nothing: neither the file nor what is beside it. Where a process that
// died has left a log, it looks at a copy of both, which it puts into the
// folder scratch.
//
// It fails where Open would: the file is no database, damaged, or newer than
// this program. The schema is told also where ctx ended before everything was
// looked at.
func Inspect(ctx context.Context, path, scratch string) (schema Schema, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return schema, fmt.Errorf("find database: %w", err)
	}
	logged := false
	for _, suffix := range logSuffixes {
		_, err := os.Stat(path + suffix)
		logged = logged || err == nil
	}
	var db *sql.DB
	if logged {
		var copied string
		if copied, err = copyDatabase(path, scratch); err == nil {
			db, err = sqliteDialect.open(copied, forReading)
		}
	} else {
		db, err = openUnchanging(path)
	}
	if err != nil {
		return schema, err
	}
	defer func() { err = errors.Join(err, wrap("close database", db.Close())) }()
	if schema, err = readSchema(ctx, &sqliteDialect, db); err != nil {
		return schema, err
	}
	if err = schema.check(&sqliteDialect, path); err != nil {
		return schema, err
	}
	return schema, checkWhole(ctx, &sqliteDialect, db)
}

// readSchema asks without making the table of versions, as goose does.
func readSchema(ctx context.Context, dialect *dialect, db *sql.DB) (schema Schema, err error) {
	provider, err := provider(dialect, db)
	if err != nil {
		return schema, err
	}
	for _, source := range provider.ListSources() {
		schema.Know = source.Version
	}
	var tables int
	if err = db.QueryRowContext(ctx, dialect.findTable, goose.DefaultTablename).Scan(&tables); err == nil && tables > 0 {
		schema.Have, err = provider.GetDBVersion(ctx)
	}
	if err != nil {
		err = fmt.Errorf("read schema version: %w", dialect.explain(err))
	}
	return schema, err
}

// copyDatabase copies a database with its log.
func copyDatabase(path, folder string) (copied string, err error) {
	copied = filepath.Join(folder, filepath.Base(path))
	for _, suffix := range append([]string{""}, logSuffixes...) {
		if err := copyFile(copied+suffix, path+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("copy database: %w", err)
		}
	}
	return copied, nil
}

func copyFile(to, from string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
