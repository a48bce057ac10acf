package store

import (
	"context"
	"time"

	"roomkey/meet"
)

const (
	// The active room with a name, the last of those that are over, and the one that
	// changed the name for another.
	selectNameUse = `SELECT 1, created_by, expires_at FROM rooms WHERE name = $1 AND state = 'active'
	UNION ALL SELECT 0, created_by, ended_at FROM (SELECT created_by, ended_at FROM rooms
		WHERE name = $1 AND state <> 'active' AND ended_at > $2 ORDER BY ended_at DESC LIMIT 1) AS branch
	UNION ALL SELECT 0, created_by, released_at FROM former_names WHERE name = $1 AND released_at > $2`

	// A name that was given up more than once counts as of the last time.
	insertFormerName = `INSERT INTO former_names (name, created_by, released_at) VALUES ($1, $2, $3)
	ON CONFLICT (name) DO UPDATE SET created_by = excluded.created_by, released_at = excluded.released_at
		WHERE excluded.released_at >= former_names.released_at`

	selectOldNames = `SELECT name FROM former_names WHERE released_at <= $1 LIMIT $2`
	deleteOldNames = `DELETE FROM former_names WHERE name IN (` + selectOldNames + `)`

	selectActiveRooms = `SELECT COUNT(*) FROM (SELECT 1 FROM rooms
	WHERE created_by = $1 AND state = 'active' AND (expires_at IS NULL OR expires_at > $2) LIMIT $3) AS found`
)

// nameHolder is who has a name, or had it, and until when: zero is for good.
type nameHolder struct {
	active  bool
	creator string
	until   time.Time
}

func nameHolderPointers(h *nameHolder) []any {
	return []any{(*flag)(&h.active), &h.creator, (*moment)(&h.until)}
}

// NameUse implements [meet.RoomStore].
func (db *DB) NameUse(ctx context.Context, name string, now, since time.Time) (use meet.NameUse, err error) {
	holders, err := readAll(ctx, db, "look for the holders of a room name", selectNameUse, nameHolderPointers,
		name, since.UnixMilli())
	for _, h := range holders {
		if h.active && (h.until.IsZero() || now.Before(h.until)) {
			use.Taken = true
			continue
		}
		use.Due = use.Due || h.active
		if h.until.After(since) && h.until.After(use.GaveUpAt) {
			use.GaveUpBy, use.GaveUpAt = h.creator, h.until
		}
	}
	return use, err
}

// keepFormerName remembers who had a name that a room changes for another one. A
// room that is over gave its name up when it ended.
func (t *tx) keepFormerName(was, is meet.Room) error {
	if was.Name == is.Name {
		return nil
	}
	when := is.UpdatedAt
	if was.State != meet.RoomActive {
		when = was.EndedAt
	}
	return t.exec("remember a former room name", insertFormerName, was.Name, was.CreatedBy, when.UnixMilli())
}

// ForgetNames implements [meet.RoomStore].
func (db *DB) ForgetNames(ctx context.Context, until time.Time, limit int) error {
	return db.forget(ctx, "room names", selectOldNames, deleteOldNames, until.UnixMilli(), limit)
}
