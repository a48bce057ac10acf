package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"roomkey/meet"
)

const (
	webhookEndpointColumns = `webhook_endpoints.id, webhook_endpoints.url, webhook_endpoints.secret,
	webhook_endpoints.kinds, webhook_endpoints.configured, webhook_endpoints.created_at,
	(SELECT COUNT(*) FROM webhook_queues WHERE webhook_queues.endpoint_id = webhook_endpoints.id),
	(SELECT MIN(since) FROM webhook_queues WHERE webhook_queues.endpoint_id = webhook_endpoints.id),
	(SELECT MIN(next_at) FROM webhook_queues WHERE webhook_queues.endpoint_id = webhook_endpoints.id)`

	selectWebhookEndpoints = `SELECT ` + webhookEndpointColumns + `
	FROM webhook_endpoints WHERE removed_at IS NULL ORDER BY created_at, id`

	insertWebhookEndpoint = `INSERT INTO webhook_endpoints (id, url, secret, kinds, configured, created_at, last_event)
	VALUES ($1, $2, $3, $4, $5, $6, (SELECT COALESCE(MAX(id), 0) FROM events))`

	updateWebhookEndpoint = `UPDATE webhook_endpoints SET secret = $2, kinds = $3 WHERE id = $1`

	removeWebhookEndpoint = `UPDATE webhook_endpoints SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL`

	// Those for which there are events to look at.
	selectWebhooksBehind = `SELECT id FROM webhook_endpoints
	WHERE removed_at IS NULL
		AND EXISTS (SELECT 1 FROM events WHERE events.id > webhook_endpoints.last_event` + rowByRow + `)
	ORDER BY created_at, id`

	selectWebhookCursor = `SELECT last_event, kinds FROM webhook_endpoints WHERE id = $1 AND removed_at IS NULL`

	selectNextEvents = `SELECT COUNT(*), COALESCE(MAX(id), 0)
	FROM (SELECT id FROM events WHERE id > $1 ORDER BY id LIMIT $2) AS found`

	moveWebhookCursor = `UPDATE webhook_endpoints SET last_event = $2 WHERE id = $1`

	// Of events after $2 up to $3, $5 are the kinds. Deliveries that are there are made
	// pending again, or with $7 only those that failed.
	takeWebhookEvents = `INSERT INTO webhook_deliveries
		(endpoint_id, event_id, room_id, state, taken_at, attempts, status, problem)
	SELECT CAST($1 AS TEXT), events.id, events.room_id, 'pending', CAST($4 AS BIGINT), 0, 0, '' FROM events
	WHERE events.id > $2 AND events.id <= $3 AND events.at >= $6
		AND (CAST($5 AS TEXT) = '' OR $5 LIKE '%,' || events.kind || ',%')
		AND (CAST($7 AS BIGINT) = 0 OR EXISTS (SELECT 1 FROM webhook_deliveries AS failed
			WHERE failed.endpoint_id = $1 AND failed.event_id = events.id AND failed.state = 'failed'))
	ON CONFLICT (endpoint_id, event_id) DO UPDATE
	SET state = 'pending', taken_at = excluded.taken_at, attempts = 0, status = 0, problem = '', done_at = NULL
	WHERE webhook_deliveries.state <> 'pending'`

	// A room that is in the queue stays there with the delivery whose turn it is.
	queueWebhooks = `INSERT INTO webhook_queues (endpoint_id, room_id, event_id, since, next_at)
	SELECT endpoint_id, room_id, MIN(event_id), CAST($4 AS BIGINT), CAST($4 AS BIGINT) FROM webhook_deliveries
	WHERE endpoint_id = $1 AND event_id > $2 AND event_id <= $3 AND state = 'pending'
	GROUP BY endpoint_id, room_id
	ON CONFLICT (endpoint_id, room_id) DO NOTHING`

	selectDueWebhooks = `SELECT webhook_queues.endpoint_id, webhook_queues.event_id, webhook_queues.room_id,
		webhook_deliveries.taken_at, webhook_deliveries.attempts
	FROM webhook_queues JOIN webhook_deliveries ON webhook_deliveries.endpoint_id = webhook_queues.endpoint_id
		AND webhook_deliveries.event_id = webhook_queues.event_id
	WHERE webhook_queues.endpoint_id = $1 AND webhook_queues.next_at <= $2
	ORDER BY webhook_queues.next_at, webhook_queues.event_id LIMIT $3`

	selectEventByID = `SELECT ` + eventColumns + ` FROM events WHERE id = $1`

	finishWebhook = `UPDATE webhook_deliveries
	SET state = $3, attempts = attempts + 1, status = $4, problem = $5, done_at = $6
	WHERE endpoint_id = $1 AND event_id = $2 AND state = 'pending'`

	postponeWebhook = `UPDATE webhook_queues SET next_at = $4 WHERE endpoint_id = $1 AND room_id = $2 AND event_id = $3`

	selectNextWebhook = `SELECT event_id, taken_at FROM webhook_deliveries
	WHERE endpoint_id = $1 AND room_id = $2 AND state = 'pending' ORDER BY event_id LIMIT 1`

	turnWebhookQueue = `UPDATE webhook_queues SET event_id = $3, since = $4, next_at = $5
	WHERE endpoint_id = $1 AND room_id = $2`

	leaveWebhookQueue = `DELETE FROM webhook_queues WHERE endpoint_id = $1 AND room_id = $2`
)

func webhookEndpointPointers(e *meet.WebhookEndpoint) []any {
	return []any{&e.ID, &e.URL, &e.Secret, (*kindList)(&e.Kinds), (*flag)(&e.Configured), (*moment)(&e.CreatedAt),
		(*count)(&e.Rooms), (*moment)(&e.Since), (*moment)(&e.NextAt)}
}

func webhookDeliveryPointers(d *meet.WebhookDelivery) []any {
	return []any{&d.EndpointID, &d.EventID, &d.RoomID, (*moment)(&d.TakenAt), (*count)(&d.Attempts)}
}

// ConfigureWebhooks implements [meet.WebhookStore].
func (db *DB) ConfigureWebhooks(ctx context.Context, endpoints []meet.WebhookEndpoint, now time.Time) error {
	byCommand := func(e meet.WebhookEndpoint) bool { return !e.Configured }
	before, err := db.WebhookEndpoints(ctx)
	if err != nil || len(endpoints)+len(slices.DeleteFunc(before, byCommand)) == 0 {
		return err // nothing has to be written
	}
	return db.change(ctx, func(t *tx) error {
		before, err := queryAll(t, "list webhook endpoints", selectWebhookEndpoints, webhookEndpointPointers)
		if err != nil {
			return err
		}
		before = slices.DeleteFunc(before, byCommand)
		for _, e := range endpoints {
			same := func(old meet.WebhookEndpoint) bool { return old.URL == e.URL }
			if i := slices.IndexFunc(before, same); i >= 0 {
				err = t.exec("change webhook endpoint", updateWebhookEndpoint, before[i].ID, e.Secret, kindsText(e.Kinds))
				before = slices.Delete(before, i, i+1)
			} else {
				err = t.exec("add webhook endpoint", insertWebhookEndpoint, e.ID, e.URL, e.Secret, kindsText(e.Kinds), 1,
					now.UnixMilli())
			}
			if err != nil {
				return err
			}
		}
		for _, e := range before {
			err = cmp.Or(err, t.exec("remove webhook endpoint", removeWebhookEndpoint, e.ID, now.UnixMilli()))
		}
		return err
	})
}

// WebhookEndpoints implements [meet.WebhookStore].
func (db *DB) WebhookEndpoints(ctx context.Context) ([]meet.WebhookEndpoint, error) {
	return list(ctx, db, "list webhook endpoints", selectWebhookEndpoints, webhookEndpointPointers)
}

// TakeWebhookEvents implements [meet.WebhookStore]. The ids of events grow in the order
// of their commits, so none comes to light behind the last one that was looked at.
func (db *DB) TakeWebhookEvents(ctx context.Context, now time.Time, limit int) (more bool, err error) {
	behind, err := list(ctx, db, "look for events to deliver", selectWebhooksBehind, textPointers)
	for _, id := range behind {
		n, err := write(ctx, db.writer, func(t *tx) (int, error) { return t.takeWebhookEvents(id, now, limit) })
		if err != nil {
			return false, err
		}
		more = more || n == limit
	}
	return more, err
}

// takeWebhookEvents says how many events were looked at for an endpoint.
func (t *tx) takeWebhookEvents(id string, now time.Time, limit int) (int, error) {
	type cursor struct {
		last  int64
		kinds string
	}
	from, err := queryOne(t, "read cursor of webhooks", selectWebhookCursor,
		func(c *cursor) []any { return []any{&c.last, &c.kinds} }, id)
	if errors.Is(err, meet.ErrNotFound) {
		return 0, nil // it was removed
	}
	type span struct {
		events int
		last   int64
	}
	next, err := queryOne(t, "look for events to deliver", selectNextEvents,
		func(s *span) []any { return []any{(*count)(&s.events), &s.last} }, from.last, limit)
	if err != nil || next.events == 0 {
		return 0, err
	}
	at := now.UnixMilli()
	return next.events, cmp.Or(
		t.exec("take events", takeWebhookEvents, id, from.last, next.last, at, from.kinds, 0, 0),
		t.exec("queue webhooks", queueWebhooks, id, from.last, next.last, at),
		t.exec("move cursor of webhooks", moveWebhookCursor, id, next.last))
}

// DueWebhooks implements [meet.WebhookStore].
func (db *DB) DueWebhooks(ctx context.Context, endpointID string, now time.Time, limit int) (
	[]meet.WebhookDelivery, error,
) {
	due, err := list(ctx, db, "look for webhooks that are due", selectDueWebhooks, webhookDeliveryPointers,
		endpointID, now.UnixMilli(), max(limit, 0))
	for i := range due {
		event, err := readOne(ctx, db, "read event", selectEventByID, eventPointers, due[i].EventID)
		if err != nil && !errors.Is(err, meet.ErrNotFound) {
			return nil, err
		}
		due[i].Event = event
	}
	return due, err
}

// FinishWebhook implements [meet.WebhookStore].
func (db *DB) FinishWebhook(ctx context.Context, a meet.WebhookAttempt) error {
	return db.change(ctx, func(t *tx) error {
		var doneAt time.Time
		if a.State != meet.WebhookPending {
			doneAt = a.At
		}
		n, err := t.change(finishWebhook, a.EndpointID, a.EventID, string(a.State), a.Status, a.Problem, optional(doneAt))
		switch {
		case err != nil || n == 0:
			return wrap("finish webhook", err)
		case a.State == meet.WebhookPending:
			return t.exec("postpone webhook", postponeWebhook, a.EndpointID, a.RoomID, a.EventID, a.NextAt.UnixMilli())
		}
		next, err := queryOne(t, "look for the next webhook", selectNextWebhook, func(d *meet.WebhookDelivery) []any {
			return []any{&d.EventID, (*moment)(&d.TakenAt)}
		}, a.EndpointID, a.RoomID)
		if errors.Is(err, meet.ErrNotFound) {
			return t.exec("leave the queue of webhooks", leaveWebhookQueue, a.EndpointID, a.RoomID)
		}
		return cmp.Or(err, t.exec("give the next webhook its turn", turnWebhookQueue, a.EndpointID, a.RoomID,
			next.EventID, next.TakenAt.UnixMilli(), a.At.UnixMilli()))
	})
}

// kindList is kept with a comma around each, so that LIKE finds one.
type kindList []meet.EventKind

func kindsText(kinds []meet.EventKind) string {
	var text strings.Builder
	for _, kind := range kinds {
		text.WriteString("," + string(kind))
	}
	if text.Len() > 0 {
		text.WriteByte(',')
	}
	return text.String()
}

// Scan implements [sql.Scanner].
func (l *kindList) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("column holds %T, not a text", value)
	}
	*l = nil
	for _, kind := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		*l = append(*l, meet.EventKind(kind))
	}
	return nil
}
