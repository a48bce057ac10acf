package store

import (
	"cmp"
	"context"
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
