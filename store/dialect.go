package store

import (
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// This file is the only one that knows which database it is.

const (
	migrationsDialect = goose.DialectSQLite3
	migrationsFolder  = "migrations/sqlite"
)

//go:embed migrations/sqlite/*.sql
var migrations embed.FS

// access is what a pool of connections is for.
type access int

const (
	forReading access = iota
	forWriting
)

// checkpointAfter is how many pages (of 4 KiB) the log holds before it is merged
// into the database. Four times SQLite's own measure: merging is what commits
// wait for.
const checkpointAfter = "4000"

// openPool gives a pool of connections to the file, none of them open yet.
// The pragmas belong in the connect string: run through the pool they would
// reach one connection. The driver sets busy_timeout before all others.
func openPool(path string, use access) (*sql.DB, error) {
	options := url.Values{
		"_busy_timeout": {"5000"}, // milliseconds to wait for another process
		"_foreign_keys": {"1"},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"}, // a commit that returned survives a power cut
		"_txlock":       {"immediate"},
		"_dqs":          {"0"},                                                                     // "x" is a column, never a text
		"_pragma":       {"case_sensitive_like(1)", "wal_autocheckpoint(" + checkpointAfter + ")"}, // the former as in every other database
	}
	if use == forReading {
		options.Set("_query_only", "1")
	}
	return openDSN(path, options)
}

// openStill gives access to a file that no process changes. Nothing is written,
// neither to it nor beside it; a log beside it is not seen.
func openStill(path string) (*sql.DB, error) {
	return openDSN(path, url.Values{"mode": {"ro"}, "immutable": {"1"}})
}

func openDSN(path string, options url.Values) (*sql.DB, error) {
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: options.Encode()}
	connector, err := sqlite.NewConnector(dsn.String())
	if err != nil {
		return nil, fmt.Errorf("read database path: %w", err)
	}
	return sql.OpenDB(connector), nil
}

// logSuffixes end the names of the files beside a database in which changes
// may stand that are not in it yet.
var logSuffixes = []string{"-wal", "-journal"}

const (
	// findTable says whether there is a table of that name.
	findTable = `SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = $1`

	// checkPages looks at the whole file and gives the first thing that is wrong
	// with it, or ok.
	checkPages = `PRAGMA quick_check(1)`
)

// copyInto writes all that is in the database at one moment into a new file. It
// reads, and so keeps nobody from writing.
const copyInto = `VACUUM INTO $1`

// writeNothing changes nothing, and is a change to be committed all the same. The
// number is for programs to use; nobody uses this one.
const writeNothing = `PRAGMA user_version = 0`

// mergeLog moves the write-ahead log into the database file and empties it.
const mergeLog = `PRAGMA wal_checkpoint(TRUNCATE)`

// insertNumbered inserts a row whose id the database gives, and gives it.
// RETURNING would say it too, but costs SQLite as much again as the row.
func (t *tx) insertNumbered(text string, args ...any) (int64, error) {
	result, err := t.result(text, args...)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// isBusy says whether another process had the database for too long.
func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// ErrDamaged says that a file is no database, or not a whole one.
var ErrDamaged = errors.New("the database is damaged")

// readable adds [ErrDamaged] to what a driver says of a file that is no database
// or not whole.
func readable(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && (e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB) {
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	return err
}

// violation is the kind of constraint that a statement ran into.
type violation int

const (
	noViolation violation = iota
	keyTaken              // the primary key
	uniqueTaken           // a unique index beside it
)

// diskFailed says whether a driver's error is about reading or writing the file.
func diskFailed(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_IOERR
}

// violated reads the constraint out of a driver's error, by its code.
func violated(err error) violation {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return noViolation
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return keyTaken
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		return uniqueTaken
	}
	return noViolation
}
