package store

import (
	"cmp"
	"context"
	"slices"

	"roomkey/meet"
)

const (
	blockColumns = `room_id, identity, subject, user_id, code, name, reason, blocked_by, created_at, label, verified`

	selectBlocks = `SELECT ` + blockColumns + ` FROM blocks WHERE room_id = $1`

	insertBlock = `INSERT INTO blocks (` + blockColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
	ON CONFLICT (room_id, identity) DO UPDATE SET subject = excluded.subject, user_id = excluded.user_id,
		code = excluded.code,
		name = excluded.name, reason = excluded.reason, blocked_by = excluded.blocked_by, created_at = excluded.created_at,
		label = excluded.label, verified = excluded.verified`

	deleteBlock = `DELETE FROM blocks WHERE room_id = $1 AND identity = $2 RETURNING identity`
)

// Blocks implements [meet.AdmissionStore].
func (db *DB) Blocks(ctx context.Context, roomID string) ([]meet.Block, error) {
	blocks, err := readAll(ctx, db, "list blocks", selectBlocks, blockPointers, roomID)
	slices.SortFunc(blocks, func(a, b meet.Block) int { // not by the database: every join reads them
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.Identity, b.Identity))
	})
	return blocks, err
}

func (t *tx) insertBlock(b meet.Block) error {
	t.roomChanged(b.RoomID)
	return t.exec("insert block", insertBlock, b.RoomID, b.Identity, b.Subject, b.UserID, b.Code, b.Name, b.Reason,
		b.BlockedBy, b.CreatedAt.UnixMilli(), b.Label, bit(b.Verified))
}

// Unblock implements [meet.AdmissionStore].
func (db *DB) Unblock(ctx context.Context, roomID, identity string, e *meet.Event) error {
	return db.change(ctx, func(t *tx) error {
		t.roomChanged(roomID)
		_, err := queryOne(t, "delete block", deleteBlock, textPointers, roomID, identity)
		return cmp.Or(err, t.event(e))
	})
}

func blockPointers(b *meet.Block) []any {
	return []any{&b.RoomID, &b.Identity, &b.Subject, &b.UserID, &b.Code, &b.Name, &b.Reason, &b.BlockedBy,
		(*moment)(&b.CreatedAt), &b.Label, (*flag)(&b.Verified)}
}
