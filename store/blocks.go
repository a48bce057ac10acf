package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"roomkey/meet"
)

const (
	blockColumns = `room_id, identity, subject, user_id, code, name, reason, blocked_by, created_at, label, verified`

	selectBlocks = `SELECT ` + blockColumns + ` FROM blocks WHERE room_id = $1`

	insertBlock = `INSERT INTO blocks (` + blockColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
	ON CONFLICT (room_id, identity) DO UPDATE SET subject = excluded.subject, user_id = excluded.user_id, code = excluded.code,
		name = excluded.name, reason = excluded.reason, blocked_by = excluded.blocked_by, created_at = excluded.created_at,
		label = excluded.label, verified = excluded.verified`

	deleteBlock = `DELETE FROM blocks WHERE room_id = $1 AND identity = $2 RETURNING identity`

	revokeJoin = `UPDATE joins SET revoked_at = $2 WHERE identity = $1`

	// One row ends all the admissions by a code until now, and the approvals
	// that were used with it: what reads those looks for this row.
	revokeCode = `INSERT INTO revocations (came_by, generation, revoked_by, revoked_at)
	SELECT code, (SELECT COALESCE(MAX(generation) + 1, 0) FROM revocations WHERE came_by = $1), $3, $4
	FROM codes WHERE code = $1 AND room_id = $2`

	revokeRequest = `INSERT INTO revocations (came_by, generation, revoked_by, revoked_at) VALUES ($1, 0, $2, $3)
	ON CONFLICT (came_by, generation) DO NOTHING`

	// An approval is for those who have not been put out since.
	takeApproval = `UPDATE join_requests SET state = 'refused', answered_by = $2, answered_at = $3 WHERE id = $1 AND state = 'approved'`

	lockJoin = `UPDATE joins SET locked = $2 WHERE identity = $1`

	// All that is locked for the person of a join, who may have joined before.
	selectLockedWith = `SELECT other.identity, other.locked FROM joins JOIN joins AS other ON other.room_id = joins.room_id
		AND (other.identity = joins.identity OR other.person = joins.person AND joins.person <> '')
	WHERE joins.identity = $1 AND joins.room_id = $2 AND other.locked <> ''`

	selectLocked = `SELECT identity, locked FROM joins WHERE room_id = $1 AND locked <> '' ORDER BY created_at, identity`
)

// RevokeAdmissions implements [meet.Store].
func (db *DB) RevokeAdmissions(ctx context.Context, r meet.Revocation, e *meet.Event) error {
	_, err := write(ctx, db.writer, func(t *tx) (none struct{}, err error) {
		if err := t.revokeAll(r); err != nil {
			return none, err
		}
		return none, t.event(e)
	})
	return err
}

func (t *tx) revokeAll(r meet.Revocation) error {
	for _, identity := range r.Identities {
		if err := t.revoke(identity, r); err != nil {
			return err
		}
	}
	if r.Code != "" {
		if err := t.exec(revokeCode, r.Code, r.RoomID, r.By, r.At.UnixMilli()); err != nil {
			return failed("revoke joins by code", err)
		}
	}
	b := r.Block
	if b == nil {
		return nil
	}
	t.blocksChanged(b.RoomID)
	err := t.exec(insertBlock, b.RoomID, b.Identity, b.Subject, b.UserID, b.Code, b.Name, b.Reason, b.BlockedBy,
		b.CreatedAt.UnixMilli(),
		b.Label, bit(b.Verified))
	return failed("insert block", err)
}

// revoke ends one admission, the approval behind it and the other admissions by
// that approval. Who was let into another room, or is out already, is passed over.
func (t *tx) revoke(identity string, r meet.Revocation) error {
	join, err := scanOne(t.row(selectJoin, identity), joinPointers)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return failed("read join", err)
	case join.RoomID != r.RoomID || !join.RevokedAt.IsZero():
		return nil
	}
	if err := t.exec(revokeJoin, identity, r.At.UnixMilli()); err != nil || join.RequestID == "" {
		return failed("revoke join", err)
	}
	if err := t.exec(takeApproval, join.RequestID, r.By, r.At.UnixMilli()); err != nil {
		return failed("take approval back", err)
	}
	return failed("revoke joins by the same approval", t.exec(revokeRequest, join.RequestID, r.By, r.At.UnixMilli()))
}

// Blocks implements [meet.Store].
func (db *DB) Blocks(ctx context.Context, roomID string) ([]meet.Block, error) {
	ctx, err := briefly(ctx)
	if err != nil {
		return nil, err
	}
	if blocks, ok := db.cache.blocksOf(roomID); ok {
		return slices.Clone(blocks), nil
	}
	seen := db.cache.seen()
	rows, err := db.hot.blocks.QueryContext(ctx, roomID)
	blocks, err := scanAll(rows, err, blockPointers)
	slices.SortFunc(blocks, func(a, b meet.Block) int { // not by the database: every join reads them
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.Identity, b.Identity))
	})
	if err == nil {
		db.cache.putBlocks(seen, roomID, blocks)
	}
	return blocks, failed("list blocks", err)
}

// Unblock implements [meet.Store].
func (db *DB) Unblock(ctx context.Context, roomID, identity string, e *meet.Event) error {
	_, err := write(ctx, db.writer, func(t *tx) (none struct{}, err error) {
		t.blocksChanged(roomID)
		if err := t.row(deleteBlock, roomID, identity).Scan(&identity); err != nil {
			return none, failed("delete block", err)
		}
		return none, t.event(e)
	})
	return err
}

func (t *tx) blocks(roomID string) ([]meet.Block, error) {
	rows, err := t.rows(selectBlocks, roomID)
	blocks, err := scanAll(rows, err, blockPointers)
	return blocks, failed("read blocks", err)
}

func blockPointers(b *meet.Block) []any {
	return []any{&b.RoomID, &b.Identity, &b.Subject, &b.UserID, &b.Code, &b.Name, &b.Reason, &b.BlockedBy,
		(*moment)(&b.CreatedAt),
		&b.Label, (*flag)(&b.Verified)}
}

// LockAdmissions implements [meet.Store]. Identities of nobody in the room are passed
// over. What is given back is given back to the person, whose other joins are
// changed with it: it must not be locked again when they join anew.
func (db *DB) LockAdmissions(ctx context.Context, roomID string, identities []string, source meet.Source, locked bool, e *meet.Event) ([]string, error) {
	return write(ctx, db.writer, func(t *tx) ([]string, error) {
		change := t.unlockPerson
		if locked {
			change = t.lockJoin
		}
		changed := []string{}
		for _, identity := range identities {
			who, err := change(roomID, identity, source)
			if err != nil {
				return nil, err
			}
			changed = append(changed, who...)
		}
		if len(changed) == 0 {
			return changed, nil
		}
		return changed, t.event(e)
	})
}

// lockJoin gives the identity if that was any change.
func (t *tx) lockJoin(roomID, identity string, source meet.Source) ([]string, error) {
	join, err := scanOne(t.row(selectJoin, identity), joinPointers)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, failed("read join", err)
	case join.RoomID != roomID || slices.Contains(join.Locked, source):
		return nil, nil
	}
	if slices.Contains(join.Unlocked, source) { // or it would be given back again with that of all
		if err := t.setUnlocked(join, source, false); err != nil {
			return nil, err
		}
	}
	err = t.exec(lockJoin, identity, sourcesText(append(join.Locked, source)))
	return []string{identity}, failed("lock join", err)
}

// unlockPerson gives the identities of the person that it changed.
func (t *tx) unlockPerson(roomID, identity string, source meet.Source) (changed []string, err error) {
	rows, err := t.rows(selectLockedWith, identity, roomID)
	found, err := scanAll(rows, err, lockedPointers)
	if err != nil {
		return nil, failed("read locks", err)
	}
	for _, join := range found {
		if !slices.Contains(join.Locked, source) {
			continue
		}
		left := slices.DeleteFunc(join.Locked, func(s meet.Source) bool { return s == source })
		if err := t.exec(lockJoin, join.Identity, sourcesText(left)); err != nil {
			return nil, failed("unlock join", err)
		}
		changed = append(changed, join.Identity)
	}
	return t.exceptFromAll(roomID, identity, source, changed)
}

// LockedIn implements [meet.Store]. Who was let in first comes first.
func (db *DB) LockedIn(ctx context.Context, roomID string, source meet.Source) ([]string, error) {
	found, err := list(ctx, db, selectLocked, []any{roomID}, lockedPointers)
	identities := []string{}
	for _, join := range found {
		if slices.Contains(join.Locked, source) {
			identities = append(identities, join.Identity)
		}
	}
	return identities, failed("list locks", err)
}

func lockedPointers(j *meet.Admission) []any { return []any{&j.Identity, (*sources)(&j.Locked)} }
