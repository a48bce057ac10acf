package store

import (
	"database/sql"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

// dialect is everything in which one database differs from another. All other
// SQL of this package is the same for every database.
type dialect struct {
	goose      goose.Dialect
	migrations fs.FS

	// open gives a pool of connections to a database, none of them open yet.
	open func(path string, use access) (*sql.DB, error)

	restore      string // the command that brings a backup back
	findTable    string // counts the tables with a name
	checkPages   string // looks at the whole database and gives the first fault, or "ok"; empty if it does so itself
	writeNothing string // changes nothing, and is a change to be committed all the same

	// storable gives arguments as the database can keep them. Others would fail
	// what is asked for, with everything that shares the commit.
	storable func(args []any) []any

	// readsWithin is how long a short read may take, 0 where it ends by itself.
	// lost says of the error of a read that its connection was lost, so that another
	// one may do better.
	readsWithin time.Duration
	lost        func(error) bool

	// For [Move]: the names of the tables; what locks roomkeys out of writing, and how
	// many of them run, both empty where only the data folder knows that; a transaction
	// that sees one moment; the last id of an event that was given; and what the planner
	// wants to be told, or nothing.
	listTables, keepFromWriting, countRunning string
	oneMoment                                 *sql.TxOptions
	lastEvent, setLastEvent, analyze          string

	violated func(error) violation // the constraint that a statement ran into
	isBusy   func(error) bool      // another process had the database for too long
	explain  func(error) error     // adds ErrDamaged where the error means that
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
