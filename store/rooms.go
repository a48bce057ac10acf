package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"roomkey/meet"
)

const (
	insertRoom = `INSERT INTO rooms (id, name, created_by, admin_id, state, ended_by, ended_at,
		is_public, mode, max_participants, settings, expires_at, session, created_at, updated_at, locked_for_all)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`

	// A room that is active has nothing cleared yet.
	updateRoom = `UPDATE rooms SET name = $2, admin_id = $3, state = $4, ended_by = $5, ended_at = $6,
		is_public = $7, mode = $8, max_participants = $9, settings = $10, expires_at = $11, session = $12,
		updated_at = $13, locked_for_all = $14, cleared = CASE WHEN $4 = 'active' THEN 0 ELSE cleared END
	WHERE id = $1 RETURNING ` + roomColumns

	// Frees a name held by a room whose time has come but which the sweeper
	// has not got round to.
	expireHolder = `UPDATE rooms SET state = 'expired', ended_at = expires_at, updated_at = $2, cleared = 0
	WHERE name = $1 AND state = 'active' AND expires_at <= $2 RETURNING id`

	selectRoomByID = `SELECT ` + roomColumns + ` FROM rooms WHERE id = $1`

	selectRoomByName = `SELECT ` + roomColumns + ` FROM rooms WHERE id = COALESCE(
		(SELECT id FROM rooms WHERE name = $1 AND state = 'active'),
		(SELECT id FROM rooms WHERE name = $1 ORDER BY created_at DESC, id DESC LIMIT 1))`

	selectNameTaken = `SELECT 1 FROM rooms WHERE name = $1 AND state = 'active' AND (expires_at IS NULL OR expires_at > $2)`
)

// CreateRoom implements [meet.Store]. The room and its codes carry the moment
// of their creation; rooms whose time has come by then lose the name.
func (db *DB) CreateRoom(ctx context.Context, room meet.Room, codes []meet.RoomCode, e *meet.Event) error {
	_, err := write(ctx, db.writer, func(t *tx) (none struct{}, err error) {
		if err := t.freeName(room.Name, room.CreatedAt); err != nil {
			return none, err
		}
		if err := t.insertRoom(room); err != nil {
			return none, err
		}
		for _, code := range codes {
			if err := t.insertCode(room.ID, code); err != nil {
				return none, err
			}
		}
		return none, t.event(e)
	})
	return err
}

// RoomByID implements [meet.Store].
func (db *DB) RoomByID(ctx context.Context, id string) (meet.Room, error) {
	ctx, err := briefly(ctx)
	if err != nil {
		return meet.Room{}, err
	}
	if room, ok := db.cache.room(id); ok {
		return room, nil
	}
	seen := db.cache.seen()
	room, err := scanOne(db.hot.roomByID.QueryRowContext(ctx, id), roomPointers)
	if err == nil {
		db.cache.putRoom(seen, room, "")
	}
	return room, failed("read room by id", err)
}

// RoomByName implements [meet.Store].
func (db *DB) RoomByName(ctx context.Context, name string) (meet.Room, error) {
	ctx, err := briefly(ctx)
	if err != nil {
		return meet.Room{}, err
	}
	if room, ok := db.cache.roomByName(name); ok {
		return room, nil
	}
	seen := db.cache.seen()
	room, err := scanOne(db.hot.roomByName.QueryRowContext(ctx, name), roomPointers)
	if err == nil {
		db.cache.putRoom(seen, room, name)
	}
	return room, failed("read room by name", err)
}

// NameTaken implements [meet.Store].
func (db *DB) NameTaken(ctx context.Context, name string, now time.Time) (bool, error) {
	ctx, err := briefly(ctx)
	if err != nil {
		return false, err
	}
	var one int
	err = db.hot.nameTaken.QueryRowContext(ctx, name, now.UnixMilli()).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, failed("look for room name", err)
}

// UpdateRoom implements [meet.Store]. A room's id, creator and creation time
// stay as they are, whatever change does to them.
func (db *DB) UpdateRoom(ctx context.Context, id string, change func(*meet.Room) error, e *meet.Event) (meet.Room, error) {
	return write(ctx, db.writer, func(t *tx) (meet.Room, error) {
		was, err := t.room(id)
		if err != nil {
			return meet.Room{}, err
		}
		room := was
		if err := change(&room); err != nil {
			return meet.Room{}, err
		}
		if room.State == meet.RoomActive && (was.State != meet.RoomActive || was.Name != room.Name) {
			if err := t.freeName(room.Name, room.UpdatedAt); err != nil {
				return meet.Room{}, err
			}
		}
		if room, err = t.updateRoom(was.ID, room); err != nil {
			return meet.Room{}, err
		}
		if err := t.giveUpName(was, room); err != nil {
			return meet.Room{}, err
		}
		return room, t.event(e)
	})
}

func (t *tx) room(id string) (meet.Room, error) {
	room, err := scanOne(t.row(selectRoomByID, id), roomPointers)
	return room, failed("read room", err)
}

func (t *tx) freeName(name string, now time.Time) error {
	rows, err := t.rows(expireHolder, name, now.UnixMilli())
	freed, err := scanAll(rows, err, textPointers)
	t.roomChanged(freed...)
	return failed("free room name", err)
}

func (t *tx) insertRoom(r meet.Room) error {
	t.roomChanged(r.ID)
	err := t.exec(insertRoom, r.ID, r.Name, r.CreatedBy, r.AdminID, string(r.State), r.EndedBy, optional(r.EndedAt),
		bit(r.IsPublic), string(r.Mode), r.MaxParticipants, settingsText(r.Settings),
		optional(r.ExpiresAt), r.Session, r.CreatedAt.UnixMilli(), r.UpdatedAt.UnixMilli(), sourcesText(r.LockedForAll))
	return roomFailed("insert room", err)
}

func (t *tx) updateRoom(id string, r meet.Room) (meet.Room, error) {
	t.roomChanged(id)
	room, err := scanOne(t.row(updateRoom, id, r.Name, r.AdminID, string(r.State), r.EndedBy, optional(r.EndedAt),
		bit(r.IsPublic), string(r.Mode), r.MaxParticipants, settingsText(r.Settings),
		optional(r.ExpiresAt), r.Session, r.UpdatedAt.UnixMilli(), sourcesText(r.LockedForAll)), roomPointers)
	return room, roomFailed("update room", err)
}

// roomFailed knows the one unique index that rooms have beside their key.
func roomFailed(doing string, err error) error {
	if violated(err) == uniqueTaken {
		return meet.ErrNameTaken
	}
	return failed(doing, err)
}
