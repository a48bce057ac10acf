// Package store keeps rooms, codes and joins in a database behind
// [meet.Store].
//
// There is one SQL text for every database, with $1 placeholders, beside the
// code that scans its rows; what differs is in a dialect (sqlite.go, postgres.go)
// and in how a transaction sends its statements (connection.go).
// Reads go to a pool of connections, writes to one more connection that
// shares its commits among concurrent callers (writer.go).
//
// It refuses to know who may do what and why: the functions handed in with
// a call decide, inside the transaction.
package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"roomkey/meet"
)

// DB is an open database. It implements [meet.Store] and is safe for
// concurrent use. Functions handed in to its methods must not call it.
//
// A call whose context ends returns the context's error. A change that had
// begun by then may still be stored; functions handed in with it never run
// after the call has returned.
type DB struct {
	dialect    *dialect
	writer     *writer
	cache      *cache
	statements statements    // on the pool for reading
	slots      chan struct{} // one for each list that may run now; see list
	instances  *instances    // nil where there is one instance
	close      func() error  // does it once

	checked bool                  // every page was looked at when it was opened
	damage  atomic.Pointer[error] // what [DB.Check] has found
}

var _ meet.Store = (*DB)(nil)

// Open opens the SQLite file at path, making it (mode 0600) and its folder
// (mode 0700) if need be, and brings its schema up to date. It gives
// [ErrDamaged] for a file that is no database or not whole, as far as that can
// be seen in two seconds. The caller closes what it gives.
func Open(ctx context.Context, path string) (*DB, error) { return openAndCheck(ctx, path, checkWithin) }

func openAndCheck(ctx context.Context, path string, checkWithin time.Duration) (*DB, error) {
	path, err := prepareFile(path)
	if err != nil {
		return nil, err
	}
	writes, err := sqliteDialect.open(path, forWriting)
	if err != nil {
		return nil, err
	}
	writes.SetMaxOpenConns(1)
	checked, err := checkAtStart(ctx, &sqliteDialect, writes, checkWithin)
	var db *DB
	if err == nil {
		db, err = openFile(ctx, path, writes)
	}
	if err != nil {
		_ = writes.Close()
		return nil, sqliteDialect.explain(err)
	}
	db.checked = checked
	return db, nil
}

func openFile(ctx context.Context, path string, writes *sql.DB) (*DB, error) {
	if err := migrate(ctx, &sqliteDialect, path, writes); err != nil {
		return nil, err
	}
	connection, err := openSQLiteConnection(ctx, writes)
	if err != nil {
		return nil, err
	}
	return open(&sqliteDialect, path, connection, max(4, runtime.NumCPU()), newProbe(filepath.Dir(path)))
}

// open begins to use a database whose schema is up to date, with so many
// connections for reading.
func open(dialect *dialect, path string, connection connection, readers int, probe *probe) (*DB, error) {
	reads, err := dialect.open(path, forReading)
	if err != nil {
		return nil, err
	}
	reads.SetMaxOpenConns(readers)
	reads.SetMaxIdleConns(readers)
	db := &DB{
		dialect:    dialect,
		cache:      newCache(mostCached(debug.SetMemoryLimit(-1))),
		statements: statements{pool: reads},
		slots:      make(chan struct{}, max(1, readers/2)),
	}
	db.close = sync.OnceValue(db.shutDown)
	db.writer = newWriter(dialect, connection, db.cache, probe)
	return db, nil
}

// Options are how a PostgreSQL database is used.
type Options struct {
	Pool int // connections for reading; 0 is [DefaultPool]. Some more are for other purposes

	// Instance is the name of this instance among those on the database, which no
	// other has; empty is a new one.
	Instance string
}

// DefaultPool is how many connections for reading are used if nothing else is said.
const DefaultPool = 10

// OpenURL opens a PostgreSQL database and brings its schema up to date. Where it
// cannot be reached, that is said within seconds. The caller closes what it gives.
func OpenURL(ctx context.Context, url string, o Options) (*DB, error) {
	config, err := postgresConfig(url)
	if err != nil {
		return nil, err
	}
	if err := migratePostgres(ctx, url, describePostgres(config)); err != nil {
		return nil, err
	}
	connection, err := openPostgresConnection(url)
	if err != nil {
		return nil, err
	}
	db, err := open(&postgresDialect, url, connection, cmp.Or(o.Pool, DefaultPool), newProbe(""))
	if err != nil {
		return nil, err
	}
	db.cache.forgetAll() // until the listener hears what others change
	if db.instances, err = openInstances(ctx, url, cmp.Or(o.Instance, rand.Text()), db.cache); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.writer.announce = db.instances.listener.announce
	return db, nil
}

// prepareFile gives the absolute path of a file that exists. It never opens
// an existing one: closing that again would drop the locks which another
// connection of this process holds on it.
func prepareFile(path string) (string, error) {
	if path == "" {
		return "", errors.New("database path is empty")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find database: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil { //nolint:gosec // G703: the operator names the path
		return "", fmt.Errorf("make database folder: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // G703: as above
	switch {
	case errors.Is(err, fs.ErrExist):
		return path, nil
	case err != nil:
		return "", fmt.Errorf("make database file: %w", err)
	}
	if err := file.Close(); err != nil {
		return "", fmt.Errorf("make database file: %w", err)
	}
	return path, nil
}

// Close lets the writes that have been asked for finish, refuses later ones,
// and folds the write-ahead log into the file. Closing twice is harmless.
func (db *DB) Close() error { return db.close() }

func (db *DB) shutDown() error {
	db.writer.stop()
	err := errors.Join(wrap("close reads", db.statements.pool.Close()), db.writer.close())
	if db.instances != nil {
		err = errors.Join(err, db.instances.close())
	}
	return err
}
