package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// moveSide is one of the two databases of a move.
type moveSide struct {
	dialect *dialect
	name    string // for people
	db      *sql.DB
	tx      *sql.Tx
}

// openSource opens a database that is there and whole.
func openSource(ctx context.Context, place string) (*moveSide, error) {
	s, err := openSide(ctx, place)
	if err != nil {
		return nil, err
	}
	schema, err := s.schema(ctx)
	if err == nil && schema.Have == 0 {
		err = fmt.Errorf("%s: %w", s.name, ErrNoDatabase)
	}
	if err == nil && s.dialect.checkPages != "" {
		err = checkWhole(ctx, s.dialect, s.db)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// openTarget makes a database where there is none.
func openTarget(ctx context.Context, place string) (*moveSide, error) {
	s, err := openSide(ctx, place)
	if errors.Is(err, ErrNoDatabase) {
		if _, err = prepareFile(place); err == nil {
			s, err = openSide(ctx, place)
		}
	}
	if err != nil {
		return nil, err
	}
	schema, err := s.schema(ctx)
	if err == nil && schema.Have == 0 {
		err = s.prepare(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// prepare makes the tables.
func (s *moveSide) prepare(ctx context.Context) error {
	tables, err := texts(ctx, s.db, s.dialect.listTables)
	switch {
	case err != nil:
		return err
	case len(tables) > 0:
		return fmt.Errorf("%s has tables that are not roomkey's: %w", s.name, ErrNotEmpty)
	case s.dialect == &postgresDialect:
		return migrateAlone(ctx, s.db, s.name)
	}
	return migrate(ctx, s.dialect, s.name, s.db)
}

func openSide(ctx context.Context, place string) (*moveSide, error) {
	if IsURL(place) {
		return openPostgresSide(ctx, place)
	}
	db, err := openBeside(ctx, place)
	return &moveSide{dialect: &sqliteDialect, name: place, db: db}, err
}

// schema refuses one of another roomkey.
func (s *moveSide) schema(ctx context.Context) (Schema, error) {
	schema, err := readSchema(ctx, s.dialect, s.db)
	if err == nil {
		err = schema.check(s.dialect, s.name)
	}
	if err == nil && schema.Have != 0 && schema.Have < schema.Know {
		err = fmt.Errorf("%s has schema %d, %w; this one needs %d", s.name, schema.Have, ErrOlderSchema, schema.Know)
	}
	return schema, err
}

// begin begins a transaction, and keeps roomkeys from writing until it ends.
func (s *moveSide) begin(ctx context.Context, o *sql.TxOptions) error {
	err := s.checkNobodyRuns(ctx)
	if err != nil {
		return err
	}
	err = untilFree(ctx, s.dialect, func() (err error) {
		s.tx, err = s.db.BeginTx(context.WithoutCancel(ctx), o) // so that ctx cannot end a commit half way
		return err
	})
	if err != nil {
		return fmt.Errorf("begin to move: %w", s.dialect.explain(err))
	}
	if s.dialect.keepFromWriting == "" {
		return nil
	}
	_, err = s.tx.ExecContext(ctx, s.dialect.keepFromWriting, lockOfWriters)
	if s.dialect.isBusy(err) {
		return fmt.Errorf("%s: %w", s.name, ErrRunning)
	}
	return wrap("keep roomkeys from writing", err)
}

// forgottenWithin is how long a server may take to notice that a connection is closed.
const forgottenWithin = 2 * time.Second

// checkNobodyRuns refuses a database that a roomkey has open, or had a few seconds
// ago, where the database knows that.
func (s *moveSide) checkNobodyRuns(ctx context.Context) error {
	if s.dialect.countRunning == "" {
		return nil
	}
	for deadline := time.Now().Add(forgottenWithin); ; {
		var running int
		if err := s.db.QueryRowContext(ctx, s.dialect.countRunning).Scan(&running); err != nil {
			return fmt.Errorf("ask who uses the database: %w", err)
		}
		switch {
		case running == 0:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("%s: %w", s.name, ErrRunning)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *moveSide) checkEmpty(ctx context.Context) error {
	for _, table := range movedTables {
		var one int
		err := s.tx.QueryRowContext(ctx, `SELECT 1 FROM `+table+` LIMIT 1`).Scan(&one)
		switch {
		case err == nil:
			return fmt.Errorf("%s has rows (%s): %w", s.name, table, ErrNotEmpty)
		case !errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("look at %s: %w", table, s.dialect.explain(err))
		}
	}
	return nil
}

// commit knows that nothing was stored where the database itself says so.
func (s *moveSide) commit() error {
	err := wrap("commit what was moved", s.tx.Commit())
	if err != nil && (diskFailed(err) || s.dialect == &postgresDialect && !refusedByPostgres(err)) {
		return unknown(err)
	}
	return err
}

func (s *moveSide) close() error {
	if s.tx != nil {
		_ = s.tx.Rollback() // nothing after a commit
	}
	return wrap("close database", s.db.Close())
}

// texts gives the rows of a statement with one text each.
func texts(ctx context.Context, db *sql.DB, text string) ([]string, error) {
	rows, err := db.QueryContext(ctx, text) //nolint:rowserrcheck // scanAll does
	return scanAll("read", rows, err, func(s *string) []any { return []any{s} })
}

// columnsOf gives the names of a table's columns in alphabetical order.
func columnsOf(ctx context.Context, tx *sql.Tx, table string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, `SELECT * FROM `+table+` LIMIT 0`) //nolint:gosec // G202: a name of ours
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	slices.Sort(columns)
	return columns, errors.Join(err, rows.Err())
}
