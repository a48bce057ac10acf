package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"roomkey/meet"
)

const (
	insertPendingUse = `INSERT INTO pending_uses (identity, code, room_id, due) VALUES ($1, $2, $3, $4)`

	selectPendingUse = `SELECT identity, room_id, code, ended FROM pending_uses WHERE identity = $1`

	selectPendingUses = `SELECT identity, room_id, code, ended FROM pending_uses WHERE due <= $1 ORDER BY due LIMIT $2`

	deletePendingUse = `DELETE FROM pending_uses WHERE identity = $1`

	endPendingUse = `UPDATE pending_uses SET ended = 1, due = $2 WHERE identity = $1`

	endJoinOfUse = `UPDATE joins SET returned = 1 WHERE identity = $1`

	returnUse = `UPDATE codes SET uses = uses - 1 WHERE code = $1 AND uses > 0`
)

// pendUse notes that a use counts for good only when its bearer is inside.
func (t *tx) pendUse(join meet.Admission, code meet.RoomCode, due time.Time) error {
	if code.Code == "" || code.MaxUses == 0 {
		return nil
	}
	return failed("note pending use", t.exec(insertPendingUse, join.Identity, code.Code, join.RoomID, due.UnixMilli()))
}

// KeepUse implements [meet.Store]. It writes only where there is something to
// write: it is called again and again for everybody inside.
func (db *DB) KeepUse(ctx context.Context, identity string) error {
	ctx, err := briefly(ctx)
	if err != nil {
		return err
	}
	_, err = scanOne(db.reads.QueryRowContext(ctx, selectPendingUse, identity), pendingUsePointers)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return failed("read pending use", err)
	}
	_, err = write(ctx, db.writer, func(t *tx) (none struct{}, err error) {
		return none, failed("keep use", t.exec(deletePendingUse, identity))
	})
	return err
}

// EndPending implements [meet.Store].
func (db *DB) EndPending(ctx context.Context, identity string, at time.Time) error {
	found, err := write(ctx, db.writer, func(t *tx) (pending bool, err error) {
		use, err := scanOne(t.row(selectPendingUse, identity), pendingUsePointers)
		if err != nil || use.Ended {
			return err == nil, failed("read pending use", err)
		}
		join, err := scanOne(t.row(selectJoin, identity), joinPointers)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !join.RevokedAt.IsZero() {
			return false, failed("keep use", t.exec(deletePendingUse, identity))
		}
		if err != nil {
			return false, failed("read join", err)
		}
		if err := t.exec(endJoinOfUse, identity); err != nil {
			return false, failed("end join", err)
		}
		return true, failed("end pending use", t.exec(endPendingUse, identity, at.UnixMilli()))
	})
	if err == nil && !found {
		return meet.ErrNotFound
	}
	return err
}

// ReturnUse implements [meet.Store].
func (db *DB) ReturnUse(ctx context.Context, identity string, e *meet.Event) error {
	_, err := write(ctx, db.writer, func(t *tx) (none struct{}, err error) {
		use, err := scanOne(t.row(selectPendingUse, identity), pendingUsePointers)
		if err == nil && !use.Ended {
			err = sql.ErrNoRows
		}
		if err != nil {
			return none, failed("read pending use", err)
		}
		t.codeChanged(use.RoomID, use.Code)
		if err := t.exec(returnUse, use.Code); err != nil {
			return none, failed("return use", err)
		}
		if err := t.exec(deletePendingUse, identity); err != nil {
			return none, failed("delete pending use", err)
		}
		return none, t.event(e)
	})
	return err
}

// PendingUses implements [meet.Store].
func (db *DB) PendingUses(ctx context.Context, due time.Time, limit int) ([]meet.PendingUse, error) {
	uses, err := list(ctx, db, selectPendingUses, []any{due.UnixMilli(), max(limit, 0)}, pendingUsePointers)
	return uses, failed("list pending uses", err)
}

func pendingUsePointers(u *meet.PendingUse) []any {
	return []any{&u.Identity, &u.RoomID, &u.Code, (*flag)(&u.Ended)}
}
