package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"roomkey/meet"
)

const (
	insertEvent = `INSERT INTO events (at, room_id, room_name, admin_id, actor, via, client, kind, action, target, outcome, details, request_id)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`

	eventColumns = `id, at, room_id, room_name, admin_id, actor, via, client, action, target, outcome, details, request_id`

	updateOutcome = `UPDATE events SET outcome = $2 WHERE id = $1`

	// An empty $3 is every kind, in selectEventsOfRoom an empty $4 every admin.
	selectEvents        = `SELECT ` + eventColumns + ` FROM events WHERE id < $1 AND ($3 = '' OR kind = $3) ORDER BY id DESC LIMIT $2`
	selectEventsOfAdmin = `SELECT ` + eventColumns + ` FROM events
	WHERE admin_id = $4 AND id < $1 AND ($3 = '' OR kind = $3) ORDER BY id DESC LIMIT $2`
	selectEventsOfRoom = `SELECT ` + eventColumns + ` FROM events
	WHERE room_id = $5 AND id < $1 AND ($3 = '' OR kind = $3) AND ($4 = '' OR admin_id = $4) ORDER BY id DESC LIMIT $2`
)

// event writes a line, unless there is none to write. It is given its id after
// the commit.
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
	id, err := t.insertNumbered(insertEvent, e.At.UnixMilli(), e.RoomID, e.RoomName, e.AdminID, e.Actor, string(e.Caller.Via), e.Caller.Client,
		string(e.Action.Kind()), string(e.Action), e.Target, string(e.Outcome), details, e.RequestID)
	written := *e
	written.ID = id
	t.events = append(t.events, writtenEvent{written, e})
	return failed("insert event", err)
}

// Subscribe implements [meet.Store].
func (db *DB) Subscribe(tell func(context.Context, meet.Event)) { db.writer.subscribe(tell) }

// AddEvent implements [meet.Store].
func (db *DB) AddEvent(ctx context.Context, e *meet.Event) error {
	_, err := write(ctx, db.writer, func(t *tx) (none struct{}, err error) { return none, t.event(e) })
	return err
}

// SetOutcome implements [meet.Store].
func (db *DB) SetOutcome(ctx context.Context, id int64, outcome meet.Outcome) error {
	_, err := write(ctx, db.writer, func(t *tx) (none struct{}, err error) {
		return none, failed("set outcome of event", t.exec(updateOutcome, id, string(outcome)))
	})
	return err
}

// Events implements [meet.Store].
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
	events, err := list(ctx, db, text, args, eventPointers)
	return events, failed("list events", err)
}

func eventPointers(e *meet.Event) []any {
	return []any{&e.ID, (*moment)(&e.At), &e.RoomID, &e.RoomName, &e.AdminID, &e.Actor, (*string)(&e.Caller.Via), &e.Caller.Client,
		(*string)(&e.Action), &e.Target, (*string)(&e.Outcome), (*details)(&e.Details), &e.RequestID}
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
