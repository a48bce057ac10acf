package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"roomkey/meet"
)

const (
	insertEvent = `INSERT INTO events (at, room_id, room_name, admin_id, actor, via, client, kind, action, target,
		outcome, details, request_id)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`

	eventColumns = `id, at, room_id, room_name, admin_id, actor, via, client, action, target, outcome, details, request_id`

	updateOutcome = `UPDATE events SET outcome = $2 WHERE id = $1`

	// An empty $3 is every kind, in selectEventsOfRoom an empty $4 every admin.
	selectEvents = `SELECT ` + eventColumns + ` FROM events
	WHERE id < $1 AND ($3 = '' OR kind = $3) ORDER BY id DESC LIMIT $2`
	selectEventsOfAdmin = `SELECT ` + eventColumns + ` FROM events
	WHERE admin_id = $4 AND id < $1 AND ($3 = '' OR kind = $3) ORDER BY id DESC LIMIT $2`
	selectEventsOfRoom = `SELECT ` + eventColumns + ` FROM events
	WHERE room_id = $5 AND id < $1 AND ($3 = '' OR kind = $3) AND ($4 = '' OR admin_id = $4) ORDER BY id DESC LIMIT $2`
)

// event writes an event, unless it is nil or has no action. It is given its id
// after the commit.
func (t *tx) event(e *meet.Event) error {
	if e == nil || e.Action == "" {
		return nil
	}
	details := "{}"
	if len(e.Details) > 0 {
		text, err := json.Marshal(e.Details)
		if err != nil {
			return fmt.Errorf("write details of event: %w", err)
		}
		details = string(text)
	}
	written := *e
	var err error
	written.ID, err = t.dialect.insert(t, insertEvent, e.At.UnixMilli(), e.RoomID, e.RoomName, e.AdminID, e.Actor,
		string(e.Caller.Via), e.Caller.Client, string(e.Action.Kind()), string(e.Action), e.Target, string(e.Outcome),
		details, e.RequestID)
	t.events = append(t.events, writtenEvent{written, e})
	return wrap("insert event", err)
}

// Subscribe implements [meet.EventStore].
func (db *DB) Subscribe(tell func(context.Context, meet.Event)) { db.writer.subscribe(tell) }

// AddEvent implements [meet.EventStore].
func (db *DB) AddEvent(ctx context.Context, e *meet.Event) error {
	return db.change(ctx, func(t *tx) error { return t.event(e) })
}

// SetOutcome implements [meet.EventStore].
func (db *DB) SetOutcome(ctx context.Context, id int64, outcome meet.Outcome) error {
	return db.change(ctx, func(t *tx) error {
		return t.exec("set outcome of event", updateOutcome, id, string(outcome))
	})
}

// Events implements [meet.EventStore].
func (db *DB) Events(ctx context.Context, q meet.EventQuery) ([]meet.Event, error) {
	before := int64(math.MaxInt64)
	if q.Before > 0 {
		before = q.Before
	}
	text, args := selectEvents, []any{before, max(q.Limit, 0), string(q.Kind)}
	switch {
	case q.RoomID != "":
		text, args = selectEventsOfRoom, append(args, q.Admin, q.RoomID)
	case q.Admin != "":
		text, args = selectEventsOfAdmin, append(args, q.Admin)
	}
	return list(ctx, db, "list events", text, eventPointers, args...)
}

func eventPointers(e *meet.Event) []any {
	return []any{&e.ID, (*moment)(&e.At), &e.RoomID, &e.RoomName, &e.AdminID, &e.Actor,
		(*string)(&e.Caller.Via), &e.Caller.Client, (*string)(&e.Action), &e.Target, (*string)(&e.Outcome),
		(*details)(&e.Details), &e.RequestID}
}

// details are kept as a JSON object.
type details map[string]string

// Scan implements [sql.Scanner].
func (d *details) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("column holds %T, not a text", value)
	}
	*d = nil
	if text == "{}" {
		return nil
	}
	return json.Unmarshal([]byte(text), (*map[string]string)(d))
}
