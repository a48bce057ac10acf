package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"roomkey/meet"
)

const (
	useCode = `UPDATE codes SET uses = uses + 1, last_used_at = $2 WHERE code = $1`

	insertJoin = `INSERT INTO joins (identity, room_id, subject, user_id, name, role, admin, code, request_id, created_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

	insertVisit = `INSERT INTO visits (subject, room_created_at, room_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`

	selectJoin = `SELECT identity, room_id, subject, user_id, name, role, admin, COALESCE(code, ''), request_id, created_at FROM joins WHERE identity = $1`

	selectIdentities = `SELECT identity FROM joins WHERE code = $1 ORDER BY created_at, identity`
)

// AddJoin implements [meet.Store]. A code of another room than the join's is
// not found.
func (db *DB) AddJoin(ctx context.Context, join meet.Join, check func(meet.Door) error) error {
	_, err := write(ctx, db.writer, func(t *tx) (none struct{}, err error) {
		door, err := t.door(join)
		if err != nil {
			return none, err
		}
		if err := check(door); err != nil {
			return none, err
		}
		if join.Code != "" {
			if err := t.exec(useCode, join.Code, join.CreatedAt.UnixMilli()); err != nil {
				return none, failed("count use of code", err)
			}
			door.Code.Uses, door.Code.LastUsedAt = door.Code.Uses+1, time.UnixMilli(join.CreatedAt.UnixMilli()).UTC() // as the statement does
			t.codeUsed(meet.Door{Code: door.Code, Room: door.Room})
		}
		return none, t.insertJoin(join, door.Room)
	})
	return err
}

// Join implements [meet.Store].
func (db *DB) Join(ctx context.Context, identity string) (meet.Join, error) {
	ctx, err := briefly(ctx)
	if err != nil {
		return meet.Join{}, err
	}
	join, err := scanOne(db.reads.QueryRowContext(ctx, selectJoin, identity), func(j *meet.Join) []any {
		return []any{&j.Identity, &j.RoomID, &j.Subject, &j.UserID, &j.Name, &j.Role, (*flag)(&j.Admin), &j.Code, &j.RequestID, (*moment)(&j.CreatedAt)}
	})
	return join, failed("read join", err)
}

// IdentitiesByCode implements [meet.Store]. Who came first comes first.
func (db *DB) IdentitiesByCode(ctx context.Context, code string) ([]string, error) {
	identities, err := list(ctx, db, selectIdentities, []any{code}, textPointers)
	return identities, failed("list identities", err)
}

// door reads what a join goes through.
func (t *tx) door(join meet.Join) (door meet.Door, err error) {
	if join.RequestID != "" {
		door.Request, err = scanOne(t.row(selectRequest, join.RequestID), requestPointers)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return meet.Door{}, failed("read join request", err)
		}
	}
	if join.Code == "" {
		door.Room, err = t.room(join.RoomID)
		return door, err
	}
	if used, ok := t.doors[join.Code]; ok && used.Room.ID == join.RoomID { // by somebody whose join shares the commit
		door.Code, door.Room = used.Code, used.Room
		return door, nil
	}
	found, err := scanOne(t.row(selectCodeAndRoom, join.Code), (*codeAndRoom).pointers)
	if err == nil && found.room.ID != join.RoomID {
		return meet.Door{}, meet.ErrNotFound
	}
	door.Code, door.Room = found.code, found.room
	return door, failed("read code and room", err)
}

func (t *tx) insertJoin(j meet.Join, room meet.Room) error {
	var code any
	if j.Code != "" {
		code = j.Code
	}
	err := t.exec(insertJoin, j.Identity, room.ID, j.Subject, j.UserID, j.Name, j.Role, bit(j.Admin), code, j.RequestID, j.CreatedAt.UnixMilli())
	if err == nil && j.Subject != "" {
		err = t.exec(insertVisit, j.Subject, room.CreatedAt.UnixMilli(), room.ID)
	}
	return failed("record join", err)
}
