package store

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"roomkey/meet"
)

const (
	useCode = `UPDATE codes SET uses = uses + $3, last_used_at = $2 WHERE code = $1`

	insertPendingUse = `INSERT INTO pending_uses (identity, code, room_id, due) VALUES ($1, $2, $3, $4)`

	selectPendingUse = `SELECT identity, room_id, code, ended FROM pending_uses WHERE identity = $1`

	selectPendingUses = `SELECT identity, room_id, code, ended FROM pending_uses WHERE due <= $1 ORDER BY due LIMIT $2`

	deletePendingUse = `DELETE FROM pending_uses WHERE identity = $1`

	endPendingUse = `UPDATE pending_uses SET ended = 1, due = $2 WHERE identity = $1`

	endJoinOfUse = `UPDATE joins SET returned = 1 WHERE identity = $1`

	returnUse = `UPDATE codes SET uses = uses - 1 WHERE code = $1 AND uses > 0`
)

// codeUses are uses of a code in a transaction.
type codeUses struct {
	n    int
	last time.Time
}

// countUse counts a use of a code that was read in the transaction. Many of the
// operations that share a commit use the same code: their uses are written together,
// and until then the code is remembered as it will be.
func (t *tx) countUse(code meet.RoomCode, at time.Time) {
	at = time.UnixMilli(at.UnixMilli()).UTC() // as it is kept
	t.uses[code.Code] = codeUses{n: t.uses[code.Code].n + 1, last: at}
	code.Uses++
	code.LastUsedAt = at
	t.codes[code.Code] = code
	t.changed = true
	t.changedRooms = append(t.changedRooms, code.RoomID)
}

// beforeStatement writes the uses that were counted, if the statement is one about
// codes. It fails as the statement would.
func (t *tx) beforeStatement(text string) {
	if t.err == nil && strings.Contains(text, "codes") {
		t.err = t.writeUses()
	}
}

// writeUses writes the uses that were counted. That is no change by the operation
// before whose statement it is done: one that is then refused has changed nothing.
func (t *tx) writeUses() (err error) {
	for code, u := range t.uses {
		t.executed.Add(1)
		err = t.transaction.exec("count uses of code", useCode, nil, []any{code, u.last.UnixMilli(), u.n})
		if err != nil {
			return err
		}
	}
	clear(t.uses)
	return nil
}

// insertPendingUse records a use that counts for good when the person is inside.
func (t *tx) insertPendingUse(admission meet.Admission, code meet.RoomCode, due time.Time) error {
	if code.Code == "" || code.MaxUses == 0 {
		return nil
	}
	return t.exec("record pending use", insertPendingUse, admission.Identity, code.Code, admission.RoomID, due.UnixMilli())
}

// KeepUse implements [meet.CodeStore]. It is called again and again for everybody
// inside, and writes only if there is something to write.
func (db *DB) KeepUse(ctx context.Context, identity string) error {
	_, err := readOne(ctx, db, "read pending use", selectPendingUse, pendingUsePointers, identity)
	if errors.Is(err, meet.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return db.change(ctx, func(t *tx) error { return t.exec("keep use", deletePendingUse, identity) })
}

// EndPending implements [meet.CodeStore].
func (db *DB) EndPending(ctx context.Context, identity string, at time.Time) error {
	found, err := write(ctx, db.writer, func(t *tx) (pending bool, err error) {
		use, err := queryOne(t, "read pending use", selectPendingUse, pendingUsePointers, identity)
		if err != nil || use.Ended {
			return err == nil, err
		}
		admission, err := t.admission(identity)
		if errors.Is(err, meet.ErrNotFound) || err == nil && !admission.RevokedAt.IsZero() {
			return false, t.exec("keep use", deletePendingUse, identity)
		}
		if err != nil {
			return false, err
		}
		return true, cmp.Or(t.exec("end join", endJoinOfUse, identity),
			t.exec("end pending use", endPendingUse, identity, at.UnixMilli()))
	})
	if err == nil && !found {
		return meet.ErrNotFound
	}
	return err
}

// ReturnUse implements [meet.CodeStore].
func (db *DB) ReturnUse(ctx context.Context, identity string, e *meet.Event) error {
	return db.change(ctx, func(t *tx) error {
		use, err := queryOne(t, "read pending use", selectPendingUse, pendingUsePointers, identity)
		if err != nil {
			return err
		}
		if !use.Ended {
			return meet.ErrNotFound
		}
		t.codesChanged(use.RoomID)
		return cmp.Or(t.exec("return use", returnUse, use.Code),
			t.exec("delete pending use", deletePendingUse, identity), t.event(e))
	})
}

// PendingUses implements [meet.CodeStore].
func (db *DB) PendingUses(ctx context.Context, due time.Time, limit int) ([]meet.PendingUse, error) {
	return list(ctx, db, "list pending uses", selectPendingUses, pendingUsePointers, due.UnixMilli(), max(limit, 0))
}

func pendingUsePointers(u *meet.PendingUse) []any {
	return []any{&u.Identity, &u.RoomID, &u.Code, (*flag)(&u.Ended)}
}
