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
	expireHolder, insertRoom, insertCode,
	selectRoomByID, selectCodeAndRoom, useCode, insertJoin, insertVisit, insertPendingUse, selectBlocks, selectLocks, insertEvent,
	selectPresence, insertPresence, endPresence, keepVisit,
}

// tx is the transaction that operations run in. Its context never ends.
type tx struct {
	ctx  context.Context
	sql  *sql.Tx
	kept map[string]*sql.Stmt // prepared on the writer's connection, by text
	here map[string]*sql.Stmt // those of kept that this transaction has used

	events  []writtenEvent              // by the operation
	changed changed                     // for the cache to forget
	doors   map[string]meet.JoinContext // what joins went through, by doorKey, as it is by now
}

// roomChanged notes that a room's row is another.
func (t *tx) roomChanged(ids ...string) {
	t.changed.rooms = append(t.changed.rooms, ids...)
	clear(t.doors)
}

// blocksChanged notes that a room has other blocks.
func (t *tx) blocksChanged(roomID string) {
	t.changed.blocks = append(t.changed.blocks, roomID)
	clear(t.doors)
}

// codeChanged notes that a code of a room has another row.
func (t *tx) codeChanged(roomID, code string) {
	t.changed.codes = append(t.changed.codes, roomID)
	t.changed.row(code, nil)
	delete(t.doors, code)
}

// codesChanged notes that codes of a room that nobody has named have other rows.
func (t *tx) codesChanged(roomID string) {
	t.changed.codes = append(t.changed.codes, roomID)
	t.changed.allRows = true
	clear(t.doors)
}

// codeUsed notes the row that a use has made of a code.
func (t *tx) codeUsed(door meet.JoinContext) {
	t.changed.codes = append(t.changed.codes, door.Room.ID)
	t.changed.row(door.Code.Code, &door.Code)
	t.keepDoor(door)
}

// keepDoor keeps a door for those whose joins share the commit.
func (t *tx) keepDoor(door meet.JoinContext) {
	if t.doors == nil {
		t.doors = map[string]meet.JoinContext{}
	}
	t.doors[doorKey(door.Code.Code, door.Room.ID)] = door
}

// doorKey tells doors apart: the code that opens one, or else its room's id.
func doorKey(code, roomID string) string { return cmp.Or(code, roomID) }

// undone is called when an operation was rolled back: what it said about rows
// is not so.
func (t *tx) undone() {
	for code := range t.changed.rows {
		t.changed.rows[code] = nil
	}
	clear(t.doors)
}

// prepared finds the statement that is kept for text, or nil.
func (t *tx) prepared(text string) *sql.Stmt {
	if stmt := t.here[text]; stmt != nil {
		return stmt
	}
	stmt := t.kept[text]
	if stmt != nil {
		stmt = t.sql.StmtContext(t.ctx, stmt)
		t.here[text] = stmt
	}
	return stmt
}

func (t *tx) exec(text string, args ...any) error {
	_, err := t.result(text, args...)
	return err
}

func (t *tx) result(text string, args ...any) (sql.Result, error) {
	if stmt := t.prepared(text); stmt != nil { //nolint:sqlclosecheck // closed with the transaction
		return stmt.ExecContext(t.ctx, args...)
	}
	return t.sql.ExecContext(t.ctx, text, args...)
}

func (t *tx) row(text string, args ...any) *sql.Row {
	if stmt := t.prepared(text); stmt != nil { //nolint:sqlclosecheck // closed with the transaction
		return stmt.QueryRowContext(t.ctx, args...)
	}
	return t.sql.QueryRowContext(t.ctx, text, args...)
}

func (t *tx) rows(text string, args ...any) (*sql.Rows, error) {
	if stmt := t.prepared(text); stmt != nil { //nolint:sqlclosecheck // closed with the writer
		return stmt.QueryContext(t.ctx, args...)
	}
	return t.sql.QueryContext(t.ctx, text, args...)
}
