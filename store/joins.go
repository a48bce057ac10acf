package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"roomkey/meet"
)

const (
	useCode = `UPDATE codes SET uses = uses + 1, last_used_at = $2 WHERE code = $1`

	insertJoin = `INSERT INTO joins (identity, room_id, subject, user_id, name, role, admin, code, request_id, created_at,
		locked, vouched, person, label, unlocked, session, generation)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
		(SELECT COALESCE(MAX(generation) + 1, 0) FROM revocations WHERE came_by = $8))`

	// Of several tokens the one that lives longest counts. A visit that counts
	// for good (NULL) stays as it is.
	insertVisit = `INSERT INTO visits (subject, room_created_at, room_id, until) VALUES ($1, $2, $3, $4)
	ON CONFLICT (subject, room_created_at, room_id) DO UPDATE SET until = excluded.until WHERE visits.until < excluded.until`

	selectJoin = `SELECT identity, room_id, subject, user_id, name, role, admin, COALESCE(code, ''), request_id, created_at,
		COALESCE(joins.revoked_at, of_code.revoked_at, of_request.revoked_at), locked, vouched, person, label, unlocked, returned,
		session
	FROM joins
	LEFT JOIN revocations AS of_code ON of_code.came_by = joins.code AND of_code.generation = joins.generation
	LEFT JOIN revocations AS of_request ON of_request.came_by = joins.request_id AND of_request.generation = 0
	WHERE identity = $1`

	selectLocks = `SELECT locked FROM joins WHERE room_id = $1 AND person = $2 AND locked <> '' AND session = $3`
)

// AddAdmission implements [meet.Store]. A code of another room than the join's is
// not found.
func (db *DB) AddAdmission(ctx context.Context, join meet.Admission, tokenDies time.Time, check func(meet.JoinContext) error, e *meet.Event) (meet.Admission, error) {
	return write(ctx, db.writer, func(t *tx) (none meet.Admission, err error) {
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
			t.codeUsed(door)
			if door.Request.ID != "" {
				if err := t.exec(useRequest, door.Request.ID, join.Code); err != nil {
					return none, failed("note with which code the approval is used", err)
				}
			}
		}
		join.Session = door.Room.Session
		if join.Locked, err = t.locksOf(join, door.Room); err != nil {
			return none, err
		}
		if join.Unlocked, err = t.givenBackTo(join, door.Room); err != nil {
			return none, err
		}
		if err := t.useApproval(join, door.Request); err != nil {
			return none, err
		}
		if err := t.insertJoin(join, door.Room, tokenDies); err != nil {
			return none, err
		}
		if err := t.pendUse(join, door.Code, tokenDies); err != nil {
			return none, err
		}
		return join, t.event(e)
	})
}

// locksOf gives what is locked for the same person in the room's session.
func (t *tx) locksOf(join meet.Admission, room meet.Room) ([]meet.Source, error) {
	if join.Person == "" {
		return nil, nil
	}
	rows, err := t.rows(selectLocks, room.ID, join.Person, room.Session)
	found, err := scanAll(rows, err, func(s *[]meet.Source) []any { return []any{(*sources)(s)} })
	var locked []meet.Source
	for _, more := range found {
		for _, source := range more {
			if !slices.Contains(locked, source) {
				locked = append(locked, source)
			}
		}
	}
	return locked, failed("read locks", err)
}

// Admission implements [meet.Store].
func (db *DB) Admission(ctx context.Context, identity string) (meet.Admission, error) {
	ctx, err := briefly(ctx)
	if err != nil {
		return meet.Admission{}, err
	}
	join, err := scanOne(db.hot.join.QueryRowContext(ctx, identity), joinPointers)
	return join, failed("read join", err)
}

func joinPointers(j *meet.Admission) []any {
	return []any{&j.Identity, &j.RoomID, &j.Subject, &j.UserID, &j.Name, &j.Role, (*flag)(&j.Admin), &j.Code, &j.RequestID,
		(*moment)(&j.CreatedAt), (*moment)(&j.RevokedAt), (*sources)(&j.Locked), (*flag)(&j.Vouched), &j.Person, &j.Label, (*sources)(&j.Unlocked), (*flag)(&j.Returned),
		(*count)(&j.Session)}
}

// sources are kept as a text with commas between them.
type sources []meet.Source

// Scan implements [sql.Scanner].
func (s *sources) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("column holds %T, not a text", value)
	}
	*s = nil
	for name := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' }) {
		*s = append(*s, meet.Source(name))
	}
	return nil
}

func sourcesText(list []meet.Source) string {
	names := make([]string, len(list))
	for i, source := range list {
		names[i] = string(source)
	}
	return strings.Join(names, ",")
}

// door reads what a join goes through.
func (t *tx) door(join meet.Admission) (door meet.JoinContext, err error) {
	if join.RequestID != "" {
		door.Request, err = scanOne(t.row(selectRequest, join.RequestID), requestPointers)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return meet.JoinContext{}, failed("read join request", err)
		}
	}
	if kept, ok := t.doors[doorKey(join.Code, join.RoomID)]; ok && kept.Room.ID == join.RoomID { // by somebody whose join shares the commit
		kept.Request = door.Request
		return kept, nil
	}
	if door.Blocks, err = t.blocks(join.RoomID); err != nil {
		return meet.JoinContext{}, err
	}
	if join.Code == "" {
		if door.Room, err = t.room(join.RoomID); err == nil {
			t.keepDoor(door)
		}
		return door, err
	}
	found, err := scanOne(t.row(selectCodeAndRoom, join.Code), (*codeAndRoom).pointers)
	if err == nil && found.room.ID != join.RoomID {
		return meet.JoinContext{}, meet.ErrNotFound
	}
	door.Code, door.Room = found.code, found.room
	return door, failed("read code and room", err)
}

func (t *tx) insertJoin(j meet.Admission, room meet.Room, tokenDies time.Time) error {
	var code any
	if j.Code != "" {
		code = j.Code
	}
	err := t.exec(insertJoin, j.Identity, room.ID, j.Subject, j.UserID, j.Name, j.Role, bit(j.Admin), code, j.RequestID,
		j.CreatedAt.UnixMilli(), sourcesText(j.Locked), bit(j.Vouched), j.Person,
		j.Label, sourcesText(j.Unlocked), j.Session)
	if err == nil && j.Subject != "" {
		err = t.exec(insertVisit, j.Subject, room.CreatedAt.UnixMilli(), room.ID, tokenDies.UnixMilli())
	}
	return failed("record join", err)
}
