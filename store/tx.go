package store

import (
	"cmp"
	"context"
	"database/sql"

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
	selectRoomByID, selectCodeAndRoom, useCode, insertJoin, insertVisit, insertPendingUse, selectBlocks, selectLocks,
	insertEvent,
	selectPresence, insertPresence, endPresence, keepVisit,
}

// tx is the transaction that operations run in. Its context never ends.
type tx struct {
	ctx      context.Context
	sql      *sql.Tx
	dialect  *dialect
	prepared map[string]*sql.Stmt // on the writer's connection, by text
	used     map[string]*sql.Stmt // those of prepared that this transaction has used

	err     error          // of the operation's first statement that failed
	events  []writtenEvent // by the operation
	changes changes        // for the cache to forget

	// joinContexts are what joins of this transaction have read, as it is by
	// now. The key is the code, or without one the room's id.
	joinContexts map[string]meet.JoinContext
}

// roomChanged notes that the rows of rooms have changed.
func (t *tx) roomChanged(ids ...string) {
	t.changes.rooms = append(t.changes.rooms, ids...)
	clear(t.joinContexts)
}

// blocksChanged notes that a room's blocks have changed.
func (t *tx) blocksChanged(roomID string) {
	t.changes.blocks = append(t.changes.blocks, roomID)
	clear(t.joinContexts)
}

// codeChanged notes that the row of a room's code has changed.
func (t *tx) codeChanged(roomID, code string) {
	t.changes.codes = append(t.changes.codes, roomID)
	t.changes.setCodeRow(code, nil)
	delete(t.joinContexts, code)
}

// codesChanged notes that rows of a room's codes have changed, without saying of which.
func (t *tx) codesChanged(roomID string) {
	t.changes.codes = append(t.changes.codes, roomID)
	t.changes.allCodeRows = true
	clear(t.joinContexts)
}

// codeUsed notes the row of a code after a use.
func (t *tx) codeUsed(c meet.JoinContext) {
	t.changes.codes = append(t.changes.codes, c.Room.ID)
	t.changes.setCodeRow(c.Code.Code, &c.Code)
	t.keepJoinContext(c)
}

// keepJoinContext keeps what a join has read for the joins that share the commit.
func (t *tx) keepJoinContext(c meet.JoinContext) {
	if t.joinContexts == nil {
		t.joinContexts = map[string]meet.JoinContext{}
	}
	t.joinContexts[cmp.Or(c.Code.Code, c.Room.ID)] = c
}

// rolledBack is called after the rollback of an operation: the rows that it has
// noted are wrong.
func (t *tx) rolledBack() {
	for code := range t.changes.codeRows {
		t.changes.codeRows[code] = nil
	}
	clear(t.joinContexts)
}

// statement gives the prepared statement with a text, or nil.
func (t *tx) statement(text string) *sql.Stmt {
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
