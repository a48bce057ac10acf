package store

import (
	"context"

	"roomkey/meet"
)

const (
	useCode = `UPDATE codes SET uses = uses + 1, last_used_at = $2 WHERE code = $1`

	insertJoin = `INSERT INTO joins (identity, room_id, subject, user_id, name, role, admin, code, created_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

	insertVisit = `INSERT INTO visits (subject, room_created_at, room_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`

	selectJoin = `SELECT identity, room_id, subject, user_id, name, role, admin, COALESCE(code, ''), created_at FROM joins WHERE identity = $1`

	selectIdentities = `SELECT identity FROM joins WHERE code = $1 ORDER BY created_at, identity`
)

// AddJoin implements [meet.Store]. A code of another room than the join's is
// not found.
func (db *DB) AddJoin(ctx context.Context, join meet.Join, check func(meet.RoomCode, meet.Room) error) error {
	_, err := write(ctx, db.writer, func(t *tx) (none struct{}, err error) {
		code, room, err := t.door(join)
		if err != nil {
			return none, err
		}
		if err := check(code, room); err != nil {
			return none, err
		}
		if join.Code != "" {
			t.changed.codes = append(t.changed.codes, room.ID)
			if err := t.exec(useCode, join.Code, join.CreatedAt.UnixMilli()); err != nil {
				return none, failed("count use of code", err)
			}
		}
		return none, t.insertJoin(join, room)
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
		return []any{&j.Identity, &j.RoomID, &j.Subject, &j.UserID, &j.Name, &j.Role, (*flag)(&j.Admin), &j.Code, (*moment)(&j.CreatedAt)}
	})
	return join, failed("read join", err)
}

// IdentitiesByCode implements [meet.Store]. Who came first comes first.
func (db *DB) IdentitiesByCode(ctx context.Context, code string) ([]string, error) {
	identities, err := list(ctx, db, selectIdentities, []any{code}, textPointers)
	return identities, failed("list identities", err)
}

// door reads what a join goes through: a code and its room, or the room.
func (t *tx) door(join meet.Join) (meet.RoomCode, meet.Room, error) {
	if join.Code == "" {
		room, err := t.room(join.RoomID)
		return meet.RoomCode{}, room, err
	}
	door, err := scanOne(t.row(selectCodeAndRoom, join.Code), (*codeAndRoom).pointers)
	if err == nil && door.room.ID != join.RoomID {
		return meet.RoomCode{}, meet.Room{}, meet.ErrNotFound
	}
	return door.code, door.room, failed("read code and room", err)
}

func (t *tx) insertJoin(j meet.Join, room meet.Room) error {
	var code any
	if j.Code != "" {
		code = j.Code
	}
	err := t.exec(insertJoin, j.Identity, room.ID, j.Subject, j.UserID, j.Name, j.Role, bit(j.Admin), code, j.CreatedAt.UnixMilli())
	if err == nil && j.Subject != "" {
		err = t.exec(insertVisit, j.Subject, room.CreatedAt.UnixMilli(), room.ID)
	}
	return failed("record join", err)
}
