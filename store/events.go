package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"roomkey/meet"
)

const (
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

// insertEvents are statements that insert so many events at once, the largest
// first. The last inserts one.
var insertEvents = []struct {
	rows int
	text string
}{{16, insertEventsText(16)}, {4, insertEventsText(4)}, {1, insertEventsText(1)}}

const eventValues = 13 // of a row of insertEvents

func insertEventsText(rows int) string {
	var text strings.Builder
	text.WriteString(`INSERT INTO events (at, room_id, room_name, admin_id, actor, via, client, kind, action, target,
		outcome, details, request_id) VALUES `)
	for i := range rows * eventValues {
		switch {
		case i%eventValues > 0:
			text.WriteString(", ")
		case i > 0:
			text.WriteString("), (")
		default:
			text.WriteString("(")
		}
		fmt.Fprintf(&text, "$%d", i+1)
	}
	return text.String() + ")"
}

// event has an event written when the transaction is committed, unless it is nil
// or has no action. It is given its id after the commit.
func (t *tx) event(e *meet.Event) error {
	if t.err != nil || e == nil || e.Action == "" {
		return t.err
	}
	details := []byte("{}")
	if len(e.Details) > 0 {
		var err error
		if details, err = json.Marshal(e.Details); err != nil {
			return fmt.Errorf("write details of event: %w", err)
		}
	}
	t.events = append(t.events, writtenEvent{written: *e, given: e, details: string(details)})
	return nil
}

// writeEvents writes the events of operations that share the transaction, in
// their order. An event that the table refused would fail all of them.
func (t *tx) writeEvents(batch []*operation) error {
	var events []*writtenEvent
	for _, op := range batch {
		if op.err == nil {
			for i := range op.events {
				events = append(events, &op.events[i])
			}
		}
	}
	for _, insert := range insertEvents {
		for ; len(events) >= insert.rows; events = events[insert.rows:] {
			if err := t.insertEvents(events[:insert.rows], insert.text); err != nil {
				return wrap("insert events", err)
			}
		}
	}
	return nil
}

func (t *tx) insertEvents(events []*writtenEvent, text string) error {
	values := make([]any, 0, len(events)*eventValues)
	for _, event := range events {
		e := &event.written
		values = append(values, e.At.UnixMilli(), e.RoomID, e.RoomName, e.AdminID, e.Actor, string(e.Caller.Via),
			e.Caller.Client, string(e.Action.Kind()), string(e.Action), e.Target, string(e.Outcome), event.details, e.RequestID)
	}
	t.executed.Add(1)
	return t.insert(len(events), text, t.dialect.storable(values), func(i int, id int64) { events[i].written.ID = id })
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
