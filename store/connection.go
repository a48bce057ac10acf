package store

import "database/sql"

// A connection is the one on which a [writer] writes.
type connection interface {
	begin() (transaction, error)
	close() error
}

// A transaction runs the statements of operations. It may put those off that give
// nothing, until something is read, and then send all of them at once: a
// database may be far away. An error of one of them comes then, too.
type transaction interface {
	// exec runs a statement without rows. doing is for the error; explain, unless
	// it is nil, may make another error of it.
	exec(doing, text string, explain func(error) error, args []any) error

	// affected runs a statement without rows and says how many rows it changed.
	affected(text string, args []any) (int64, error)

	// query runs a statement with rows.
	query(text string, args []any) (rows, error)

	// insert inserts n rows whose ids the database gives. By the end of commit it
	// has given the id of each, in the order of the rows.
	insert(n int, text string, args []any, give func(i int, id int64)) error

	// operation says which one the next statements are of.
	operation(n int)

	// lateFailure gives the failure of a statement that an operation before the
	// present one had put off, nil if there was none.
	lateFailure() *lateFailure

	// commit makes the transaction durable. Its error is meet.ErrOutcomeUnknown
	// where nobody knows whether it is.
	commit() error
	rollback()
}

// betweenOperations is the number of statements that are of no operation.
const betweenOperations = -1

// lateFailure says which operation of a transaction has failed, and how.
type lateFailure struct {
	operation int
	err       error
}

// rows are those of a query, as [sql.Rows] has them.
type rows interface {
	Next() bool
	Scan(...any) error
	Err() error
	Close() error
}

var _ rows = (*sql.Rows)(nil)
