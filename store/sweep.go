package store

import (
	"cmp"
	"context"
	"errors"
	"math"
	"time"

	"roomkey/meet"
)

const (
	setExpired = `UPDATE rooms SET state = 'expired', ended_at = expires_at, updated_at = $1, cleared = 0 `

	expireRooms = setExpired + `
	WHERE id IN (SELECT id FROM rooms WHERE state = 'active' AND expires_at <= $1 ORDER BY expires_at LIMIT $2)
	RETURNING ` + roomColumns

	expireHolder = setExpired + `
	WHERE name = $2 AND state = 'active' AND expires_at <= $1 RETURNING ` + roomColumns

	selectUncleared = `SELECT id FROM rooms WHERE cleared = 0 AND state <> 'active' ORDER BY updated_at, id LIMIT $1`

	selectCleared = `SELECT cleared FROM rooms WHERE id = $1 AND state <> 'active'`

	selectDue = `SELECT
	CASE WHEN EXISTS (SELECT 1 FROM rooms WHERE state = 'active' AND expires_at <= $2) THEN 1 ELSE 0 END,
	CASE WHEN EXISTS (SELECT 1 FROM rooms WHERE cleared = 0 AND state <> 'active') THEN 1 ELSE 0 END,
	CASE WHEN EXISTS (SELECT 1 FROM pending_uses WHERE due <= $3) THEN 1 ELSE 0 END,
	CASE WHEN EXISTS (SELECT 1 FROM join_requests WHERE state <> 'approved' AND seen_at <= $4) THEN 1 ELSE 0 END,
	CASE WHEN EXISTS (SELECT 1 FROM joins WHERE overrides_end <= $2) THEN 1 ELSE 0 END,
	CASE WHEN EXISTS (SELECT 1 FROM (SELECT at FROM events ORDER BY id LIMIT 1) AS oldest WHERE at < $1)
		OR EXISTS (SELECT 1 FROM presences WHERE left_at < $1)
		OR EXISTS (SELECT 1 FROM sessions WHERE ended_at < $1)
		OR EXISTS (SELECT 1 FROM transcript WHERE at < $1)
		OR EXISTS (SELECT 1 ` + fromOldJoins + `)
		OR EXISTS (SELECT 1 FROM visits WHERE until <= $2)
		OR EXISTS (SELECT 1 FROM tokens WHERE expires_at < $1)
		OR EXISTS (SELECT 1 FROM users WHERE role_set = 0 AND disabled_at IS NULL AND last_seen_at < $1)
		OR EXISTS (SELECT 1 FROM webhook_deliveries WHERE done_at < $1)
		OR EXISTS (SELECT 1 FROM webhook_endpoints WHERE removed_at <= $2)
		OR EXISTS (SELECT 1 FROM oauth_clients WHERE expires_at <= $2)
		OR EXISTS (SELECT 1 FROM sign_in_grants WHERE expires_at <= $2)
		OR EXISTS (SELECT 1 FROM tokens WHERE grant_id <> '' AND expires_at <= $2)
		OR EXISTS (SELECT 1 FROM former_names WHERE released_at <= $5) THEN 1 ELSE 0 END,
	CASE WHEN EXISTS (SELECT 1 FROM presences WHERE left_at IS NULL) THEN 1 ELSE 0 END`

	setCleared = `UPDATE rooms SET cleared = $2 WHERE id = $1 AND state <> 'active'`
)

// Due implements [meet.SweepStore].
func (db *DB) Due(ctx context.Context, q meet.DueQuery) (meet.Due, error) {
	return readOne(ctx, db, "look for work of the sweeper", selectDue, func(d *meet.Due) []any {
		return []any{(*flag)(&d.Rooms), (*flag)(&d.Uncleared), (*flag)(&d.Uses), (*flag)(&d.Requests),
			(*flag)(&d.Overrides), (*flag)(&d.Old), (*flag)(&d.Inside)}
	}, q.Since.UnixMilli(), q.Now.UnixMilli(), q.UsesUntil.UnixMilli(), q.RequestsSeenUntil.UnixMilli(),
		q.NamesUntil.UnixMilli())
}

// ExpireRooms implements [meet.SweepStore].
func (db *DB) ExpireRooms(ctx context.Context, now time.Time, limit int,
	event func(meet.Room) *meet.Event) ([]meet.Room, error) {
	return db.expire(ctx, expireRooms, event, now.UnixMilli(), min(max(limit, 0), rowsAtOnce))
}

// ExpireHolder implements [meet.RoomStore].
func (db *DB) ExpireHolder(ctx context.Context, name string, now time.Time, event func(meet.Room) *meet.Event) error {
	_, err := db.expire(ctx, expireHolder, event, now.UnixMilli(), name)
	return err
}

func (db *DB) expire(ctx context.Context, text string, event func(meet.Room) *meet.Event,
	args ...any) ([]meet.Room, error) {
	return write(ctx, db.writer, func(t *tx) ([]meet.Room, error) {
		rooms, err := queryAll(t, "expire rooms", text, roomPointers, args...)
		for _, room := range rooms {
			t.roomChanged(room.ID)
			err = cmp.Or(err, t.event(event(room)))
		}
		return rooms, err
	})
}

// UnclearedRooms implements [meet.SweepStore]. It begins with those that ended first.
func (db *DB) UnclearedRooms(ctx context.Context, limit int) ([]string, error) {
	return list(ctx, db, "list uncleared rooms", selectUncleared, textPointers, max(limit, 0))
}

// SetCleared implements [meet.SweepStore]. Nothing happens for a room that does
// not exist. Its join requests go before the mark is set, so that a room with
// some left is looked at again.
func (db *DB) SetCleared(ctx context.Context, roomID string, cleared bool) (before bool, err error) {
	if cleared {
		err := db.forget(ctx, "join requests", selectRequestsOfRoom, deleteRequestsOfRoom, roomID, math.MaxInt)
		if err != nil {
			return false, err
		}
	}
	return write(ctx, db.writer, func(t *tx) (bool, error) {
		before, err := queryOne(t, "read mark of room", selectCleared, boolPointers, roomID)
		if err != nil && !errors.Is(err, meet.ErrNotFound) {
			return false, err
		}
		return before, t.exec("mark room", setCleared, roomID, bit(cleared))
	})
}
