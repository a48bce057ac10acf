package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"roomkey/meet"
)

const (
	eventColumns = `id, at, room_id, room_name, admin_id, actor, via, client, action, target, outcome, details, request_id`

	selectSharedRooms = `SELECT room_id FROM room_admins WHERE subject = $1
	ORDER BY room_created_at DESC, room_id DESC LIMIT $2`

	updateOutcome = `UPDATE events SET outcome = $2 WHERE id = $1`

	// For searchEvents. Where no event follows, the time is later than all others.
	selectLastEvent = `SELECT COALESCE(MAX(id), 0) FROM events`
	selectEventTime = `SELECT COALESCE((SELECT at FROM events WHERE id >= $1 ORDER BY id LIMIT 1), 9223372036854775807)`
)

// eventTexts are a statement that lists events, in either order.
type eventTexts struct{ newest, oldest string }

// The statements that list events. An empty text among their arguments is every
// admin, every kind or every target. Targets have no index, which each join would
// pay for: who asks for one names a room, and a time when that is known.
var (
	selectEvents        = eventTextsFor(``)
	selectEventsOfAdmin = eventTextsFor(`admin_id = $8 AND `)
	selectEventsOfRoom  = eventTextsFor(`room_id = $8 AND ($9 = '' OR admin_id = $9) AND `)
)

// eventTextsFor completes a condition on events.
func eventTextsFor(condition string) eventTexts {
	text := `SELECT ` + eventColumns + ` FROM events
	WHERE ` + condition + `id > $1 AND id < $2 AND at >= $3 AND at < $4 AND ($5 = '' OR kind = $5)
	AND ($7 = '' OR target = $7) ORDER BY id`
	return eventTexts{newest: text + ` DESC LIMIT $6`, oldest: text + ` LIMIT $6`}
}

// eventLateness is longer than an event is ever written after its time. Ids grow
// with the commits, so of two events that are further apart than this, the one with
// the later time has the greater id. That is not so for what was written while the clock
// was wrong by more: a query of a time may miss events then, one by ids never does.
const eventLateness = time.Hour

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
	event, err := newWrittenEvent(e)
	if err == nil {
		t.events = append(t.events, event)
	}
	return err
}

func newWrittenEvent(e *meet.Event) (writtenEvent, error) {
	details := []byte("{}")
	if len(e.Details) > 0 {
		var err error
		if details, err = json.Marshal(e.Details); err != nil {
			return writtenEvent{}, fmt.Errorf("write details of event: %w", err)
		}
	}
	return writtenEvent{written: *e, given: e, details: string(details)}, nil
}

// values are those of a row of insertEvents.
func (w *writtenEvent) values() []any {
	e := &w.written
	return []any{e.At.UnixMilli(), e.RoomID, e.RoomName, e.AdminID, e.Actor, string(e.Caller.Via), e.Caller.Client,
		string(e.Action.Kind()), string(e.Action), e.Target, string(e.Outcome), w.details, e.RequestID}
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
		values = append(values, event.values()...)
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
	after, before, err := db.eventsBetween(ctx, q)
	if err != nil {
		return nil, err
	}
	since, until := int64(math.MinInt64), int64(math.MaxInt64)
	if !q.Since.IsZero() {
		since = q.Since.UnixMilli()
	}
	if !q.Until.IsZero() {
		until = q.Until.UnixMilli()
	}
	args := []any{after, before, since, until, string(q.Kind), max(q.Limit, 0), q.Target}
	switch {
	case q.RoomID != "":
		return db.listEvents(ctx, q, selectEventsOfRoom, append(args, q.RoomID, q.Admin))
	case q.Admin != "":
		return db.eventsOfAdmin(ctx, q, args)
	}
	return db.listEvents(ctx, q, selectEvents, args)
}

func (db *DB) listEvents(ctx context.Context, q meet.EventQuery, texts eventTexts, args []any) ([]meet.Event, error) {
	text := texts.newest
	if q.OldestFirst {
		text = texts.oldest
	}
	return list(ctx, db, "list events", text, eventPointers, args...)
}

// maxSharedRooms bounds how many rooms a co-admin's list of events looks at: the
// newest.
const maxSharedRooms = 100

// eventsOfAdmin lists the events of the rooms of an admin, and of those in which they
// are a co-admin. What is committed between its statements is in none of them.
func (db *DB) eventsOfAdmin(ctx context.Context, q meet.EventQuery, args []any) ([]meet.Event, error) {
	shared, err := readAll(ctx, db, "list rooms of a co-admin", selectSharedRooms, textPointers, q.Admin, maxSharedRooms)
	if err == nil && len(shared) > 0 {
		var newest []meet.Event
		newest, err = db.Events(ctx, meet.EventQuery{Limit: 1})
		for _, e := range newest {
			args[1] = min(args[1].(int64), e.ID+1)
		}
	}
	if err != nil {
		return nil, err
	}
	args = slices.Clip(args)
	events, err := db.listEvents(ctx, q, selectEventsOfAdmin, append(args, q.Admin))
	for _, room := range shared {
		if err != nil {
			return nil, err
		}
		var more []meet.Event
		more, err = db.listEvents(ctx, q, selectEventsOfRoom, append(args, room, ""))
		events = append(events, more...)
	}
	if len(shared) > 0 { // each list is in order, and an event may be in two
		slices.SortFunc(events, func(a, b meet.Event) int {
			if q.OldestFirst {
				a, b = b, a
			}
			return cmp.Compare(b.ID, a.ID)
		})
		events = slices.CompactFunc(events, func(a, b meet.Event) bool { return a.ID == b.ID })
		events = events[:min(len(events), max(q.Limit, 0))]
	}
	return events, err
}

// eventsBetween gives two ids between which the events of a query are.
func (db *DB) eventsBetween(ctx context.Context, q meet.EventQuery) (after, before int64, err error) {
	after, before = q.After, math.MaxInt64
	if q.Before > 0 {
		before = q.Before
	}
	search := func(at time.Time) (id int64) {
		if err == nil {
			id, err = searchEvents(at, func(text string, args ...any) (int64, error) {
				return readOne(ctx, db, "look for events of a time", text, idPointers, args...)
			})
		}
		return id
	}
	if !q.Since.IsZero() {
		after = max(after, search(q.Since.Add(-eventLateness))-1)
	}
	// Of what was written in the last hour, or with a clock that was fast, none is later.
	if !q.Until.IsZero() && q.Until.Add(eventLateness).Before(db.Now()) {
		before = min(before, search(q.Until.Add(eventLateness)))
	}
	return after, before, err
}

// searchEvents gives an id for a time. All events with a smaller id are earlier than
// at + eventLateness, and all others are not earlier than at - eventLateness. It is a
// binary search with some twenty reads: an index of times would cost every change more.
// read gives the integer of a single row.
func searchEvents(at time.Time, read func(text string, args ...any) (int64, error)) (int64, error) {
	last, err := read(selectLastEvent)
	n := sort.Search(int(last), func(i int) bool {
		var found int64
		if err == nil {
			found, err = read(selectEventTime, i+1)
		}
		return err != nil || found >= at.UnixMilli()
	})
	return int64(n) + 1, err
}

func idPointers(id *int64) []any { return []any{id} }

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
