package store

import (
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/sqlite/*.sql
var sqliteMigrations embed.FS

// sqliteDialect is SQLite.
var sqliteDialect = dialect{
	goose:      goose.DialectSQLite3,
	migrations: folder(sqliteMigrations, "migrations/sqlite"),
	open:       openSQLite,

	restore:      "roomkey restore",
	findTable:    `SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = $1`,
	checkPages:   `PRAGMA quick_check(1)`,
	writeNothing: `PRAGMA user_version = 0`, // a number that nobody uses

	listTables: `SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'sqlite_sequence' ORDER BY name`,
	lastEvent:  `SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'events'`,
	setLastEvent: `INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq)
	VALUES ((SELECT rowid FROM sqlite_sequence WHERE name = 'events'), 'events', $1)`,

	storable: func(args []any) []any { return args },
	lost:     func(error) bool { return false },
	violated: sqliteViolation,
	isBusy:   func(err error) bool { return hasCode(err, sqlite3.SQLITE_BUSY) },
	explain: func(err error) error {
		if hasCode(err, sqlite3.SQLITE_CORRUPT) || hasCode(err, sqlite3.SQLITE_NOTADB) {
			return fmt.Errorf("%w (%w)", ErrDamaged, err)
		}
		return err
	},
}

// copySQLite writes all that is in the database at one moment into a new file. It
// reads, and so keeps nobody from writing.
const copySQLite = `VACUUM INTO $1`

// logSuffixes end the names of the files beside a database that may hold
// changes which are not in it yet.
var logSuffixes = []string{"-wal", "-journal"}

func folder(files fs.FS, path string) fs.FS {
	sub, err := fs.Sub(files, path)
	if err != nil {
		panic(err) // the path is written wrong
	}
	return sub
}

// checkpointAfter is how many pages (of 4 KiB) the log holds before it is merged
// into the database: four times SQLite's default, because commits wait for it.
const checkpointAfter = "4000"

// openSQLite sets the pragmas in the connect string: run through the pool they
// would reach one connection. The driver sets busy_timeout before all others.
func openSQLite(path string, use access) (*sql.DB, error) {
	options := url.Values{
		"_busy_timeout": {"5000"}, // milliseconds to wait for another process
		"_foreign_keys": {"1"},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"}, // a commit that returned survives a power cut
		"_txlock":       {"immediate"},
		"_dqs":          {"0"}, // "x" is a column, never a text

		// LIKE is case-sensitive as in every other database.
		"_pragma": {"case_sensitive_like(1)", "wal_autocheckpoint(" + checkpointAfter + ")"},
	}
	if use == forReading {
		options.Set("_query_only", "1")
	}
	return openDSN(path, options)
}

// openUnchanging gives access to a file that no process changes. Nothing is
// written, neither to it nor beside it; a log beside it is not read.
func openUnchanging(path string) (*sql.DB, error) {
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

// diskFailed says whether the file could not be read or written.
func diskFailed(err error) bool { return hasCode(err, sqlite3.SQLITE_IOERR) }

// hasCode says whether a driver's error has a primary result code.
func hasCode(err error, code int) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == code
}

func sqliteViolation(err error) violation {
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
