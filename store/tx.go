package store

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"roomkey/meet"
)

// hotWrites are prepared once. They are the statements of creating a room, of
// joining one and of being inside.
var hotWrites = []string{
	selectActiveRooms, insertRoom, insertCode,
	selectRoomByID, selectCodeAndRoom, selectCode, useCode, insertJoin, insertVisit, insertPendingUse, selectBlocks,
	lookModerated, selectModerated,
	insertEvents[0].text, insertEvents[1].text, insertEvents[2].text,
	selectPresence, insertPresence, endPresence, keepVisit, selectOpenSession, selectInside,
}

// tx is the transaction that operations run in.
type tx struct {
	transaction
	dialect  *dialect
	executed *atomic.Int64

	err     error          // of the operation's first statement that failed
	changed bool           // the operation has changed something
	spoilt  bool           // the last operation failed with something changed: nothing here may be committed
	events  []writtenEvent // by the operation

	// What was read in the transaction, as it is there by now: rooms by id, and codes.
	rooms map[string]meet.Room
	codes map[string]meet.RoomCode

	uses map[string]codeUses // of codes, not written yet

	changedRooms []string // rooms that changed, or their codes: for the cache to forget
	usersEnd     bool     // a user was disabled, whom other instances may have inside
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
func (t *tx) codesChanged(roomIDs ...string) {
	maps.DeleteFunc(t.codes, func(_ string, c meet.RoomCode) bool { return slices.Contains(roomIDs, c.RoomID) })
	t.changedRooms = append(t.changedRooms, roomIDs...)
}

// After a statement of an operation has failed, the later ones return its error
// and do nothing: some errors of a database end the transaction, and what ran
// after them would take effect outside of it. So cmp.Or can run several in turn.

// exec runs a statement without rows. doing is for the error.
func (t *tx) exec(doing, text string, args ...any) error { return t.execOr(nil, doing, text, args...) }

// execOr is exec, where explain may make another error of the statement's.
func (t *tx) execOr(explain func(error) error, doing, text string, args ...any) error {
	if t.beforeStatement(text); t.err == nil {
		t.executed.Add(1)
		t.changed = true
		t.err = t.transaction.exec(doing, text, explain, t.dialect.storable(args))
	}
	return t.err
}

// change runs a statement without rows and says how many rows it changed.
func (t *tx) change(text string, args ...any) (n int64, err error) {
	if t.beforeStatement(text); t.err == nil {
		t.executed.Add(1)
		n, t.err = t.affected(text, t.dialect.storable(args))
		t.changed = t.changed || n > 0
	}
	return n, t.err
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
	if t.beforeStatement(text); t.err != nil {
		return nil, t.err
	}
	t.executed.Add(1)
	rows, err := t.query(text, t.dialect.storable(args))
	all, t.err = scanAll(doing, rows, err, pointers)
	t.changed = t.changed || len(all) > 0 && !strings.HasPrefix(text, "SELECT")
	return all, t.err
}
