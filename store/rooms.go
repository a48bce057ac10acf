package store

import (
	"cmp"
	"context"
	"slices"

	"roomkey/meet"
)

const (
	// It inserts nothing if an active room has the name, or if a room of another
	// creator gave it up later than $19. With NULL only active rooms count.
	insertRoom = `INSERT INTO rooms (id, name, created_by, admin_id, state, ended_by, ended_at,
		is_public, mode, max_participants, settings, expires_at, opening, created_at, updated_at, locked_for_all,
		title, starts_at)
	SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18
	WHERE NOT EXISTS (SELECT 1 FROM rooms WHERE name = $2 AND state <> 'active' AND ended_at > $19 AND created_by <> $3)
		AND NOT EXISTS (SELECT 1 FROM former_names WHERE name = $2 AND released_at > $19 AND created_by <> $3)
	ON CONFLICT (name) WHERE state = 'active' DO NOTHING`

	// A room that is active has nothing cleared yet.
	updateRoom = `UPDATE rooms SET name = $2, admin_id = $3, state = $4, ended_by = $5, ended_at = $6,
		is_public = $7, mode = $8, max_participants = $9, settings = $10, expires_at = $11, opening = $12,
		updated_at = $13, locked_for_all = $14, title = $15, starts_at = $16,
		cleared = CASE WHEN $4 = 'active' THEN 0 ELSE cleared END
	WHERE id = $1 RETURNING ` + roomColumns

	selectRoomByID = `SELECT ` + roomColumns + ` FROM rooms WHERE id = $1`

	selectRoomByName = `SELECT ` + roomColumns + ` FROM rooms WHERE id = COALESCE(` + idsOfName + `)`

	// What COALESCE is given for the id of the room that a name means: the active room
	// that has it, else the newest of those that are over.
	idsOfName = `
		(SELECT id FROM rooms WHERE name = $1 AND state = 'active'),
		(SELECT id FROM rooms WHERE name = $1 AND state <> 'active' ORDER BY created_at DESC, id DESC LIMIT 1)`
)

// CreateRoom implements [meet.RoomStore].
func (db *DB) CreateRoom(ctx context.Context, r meet.NewRoom, e *meet.Event) error {
	return db.change(ctx, func(t *tx) error {
		if err := t.checkActiveRooms(r.Room, r.Most); err != nil {
			return err
		}
		if err := t.insertRoom(r); err != nil {
			return err
		}
		err := t.insertAdmins(r.Room)
		for _, code := range r.Codes {
			err = cmp.Or(err, t.insertCode(r.ID, code))
		}
		return cmp.Or(err, t.event(e))
	})
}

// RoomByID implements [meet.RoomStore].
func (db *DB) RoomByID(ctx context.Context, id string) (meet.Room, error) {
	cached, ok := db.cache.room(id)
	if ok {
		return cached.room, ctx.Err()
	}
	return db.readRoom(ctx, selectRoomByID, id)
}

// RoomByName implements [meet.RoomStore].
func (db *DB) RoomByName(ctx context.Context, name string) (meet.Room, error) {
	if room, ok := db.cache.roomByName(name); ok {
		return room, ctx.Err()
	}
	return db.readRoom(ctx, selectRoomByName, name)
}

func (db *DB) readRoom(ctx context.Context, text, key string) (meet.Room, error) {
	version := db.cache.now()
	room, err := readOne(ctx, db, "read room", text, roomPointers, key)
	if err == nil {
		db.cache.putRoom(version, room)
	}
	return room, err
}

// UpdateRoom implements [meet.RoomStore].
func (db *DB) UpdateRoom(
	ctx context.Context, id string, change func(*meet.Room) error, most int, e *meet.Event,
) (meet.Room, error) {
	return write(ctx, db.writer, func(t *tx) (room meet.Room, err error) {
		was, err := t.room(id)
		if err != nil {
			return room, err
		}
		room = was
		if err := change(&room); err != nil {
			return room, err
		}
		if now := room.UpdatedAt; room.Active(now) && !was.Active(now) {
			if err := t.checkActiveRooms(room, most); err != nil {
				return room, err
			}
		}
		if err := t.replaceAdmins(was, room); err != nil {
			return room, err
		}
		room, err = t.updateRoom(was.ID, room)
		return room, cmp.Or(err, t.keepFormerName(was, room), t.event(e))
	})
}

// checkActiveRooms refuses a room if its creator has most active ones when it is
// created or opened again.
func (t *tx) checkActiveRooms(room meet.Room, most int) error {
	if most <= 0 {
		return nil
	}
	n, err := queryOne(t, "count active rooms", selectActiveRooms, intPointers,
		room.CreatedBy, room.UpdatedAt.UnixMilli(), most)
	if err == nil && n >= most {
		return meet.ErrLimitReached
	}
	return err
}

// room reads a room as it is in the transaction. The changes that share a commit
// are mostly about the same room, which is read once for all of them.
func (t *tx) room(id string) (meet.Room, error) {
	if room, ok := t.rooms[id]; ok {
		room.LockedForAll = slices.Clone(room.LockedForAll) // the caller may change it
		return room, t.err
	}
	room, err := queryOne(t, "read room", selectRoomByID, roomPointers, id)
	if err == nil {
		t.rooms[id] = room
	}
	return room, err
}

func (t *tx) insertRoom(r meet.NewRoom) error {
	t.roomChanged(r.ID)
	n, err := t.change(insertRoom, r.ID, r.Name, r.CreatedBy, r.AdminID, string(r.State), r.EndedBy,
		optional(r.EndedAt), bit(r.IsPublic), string(r.Mode), r.MaxParticipants, settingsText(r.Settings),
		optional(r.ExpiresAt), r.Opening, r.CreatedAt.UnixMilli(), r.UpdatedAt.UnixMilli(),
		sourcesText(r.LockedForAll), r.Title, optional(r.StartsAt), optional(r.UnusedSince))
	if err == nil && n == 0 {
		return meet.ErrNameTaken
	}
	return wrap("insert room", err)
}

func (t *tx) updateRoom(id string, r meet.Room) (meet.Room, error) {
	t.roomChanged(id)
	room, err := queryOne(t, "update room", updateRoom, roomPointers, id, r.Name, r.AdminID, string(r.State), r.EndedBy,
		optional(r.EndedAt), bit(r.IsPublic), string(r.Mode), r.MaxParticipants, settingsText(r.Settings),
		optional(r.ExpiresAt), r.Opening, r.UpdatedAt.UnixMilli(), sourcesText(r.LockedForAll),
		r.Title, optional(r.StartsAt))
	return room, t.roomError(err)
}

// roomError translates the violation of the one unique index that rooms have
// beside their key.
func (t *tx) roomError(err error) error {
	if t.dialect.violated(err) == uniqueTaken {
		return meet.ErrNameTaken
	}
	return err
}
