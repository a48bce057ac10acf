package store

import (
	"context"
	"math"

	"roomkey/meet"
)

const (
	selectDeliveries = `SELECT webhook_deliveries.endpoint_id, webhook_deliveries.event_id,
		webhook_deliveries.room_id, webhook_deliveries.taken_at, webhook_deliveries.attempts,
		webhook_deliveries.state, webhook_deliveries.status, webhook_deliveries.problem, webhook_deliveries.done_at,
		webhook_queues.next_at, COALESCE(events.action, ''), COALESCE(events.room_name, '')
	FROM webhook_deliveries LEFT JOIN events ON events.id = webhook_deliveries.event_id
		LEFT JOIN webhook_queues ON webhook_queues.endpoint_id = webhook_deliveries.endpoint_id
			AND webhook_queues.room_id = webhook_deliveries.room_id
			AND webhook_queues.event_id = webhook_deliveries.event_id
	WHERE webhook_deliveries.endpoint_id = $1 AND webhook_deliveries.event_id < $2
		AND (CAST($3 AS TEXT) = '' OR webhook_deliveries.state = $3)
	ORDER BY webhook_deliveries.event_id DESC LIMIT $4`
)

// deliveryArgs are the arguments of selectDeliveries.
func deliveryArgs(q meet.DeliveryQuery) []any {
	before := q.Before
	if before == 0 {
		before = math.MaxInt64
	}
	return []any{q.EndpointID, before, string(q.State), max(q.Limit, 0)}
}

func deliveryPointers(d *meet.DeliveryRecord) []any {
	return append(webhookDeliveryPointers(&d.WebhookDelivery), (*string)(&d.State), (*count)(&d.Status), &d.Problem,
		(*moment)(&d.DoneAt), (*moment)(&d.NextAt), (*string)(&d.Event.Action), &d.Event.RoomName)
}

// WebhookDeliveries implements [meet.WebhookStore].
func (db *DB) WebhookDeliveries(ctx context.Context, q meet.DeliveryQuery) ([]meet.DeliveryRecord, error) {
	return list(ctx, db, "list webhooks", selectDeliveries, deliveryPointers, deliveryArgs(q)...)
}
