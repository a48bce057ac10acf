package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"roomkey/meet"
)

const (
	updateOverrides = `UPDATE joins SET overrides = $2, overrides_end = $3 WHERE identity = $1`

	selectEndedOverrides = `SELECT ` + joinColumns + `, ` + roomColumns + joinsFrom + `
	JOIN rooms ON rooms.id = joins.room_id WHERE joins.overrides_end <= $1 ORDER BY joins.overrides_end LIMIT $2`

	selectOverridden = `SELECT ` + joinColumns + joinsFrom + `WHERE joins.room_id = $1 AND joins.overrides <> ''`

	// What is locked and set for a person. Each join looks for it, and mostly there is
	// nothing.
	selectModerated = `SELECT ` + joinColumns + joinsFrom + whereModerated
	lookModerated   = `SELECT 1 FROM joins ` + whereModerated + ` LIMIT 1`
	whereModerated  = `WHERE joins.room_id = $1 AND joins.person = $2
		AND (joins.locked <> '' OR joins.overrides <> '') AND joins.opening = $3`
)

// UpdateOverrides implements [meet.AdmissionStore].
func (db *DB) UpdateOverrides(ctx context.Context, identity string, change func(*meet.Admission, meet.Room) error,
	e *meet.Event) (meet.Admission, error) {
	return write(ctx, db.writer, func(t *tx) (meet.Admission, error) {
		admission, err := t.admission(identity)
		if err != nil {
			return admission, err
		}
		room, err := t.room(admission.RoomID)
		if err != nil {
			return admission, err
		}
		if err := change(&admission, room); err != nil {
			return admission, err
		}
		return admission, cmp.Or(t.setOverrides(admission), t.event(e))
	})
}

// EndOverrides implements [meet.SweepStore].
func (db *DB) EndOverrides(ctx context.Context, now time.Time, limit int,
	end func(*meet.Admission, meet.Room) *meet.Event) ([]meet.Admission, error) {
	return write(ctx, db.writer, func(t *tx) (ended []meet.Admission, err error) {
		found, err := queryAll(t, "look for overrides that end", selectEndedOverrides, (*admissionAndRoom).pointers,
			now.UnixMilli(), min(max(limit, 0), rowsAtOnce))
		for _, f := range found {
			e := end(&f.admission, f.room)
			err = cmp.Or(err, t.setOverrides(f.admission), t.event(e))
			ended = append(ended, f.admission)
		}
		return ended, err
	})
}

// endAllowed ends what was allowed of a source to others than admins and those in
// except, and says whether anything was.
func (t *tx) endAllowed(roomID string, source meet.Source, except []string) (ended bool, err error) {
	room, err := t.room(roomID)
	if err != nil {
		return false, err
	}
	found, err := queryAll(t, "read overrides", selectOverridden, admissionPointers, roomID)
	for _, admission := range found {
		rest, changed := admission.Overrides.WithoutAllowed(source)
		if !changed || admission.IsAdminOf(room) || slices.Contains(except, admission.Identity) {
			continue
		}
		admission.Overrides, ended = rest, true
		err = cmp.Or(err, t.setOverrides(admission))
	}
	return ended, err
}

func (t *tx) setOverrides(a meet.Admission) error {
	return t.exec("set overrides", updateOverrides, a.Identity, overridesText(a.Overrides),
		optional(a.Overrides.EndsNext()))
}

// overrides are kept as JSON; none are an empty text.
type overrides meet.Overrides

// Scan implements [sql.Scanner].
func (o *overrides) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("column holds %T, not a text", value)
	}
	*o = nil
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), (*meet.Overrides)(o))
}

func overridesText(o meet.Overrides) string {
	if len(o) == 0 {
		return ""
	}
	text, _ := json.Marshal(o) // texts and times can always be written
	return string(text)
}
