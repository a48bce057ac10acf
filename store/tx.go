package store

import (
	"cmp"
	"context"
	"database/sql"
	"sync/atomic"

	"roomkey/meet"
)

const (
	savepoint           = `SAVEPOINT operation`
	rollbackToSavepoint = `ROLLBACK TO SAVEPOINT operation`
	releaseSavepoint    = `RELEASE SAVEPOINT operation`
)

// hotWrites are prepared once. They are the statements of creating a room, of
// joining one and of being inside, and those around every operation that
// shares a commit.
var hotWrites = []string{
	savepoint, rollbackToSavepoint, releaseSavepoint,
	selectActiveRooms, expireHolder, insertRoom, insertCode,
	selectRoomByID, selectCodeAndRoom, selectCode, useCode, insertJoin, insertVisit, insertPendingUse, selectBlocks,
	selectLocks,
	insertEvents[0].text, insertEvents[1].text, insertEvents[2].text,
	selectPresence, insertPresence, endPresence, keepVisit,
}

// tx is the transaction that operations run in. Its context never ends.
type tx struct {
	ctx      context.Context
	sql      *sql.Tx
	dialect  *dialect
	prepared map[string]*sql.Stmt // on the writer's connection, by text
	used     map[string]*sql.Stmt // those of prepared that this transaction has used
	executed *atomic.Int64

	err    error          // of the operation's first statement that failed
	events []writtenEvent // by the operation

	rooms        map[string]meet.Room // what was read in the transaction, as it is there by now
	changedRooms []string             // rooms that changed, or their codes: for the cache to forget
}

// roomChanged notes that rooms, or who is blocked from them, change with the
// transaction.
func (t *tx) roomChanged(ids ...string) {
	for _, id := range ids {
		delete(t.rooms, id)
	}
	t.codesChanged(ids...)
}

// codesChanged notes that codes of rooms change with the transaction.
func (t *tx) codesChanged(roomIDs ...string) { t.changedRooms = append(t.changedRooms, roomIDs...) }

// statement gives the prepared statement with a text, or nil, and counts it.
func (t *tx) statement(text string) *sql.Stmt {
	t.executed.Add(1)
	if stmt := t.used[text]; stmt != nil {
		return stmt
	}
	stmt := t.prepared[text]
	if stmt != nil {
		stmt = t.sql.StmtContext(t.ctx, stmt)
		t.used[text] = stmt
	}
	return stmt
}

// After a statement of an operation has failed, the later ones return its error
// and do nothing: some errors of a database end the transaction, and what ran
// after them would take effect outside of it. So cmp.Or can run several in turn.

// exec runs a statement without rows. doing is for the error.
func (t *tx) exec(doing, text string, args ...any) error {
	_, err := t.result(text, args...)
	return wrap(doing, err)
}

func (t *tx) result(text string, args ...any) (result sql.Result, err error) {
	if t.err != nil {
		return nil, t.err
	}
	if stmt := t.statement(text); stmt != nil { //nolint:sqlclosecheck // closed with the transaction
		result, t.err = stmt.ExecContext(t.ctx, args...)
	} else {
		result, t.err = t.sql.ExecContext(t.ctx, text, args...)
	}
	return result, t.err
}

// queryOne is readOne inside a transaction.
func queryOne[T any](t *tx, doing, text string, pointers func(*T) []any, args ...any) (T, error) {
	found, err := queryAll(t, doing, text, pointers, args...)
	if len(found) == 0 {
		var none T
		return none, cmp.Or(err, meet.ErrNotFound)
	}
	return found[0], err
}

// queryAll is readAll inside a transaction.
func queryAll[T any](t *tx, doing, text string, pointers func(*T) []any, args ...any) (all []T, err error) {
	if t.err != nil {
		return nil, t.err
	}
	var rows *sql.Rows
	if stmt := t.statement(text); stmt != nil { //nolint:sqlclosecheck // closed with the transaction
		rows, err = stmt.QueryContext(t.ctx, args...)
	} else {
		rows, err = t.sql.QueryContext(t.ctx, text, args...)
	}
	all, t.err = scanAll(doing, rows, err, pointers)
	return all, t.err
}
