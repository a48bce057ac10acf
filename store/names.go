package store

import (
	"context"
	"time"

	"roomkey/meet"
)

const (
	// Of the rooms that are over and the names that were changed for others.
	selectNameHolder = `SELECT created_by, gave_up FROM (
		SELECT * FROM (SELECT created_by, ended_at AS gave_up FROM rooms
			WHERE name = $1 AND state <> 'active' AND ended_at > $2 ORDER BY ended_at DESC LIMIT 1) AS branch
		UNION ALL SELECT created_by, released_at FROM former_names WHERE name = $1 AND released_at > $2) AS found
	ORDER BY gave_up DESC LIMIT 1`

	// A name that was given up more than once counts as of the last time.
	insertFormerName = `INSERT INTO former_names (name, created_by, released_at) VALUES ($1, $2, $3)
	ON CONFLICT (name) DO UPDATE SET created_by = excluded.created_by, released_at = excluded.released_at
		WHERE excluded.released_at >= former_names.released_at`

	selectOldNames = `SELECT name FROM former_names WHERE released_at <= $1 LIMIT $2`
	deleteOldNames = `DELETE FROM former_names WHERE name IN (` + selectOldNames + `)`

	selectNameTaken = `SELECT 1 FROM rooms
	WHERE name = $1 AND state = 'active' AND (expires_at IS NULL OR expires_at > $2)`

	selectActiveRooms = `SELECT COUNT(*) FROM (SELECT 1 FROM rooms
	WHERE created_by = $1 AND state = 'active' AND (expires_at IS NULL OR expires_at > $2) LIMIT $3) AS found`
)

// NameTaken implements [meet.RoomStore].
func (db *DB) NameTaken(ctx context.Context, name string, now time.Time) (bool, error) {
	return exists(ctx, db, "look for room name", selectNameTaken, name, now.UnixMilli())
}

// nameHolder is who had a name, and until when.
type nameHolder struct {
	creator string
	gaveUp  time.Time
}

func (h *nameHolder) pointers() []any { return []any{&h.creator, (*moment)(&h.gaveUp)} }

// NameHolder implements [meet.RoomStore].
func (db *DB) NameHolder(ctx context.Context, name string, since time.Time) (creator string, gaveUp time.Time,
	err error) {
	h, err := readOne(ctx, db, "look for the holder of a room name", selectNameHolder, (*nameHolder).pointers,
		name, since.UnixMilli())
	return h.creator, h.gaveUp, err
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
