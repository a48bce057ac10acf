package store

import (
	"context"
	"time"
)

const (
	// Ids grow with time, so the oldest are looked at and no more.
	selectOldEvents = `SELECT id FROM (SELECT id, at FROM events ORDER BY id LIMIT $2) AS oldest WHERE at < $1`
	deleteOldEvents = `DELETE FROM events WHERE id IN (` + selectOldEvents + `)`

	selectOldPresences = `SELECT sid FROM presences WHERE left_at < $1 LIMIT $2`
	deleteOldPresences = `DELETE FROM presences WHERE sid IN (` + selectOldPresences + `)`

	// A lock, and an exception from one, hold for the person's next joins in the
	// same session. Somebody who was inside or removed since then may hold a token
	// that the media server has made anew: without the join it would count.
	selectOldJoins = `SELECT joins.identity ` + fromOldJoins + ` ORDER BY joins.created_at LIMIT $2`
	fromOldJoins   = `FROM joins JOIN rooms ON rooms.id = joins.room_id
	WHERE joins.created_at < $1
		AND (joins.locked = '' AND joins.unlocked = '' OR joins.session <> rooms.session OR rooms.state <> 'active')
		AND (joins.revoked_at IS NULL OR joins.revoked_at < $1)
		AND NOT EXISTS (SELECT 1 FROM presences WHERE presences.identity = joins.identity
			AND (presences.left_at IS NULL OR presences.left_at >= $1))`
	deleteOldJoins = `DELETE FROM joins WHERE identity IN (` + selectOldJoins + `)`

	selectUnusedVisits = `SELECT room_id FROM visits WHERE until <= $1 LIMIT $2`
	deleteUnusedVisits = `DELETE FROM visits WHERE (subject, room_created_at, room_id) IN
		(SELECT subject, room_created_at, room_id FROM visits WHERE until <= $1 LIMIT $2)`
)

// rowsAtOnce bounds how many rows a transaction deletes, or otherwise changes
// without somebody having asked for them: other writes wait for it.
const rowsAtOnce = 250

// Forget implements [meet.EventStore].
func (db *DB) Forget(ctx context.Context, since, now time.Time, limit int) error {
	for _, old := range []struct {
		what, look, forget string
		until              time.Time
	}{
		{"events", selectOldEvents, deleteOldEvents, since},
		{"presences", selectOldPresences, deleteOldPresences, since},
		{"joins", selectOldJoins, deleteOldJoins, since},
		{"visits", selectUnusedVisits, deleteUnusedVisits, now},
		{"access tokens", selectOldTokens, deleteOldTokens, since},
	} {
		if err := db.forget(ctx, old.what, old.look, old.forget, old.until.UnixMilli(), limit); err != nil {
			return err
		}
	}
	return nil
}

// forget deletes at most limit rows that are old, in transactions of its own and of
// a bounded size. Usually there are none, and nothing is written.
func (db *DB) forget(ctx context.Context, what, look, forget string, key any, limit int) error {
	doing := "forget old " + what
	for limit > 0 {
		args := []any{key, min(limit, rowsAtOnce)}
		found, err := list(ctx, db, doing, look, textPointers, args...)
		if err == nil && len(found) > 0 {
			err = db.change(ctx, func(t *tx) error { return t.exec(doing, forget, args...) })
		}
		if err != nil || len(found) < rowsAtOnce {
			return err
		}
		limit -= len(found)
	}
	return ctx.Err()
}
