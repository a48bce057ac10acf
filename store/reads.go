package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"roomkey/meet"
)

// statements are those that a pool has prepared, by their text.
type statements struct {
	pool   *sql.DB
	byText sync.Map // to *sql.Stmt
}

// get prepares a statement the first time. The texts must be a few.
func (s *statements) get(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := s.byText.Load(text); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := s.pool.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if first, late := s.byText.LoadOrStore(text, stmt); late {
		return first.(*sql.Stmt), stmt.Close() //nolint:sqlclosecheck // the other one is kept until the pool closes
	}
	return stmt, nil
}

// shortRead prepares a read that takes microseconds. In a file it runs to its
// end, because watching a context costs more than the read itself.
func (db *DB) shortRead(ctx context.Context, text string) (context.Context, context.CancelFunc, *sql.Stmt, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, nil, err
	}
	cancel := noCancel
	if db.dialect.readsWithin > 0 {
		ctx, cancel = context.WithTimeout(ctx, db.dialect.readsWithin)
	} else {
		ctx = context.WithoutCancel(ctx)
	}
	stmt, err := db.statements.get(ctx, text)
	if err != nil {
		cancel()
	}
	return ctx, cancel, stmt, err
}

func noCancel() {}

// readAgain bounds how often a read is repeated whose connection was lost. After
// a restart of the database all that a pool keeps may be.
const readAgain = 3

// repeats says whether a read that got an error may be tried again.
func (db *DB) repeats(ctx context.Context, attempt int, err error) bool {
	return err != nil && attempt < readAgain && db.dialect.lost(err) && ctx.Err() == nil
}

// readOne reads a single row. doing is for the error, which is meet.ErrNotFound
// where there is no row.
func readOne[T any](ctx context.Context, db *DB, doing, text string, pointers func(*T) []any, args ...any) (one T,
	err error) {
	args = db.dialect.storable(args)
	for attempt := 0; ; attempt++ {
		one, err = tryReadOne(ctx, db, doing, text, pointers, args)
		if !db.repeats(ctx, attempt, err) {
			return one, err
		}
	}
}

func tryReadOne[T any](ctx context.Context, db *DB, doing, text string, pointers func(*T) []any, args []any) (T,
	error) {
	ctx, cancel, stmt, err := db.shortRead(ctx, text) //nolint:sqlclosecheck // kept until the pool closes
	if err != nil {
		var none T
		return none, wrap(doing, err)
	}
	defer cancel()
	return scanOne(doing, stmt.QueryRowContext(ctx, args...), pointers)
}

// readAll reads a few rows.
func readAll[T any](ctx context.Context, db *DB, doing, text string, pointers func(*T) []any, args ...any) (all []T,
	err error) {
	args = db.dialect.storable(args)
	for attempt := 0; ; attempt++ {
		all, err = tryReadAll(ctx, db, doing, text, pointers, args)
		if !db.repeats(ctx, attempt, err) {
			return all, err
		}
	}
}

func tryReadAll[T any](ctx context.Context, db *DB, doing, text string, pointers func(*T) []any, args []any) ([]T,
	error) {
	ctx, cancel, stmt, err := db.shortRead(ctx, text) //nolint:sqlclosecheck // kept until the pool closes
	if err != nil {
		return nil, wrap(doing, err)
	}
	defer cancel()
	rows, err := stmt.QueryContext(ctx, args...) //nolint:rowserrcheck // scanAll does
	return scanAll(doing, rows, err, pointers)
}

// exists says whether a read finds a row.
func exists(ctx context.Context, db *DB, doing, text string, args ...any) (bool, error) {
	_, err := readOne(ctx, db, doing, text, intPointers, args...)
	if errors.Is(err, meet.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// list reads rows where that may take long, but never on more than half of the
// connections, so that short reads do not wait behind lists.
func list[T any](ctx context.Context, db *DB, doing, text string, pointers func(*T) []any, args ...any) ([]T, error) {
	select {
	case db.slots <- struct{}{}:
		defer func() { <-db.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	args = db.dialect.storable(args)
	for attempt := 0; ; attempt++ {
		all, err := tryList(ctx, db, doing, text, pointers, args)
		if !db.repeats(ctx, attempt, err) {
			return all, err
		}
	}
}

func tryList[T any](ctx context.Context, db *DB, doing, text string, pointers func(*T) []any, args []any) ([]T, error) {
	stmt, err := db.statements.get(ctx, text) //nolint:sqlclosecheck // kept until the pool closes
	if err != nil {
		return nil, wrap(doing, err)
	}
	rows, err := stmt.QueryContext(ctx, args...) //nolint:rowserrcheck // scanAll does
	return scanAll(doing, rows, err, pointers)
}
