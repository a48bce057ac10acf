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

	selectOldSessions = `SELECT id FROM sessions WHERE ended_at < $1 LIMIT $2`
	deleteOldSessions = `DELETE FROM sessions WHERE id IN (` + selectOldSessions + `)`

	// A lock, an exception from one and an override hold for the person's next joins
	// in the same opening. Somebody who was inside or removed since then may hold a token
	// that the media server has made anew: without the join it would count.
	selectOldJoins = `SELECT joins.identity ` + fromOldJoins + ` ORDER BY joins.created_at LIMIT $2`
	fromOldJoins   = `FROM joins JOIN rooms ON rooms.id = joins.room_id
	WHERE joins.created_at < $1
		AND (joins.locked = '' AND joins.unlocked = '' AND joins.overrides = ''
			OR joins.opening <> rooms.opening OR rooms.state <> 'active')
		AND (joins.revoked_at IS NULL OR joins.revoked_at < $1)
		AND NOT EXISTS (SELECT 1 FROM presences WHERE presences.identity = joins.identity
			AND (presences.left_at IS NULL OR presences.left_at >= $1))`
	deleteOldJoins = `DELETE FROM joins WHERE identity IN (` + selectOldJoins + `)`

	selectUnusedVisits = `SELECT room_id FROM visits WHERE until <= $1 LIMIT $2`
	deleteUnusedVisits = `DELETE FROM visits WHERE (subject, room_created_at, room_id) IN
		(SELECT subject, room_created_at, room_id FROM visits WHERE until <= $1 LIMIT $2)`

	selectOldWebhooks = `SELECT endpoint_id FROM webhook_deliveries WHERE done_at < $1 LIMIT $2`
	deleteOldWebhooks = `DELETE FROM webhook_deliveries WHERE (endpoint_id, event_id) IN
		(SELECT endpoint_id, event_id FROM webhook_deliveries WHERE done_at < $1 LIMIT $2)`

	// One after the other; the next sweep goes on with the next one.
	ofRemovedEndpoint = `WHERE endpoint_id =
		(SELECT id FROM webhook_endpoints WHERE removed_at <= $1 ORDER BY removed_at LIMIT 1) LIMIT $2`
	selectRemovedDeliveries = `SELECT endpoint_id FROM webhook_deliveries ` + ofRemovedEndpoint
	deleteRemovedDeliveries = `DELETE FROM webhook_deliveries WHERE (endpoint_id, event_id) IN
		(SELECT endpoint_id, event_id FROM webhook_deliveries ` + ofRemovedEndpoint + `)`
	selectRemovedQueues = `SELECT endpoint_id FROM webhook_queues ` + ofRemovedEndpoint
	deleteRemovedQueues = `DELETE FROM webhook_queues WHERE (endpoint_id, room_id) IN
		(SELECT endpoint_id, room_id FROM webhook_queues ` + ofRemovedEndpoint + `)`

	// Last those endpoints of which nothing is left.
	selectRemovedEndpoints = `SELECT id FROM webhook_endpoints WHERE removed_at <= $1
		AND NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE endpoint_id = webhook_endpoints.id)
		AND NOT EXISTS (SELECT 1 FROM webhook_queues WHERE endpoint_id = webhook_endpoints.id) LIMIT $2`
	deleteRemovedEndpoints = `DELETE FROM webhook_endpoints WHERE id IN (` + selectRemovedEndpoints + `)`
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
		{"sessions", selectOldSessions, deleteOldSessions, since},
		{"joins", selectOldJoins, deleteOldJoins, since},
		{"transcripts", selectOldTranscript, deleteOldTranscript, since},
		{"visits", selectUnusedVisits, deleteUnusedVisits, now},
		{"access tokens", selectOldTokens, deleteOldTokens, since},
		{"users", selectUnseenUsers, deleteUnseenUsers, since},
		{"webhooks", selectOldWebhooks, deleteOldWebhooks, since},
		{"webhooks of removed endpoints", selectRemovedDeliveries, deleteRemovedDeliveries, now},
		{"queues of removed endpoints", selectRemovedQueues, deleteRemovedQueues, now},
		{"webhook endpoints", selectRemovedEndpoints, deleteRemovedEndpoints, now},
		{"clients", selectExpiredClients, deleteExpiredClients, now},
		{"grants", selectExpiredGrants, deleteExpiredGrants, now},
		{"access tokens of grants", selectExpiredGrantTokens, deleteExpiredGrantTokens, now},
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
