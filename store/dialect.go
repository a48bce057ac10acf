package store

import (
	"database/sql"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// dialect is everything in which one database differs from another. All other
// SQL of this package is the same for every database.
type dialect struct {
	goose      goose.Dialect
	migrations fs.FS

	// open gives a pool of connections to a database, none of them open yet.
	open func(path string, use access) (*sql.DB, error)

	findTable    string // counts the tables with a name
	checkPages   string // looks at the whole database and gives the first fault, or "ok"
	writeNothing string // changes nothing, and is a change to be committed all the same
	beforeClose  string // is run when nobody uses the database any more

	// insert inserts n rows whose ids the database gives, and returns the ids in
	// the order of the rows.
	insert func(t *tx, n int, text string, args ...any) ([]int64, error)

	violated   func(error) violation // the constraint that a statement ran into
	isBusy     func(error) bool      // another process had the database for too long
	diskFailed func(error) bool      // the file could not be read or written
	explain    func(error) error     // adds ErrDamaged where the error means that
}

// access is what a pool of connections is for.
type access int

const (
	forReading access = iota
	forWriting
)

// violation is the kind of constraint that a statement ran into.
type violation int

const (
	noViolation violation = iota
	keyTaken              // the primary key
	uniqueTaken           // a unique index beside it
)
