package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"roomkey/meet"
)

const (
	expireRooms = `UPDATE rooms SET state = 'expired', ended_at = expires_at, updated_at = $1, cleared = 0
	WHERE id IN (SELECT id FROM rooms WHERE state = 'active' AND expires_at <= $1 ORDER BY expires_at LIMIT $2)
	RETURNING ` + roomColumns

	selectUncleared = `SELECT id FROM rooms WHERE cleared = 0 AND state <> 'active' ORDER BY updated_at, id LIMIT $1`

	selectCleared = `SELECT cleared FROM rooms WHERE id = $1 AND state <> 'active'`

	setCleared = `UPDATE rooms SET cleared = $2 WHERE id = $1 AND state <> 'active'`
)

// ExpireRooms implements [meet.Store]. A room counts as ended at its
// ExpiresAt, not at the moment the sweeper saw it.
func (db *DB) ExpireRooms(ctx context.Context, now time.Time, limit int, event func(meet.Room) *meet.Event) ([]meet.Room, error) {
	return write(ctx, db.writer, func(t *tx) ([]meet.Room, error) {
		rows, err := t.rows(expireRooms, now.UnixMilli(), max(limit, 0))
		rooms, err := scanAll(rows, err, roomPointers)
		if err != nil {
			return nil, failed("expire rooms", err)
		}
		for _, room := range rooms {
			t.roomChanged(room.ID)
			if err := t.event(event(room)); err != nil {
				return nil, err
			}
		}
		return rooms, nil
	})
}

// UnclearedRooms implements [meet.Store]. Those that closed first come first.
func (db *DB) UnclearedRooms(ctx context.Context, limit int) ([]string, error) {
	ids, err := list(ctx, db, selectUncleared, []any{max(limit, 0)}, textPointers)
	return ids, failed("list uncleared rooms", err)
}

// requestsAtOnce bounds how many join requests a transaction deletes.
const requestsAtOnce = 500

// SetCleared implements [meet.Store]. A room that is not there needs no
// clearing. Its join requests go before the mark is set, so that a room with some
// left is looked at again.
func (db *DB) SetCleared(ctx context.Context, roomID string, cleared bool) (before bool, err error) {
	for more := cleared; more; {
		if more, err = db.deleteRequests(ctx, roomID); err != nil {
			return false, err
		}
	}
	return write(ctx, db.writer, func(t *tx) (before bool, err error) {
		err = t.row(selectCleared, roomID).Scan((*flag)(&before))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return false, failed("read mark of room", err)
		}
		return before, failed("mark room", t.exec(setCleared, roomID, bit(cleared)))
	})
}

// deleteRequests deletes some join requests of a room that is over, and says
// whether there may be more.
func (db *DB) deleteRequests(ctx context.Context, roomID string) (more bool, err error) {
	found, err := list(ctx, db, selectRequestsOfRoom, []any{roomID, requestsAtOnce}, textPointers)
	if err != nil || len(found) == 0 {
		return false, failed("look for join requests", err)
	}
	_, err = write(ctx, db.writer, func(t *tx) (none struct{}, err error) {
		return none, failed("delete join requests", t.exec(deleteRequestsOfRoom, roomID, requestsAtOnce))
	})
	return len(found) == requestsAtOnce, err
}
