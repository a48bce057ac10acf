package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"roomkey/meet"
)

// Why a command cannot work on a database.
var (
	ErrNoDatabase  = errors.New("there is no database")
	ErrOlderSchema = errors.New("made by an earlier roomkey")
)

// beside is a database that a command uses beside the roomkey that may be running
// on it. It leaves the schema alone.
type beside struct {
	db      *sql.DB // one connection
	dialect *dialect
}

// openBesideFile opens a SQLite file.
func openBesideFile(ctx context.Context, path string) (*beside, error) {
	db, err := openBeside(ctx, path)
	if err != nil {
		return nil, err
	}
	return besideIn(ctx, &sqliteDialect, path, db)
}

// openBesideURL opens a PostgreSQL database.
func openBesideURL(ctx context.Context, url string) (*beside, error) {
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
	return besideIn(ctx, &postgresDialect, name, db)
}

// besideIn takes a database whose schema is that of this program, and closes any
// other.
func besideIn(ctx context.Context, dialect *dialect, name string, db *sql.DB) (*beside, error) {
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
	return &beside{db, dialect}, nil
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
func (b *beside) Close() error { return wrap("close database", b.db.Close()) }

// transact does something in one transaction, while no roomkey writes.
func (b *beside) transact(ctx context.Context, doing string, do func(*sql.Tx) error) error {
	return wrap(doing, untilFree(ctx, b.dialect, func() error {
		tx, err := b.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // nothing after a commit
		if b.dialect.keepFromWriting != "" {
			_, err = tx.ExecContext(ctx, b.dialect.keepFromWriting, lockOfWriters)
		}
		if err == nil {
			err = do(tx)
		}
		if err == nil {
			err = tx.Commit()
		}
		return err
	}))
}

// event writes an event in a transaction, unless it is nil, and has all instances on the
// database look what has changed. It is about no room: they would not see that it has.
func (b *beside) event(ctx context.Context, tx *sql.Tx, e *meet.Event) error {
	if e == nil {
		return nil
	}
	written, err := newWrittenEvent(e)
	if err != nil {
		return err
	}
	one := insertEvents[len(insertEvents)-1].text
	if _, err := tx.ExecContext(ctx, one, b.dialect.storable(written.values())...); err != nil {
		return err
	}
	if b.dialect != &postgresDialect {
		return nil
	}
	all, err := json.Marshal(message{From: "a command", Missed: true})
	if err == nil {
		_, err = tx.ExecContext(ctx, notifyAll, []string{string(all)})
	}
	return err
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
