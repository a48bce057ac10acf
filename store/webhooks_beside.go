package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"roomkey/meet"
)

const (
	countWebhookEndpoints = `SELECT COUNT(*) FROM webhook_endpoints WHERE removed_at IS NULL`

	selectWebhookEndpoint = `SELECT ` + webhookEndpointColumns + `
	FROM webhook_endpoints WHERE id = $1 AND removed_at IS NULL`

	selectFirstSince  = `SELECT COALESCE(MIN(id), 0) FROM events WHERE id >= $1 AND at >= $2`
	selectFirstFailed = `SELECT COALESCE(MIN(event_id), 0) FROM webhook_deliveries
	WHERE endpoint_id = $1 AND state = 'failed'`

	// Until the cursor: the server takes what is after it.
	selectEventsToReplay = `SELECT COUNT(*), COALESCE(MAX(id), 0) FROM (SELECT id FROM events
	WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) AS found`

	countPendingWebhooks = `SELECT COUNT(*) FROM webhook_deliveries
	WHERE endpoint_id = $1 AND event_id > $2 AND event_id <= $3 AND state = 'pending'`
)

// Webhooks are the endpoints of webhooks and what is sent to them, opened by a
// command beside the roomkey that may be running on the same database.
type Webhooks struct{ *beside }

// OpenWebhooks opens the SQLite file at path. ErrNoDatabase, ErrOlderSchema,
// ErrNewerSchema. The caller closes what it gives.
func OpenWebhooks(ctx context.Context, path string) (*Webhooks, error) {
	b, err := openBesideFile(ctx, path)
	return &Webhooks{b}, err
}

// OpenWebhooksURL is OpenWebhooks for a PostgreSQL database.
func OpenWebhooksURL(ctx context.Context, url string) (*Webhooks, error) {
	b, err := openBesideURL(ctx, url)
	return &Webhooks{b}, err
}

// Add adds an endpoint, which is told what happens from now on. meet.ErrLimitReached
// if there are most already.
func (w *Webhooks) Add(ctx context.Context, e meet.WebhookEndpoint, most int) error {
	return w.transact(ctx, "add webhook endpoint", func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, countWebhookEndpoints).Scan(&n); err != nil {
			return err
		}
		if n >= most {
			return meet.ErrLimitReached
		}
		_, err := tx.ExecContext(ctx, insertWebhookEndpoint, e.ID, e.URL, e.Secret, kindsText(e.Kinds), bit(e.Configured),
			e.CreatedAt.UnixMilli())
		return err
	})
}

// List gives the endpoints, oldest first.
func (w *Webhooks) List(ctx context.Context) ([]meet.WebhookEndpoint, error) {
	rows, err := w.db.QueryContext(ctx, selectWebhookEndpoints) //nolint:rowserrcheck // scanAll does
	return scanAll("list webhook endpoints", rows, err, webhookEndpointPointers)
}

// Endpoint finds an endpoint by its id. meet.ErrNotFound.
func (w *Webhooks) Endpoint(ctx context.Context, id string) (meet.WebhookEndpoint, error) {
	return scanOne("read webhook endpoint", w.db.QueryRowContext(ctx, selectWebhookEndpoint, id), webhookEndpointPointers)
}

// Remove has nothing sent to an endpoint any more. What is left of it is deleted by
// the roomkey that runs, or by the next one. meet.ErrNotFound.
func (w *Webhooks) Remove(ctx context.Context, id string, now time.Time) error {
	return w.transact(ctx, "remove webhook endpoint", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, removeWebhookEndpoint, id, now.UnixMilli())
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, meet.ErrNotFound)
		}
		return nil
	})
}

// Deliveries lists deliveries, newest events first.
func (w *Webhooks) Deliveries(ctx context.Context, q meet.DeliveryQuery) ([]meet.DeliveryRecord, error) {
	//nolint:rowserrcheck // scanAll does
	rows, err := w.db.QueryContext(ctx, selectDeliveries, deliveryArgs(q)...)
	return scanAll("list webhooks", rows, err, deliveryPointers)
}

// Replay says which events an endpoint is told again, or for the first time.
type Replay struct {
	EventID int64     // this one; 0 is all that follow
	Since   time.Time // only events that are not older
	Failed  bool      // only those that were given up
}

// Replay makes deliveries pending, and says how many of those that were named are; what
// was pending before stays as it is. It works in transactions of a bounded size, so that
// no other write waits long. meet.ErrNotFound where there is no such endpoint.
func (w *Webhooks) Replay(ctx context.Context, endpointID string, r Replay, now time.Time) (pending int, err error) {
	if _, err := w.Endpoint(ctx, endpointID); err != nil {
		return 0, err
	}
	first, err := w.firstToReplay(ctx, endpointID, r)
	if err != nil || first == 0 {
		return 0, err
	}
	for after := first - 1; ; {
		n, last := 0, int64(0)
		err := w.transact(ctx, "replay webhooks", func(tx *sql.Tx) (err error) {
			n, last, err = w.replay(ctx, tx, endpointID, r, after, now)
			return err
		})
		if err != nil {
			return pending, err
		}
		if pending += n; last == 0 || r.EventID > 0 {
			return pending, nil
		}
		after = last
	}
}

// firstToReplay gives the event to begin with; 0 where there is none.
func (w *Webhooks) firstToReplay(ctx context.Context, endpointID string, r Replay) (first int64, err error) {
	switch {
	case r.EventID > 0:
		return r.EventID, nil
	case r.Failed:
		err = w.db.QueryRowContext(ctx, selectFirstFailed, endpointID).Scan(&first)
	default:
		read := func(text string, args ...any) (n int64, err error) {
			err = w.db.QueryRowContext(ctx, text, args...).Scan(&n)
			return n, err
		}
		if first, err = searchEvents(r.Since.Add(-eventLateness), read); err == nil {
			first, err = read(selectFirstSince, first, r.Since.UnixMilli())
		}
	}
	return first, wrap("look for the first event to replay", err)
}

// replay does a part. It gives the last event that was looked at; 0 is the end.
func (w *Webhooks) replay(ctx context.Context, tx *sql.Tx, id string, r Replay, after int64, now time.Time) (
	pending int, last int64, err error,
) {
	until, limit := int64(math.MaxInt64), rowsAtOnce
	if r.EventID > 0 {
		until, limit = r.EventID, 1
	}
	var cursor, events int64
	var kinds string
	if err := tx.QueryRowContext(ctx, selectWebhookCursor, id).Scan(&cursor, &kinds); err != nil {
		return 0, 0, wrap("read cursor of webhooks", err)
	}
	err = tx.QueryRowContext(ctx, selectEventsToReplay, after, min(until, cursor), limit).Scan(&events, &last)
	if err != nil || events == 0 {
		return 0, 0, err
	}
	since, failed := int64(math.MinInt64), bit(r.Failed)
	if !r.Since.IsZero() {
		since = r.Since.UnixMilli()
	}
	if r.EventID > 0 {
		kinds = "" // it was asked for by name
	}
	_, err = tx.ExecContext(ctx, takeWebhookEvents, id, after, last, now.UnixMilli(), kinds, since, failed)
	if err == nil {
		_, err = tx.ExecContext(ctx, queueWebhooks, id, after, last, now.UnixMilli())
	}
	if err == nil {
		err = tx.QueryRowContext(ctx, countPendingWebhooks, id, after, last).Scan(&pending)
	}
	return pending, last, err
}
