package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"roomkey/meet"
)

const (
	insertRequest = `INSERT INTO join_requests (id, room_id, caller, subject, user_id, name, role, code, state,
		answered_by, answered_at, opening, created_at, seen_at, label, admitted)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`

	updateRequest = `UPDATE join_requests SET state = $2, answered_by = $3, answered_at = $4, seen_at = $5 WHERE id = $1`

	// The first admission by an approval is the one it is for.
	useApproval = `UPDATE join_requests SET admitted = $2 WHERE id = $1 AND admitted = ''`

	// An approval goes with the code that it was used with last.
	useRequest = `UPDATE join_requests SET code = $2,
		generation = (SELECT COALESCE(MAX(generation) + 1, 0) FROM revocations WHERE came_by = $2) WHERE id = $1`

	// Whether a code lets anybody in is looked up once for each code.
	countRequests = `SELECT CAST(COALESCE(SUM(waiting), 0) AS BIGINT), CAST(COALESCE(SUM(of_caller), 0) AS BIGINT),
		CAST(COALESCE(SUM(CASE WHEN found.code = $5 THEN waiting ELSE 0 END), 0) AS BIGINT)
	FROM (SELECT code, SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END) AS waiting,
			SUM(CASE WHEN caller = $2 THEN 1 ELSE 0 END) AS of_caller FROM join_requests
		WHERE room_id = $1 AND state IN ('waiting', 'refused') AND opening = $3 AND seen_at > $4 GROUP BY code) AS found
	WHERE found.code = '' OR EXISTS (SELECT 1 FROM codes WHERE codes.code = found.code AND ` + codeIsOpen + `$6))`

	// As RoomCode.Check of package meet has it; what follows is the moment.
	codeIsOpen = `codes.retired_at IS NULL AND codes.enabled = 1 AND (codes.max_uses = 0 OR codes.uses < codes.max_uses)
		AND (codes.expires_at IS NULL OR codes.expires_at > `

	selectRequest = `SELECT ` + requestColumns + requestsFrom + `WHERE id = $1`

	selectRequestBySubject = `SELECT ` + requestColumns + requestsFrom + `
	WHERE room_id = $1 AND subject = $2 AND user_id = $3 AND role = $4 AND subject <> '' ORDER BY created_at DESC LIMIT 1`

	selectRequests = `SELECT ` + requestColumns + requestsFrom + `
	WHERE room_id = $1 AND state = $2 AND opening = $3 AND seen_at > $4
		AND (state <> 'approved' OR revocations.came_by IS NULL)
		AND (CAST($6 AS BIGINT) < 0 OR join_requests.code = '' OR EXISTS (SELECT 1 FROM codes
			WHERE codes.code = join_requests.code AND ` + codeIsOpen + `$6)))
	ORDER BY created_at, id LIMIT $5`

	deleteRequest = `DELETE FROM join_requests WHERE id = $1`

	selectForgotten = `SELECT id FROM join_requests WHERE state <> 'approved' AND seen_at <= $1 LIMIT $2`

	deleteForgotten = `DELETE FROM join_requests WHERE id IN (` + selectForgotten + `)`

	selectRequestsOfRoom = `SELECT id FROM join_requests
	WHERE room_id = $1 AND EXISTS (SELECT 1 FROM rooms WHERE rooms.id = $1 AND rooms.state <> 'active') LIMIT $2`
	deleteRequestsOfRoom = `DELETE FROM join_requests WHERE id IN (` + selectRequestsOfRoom + `)`
)

// AddJoinRequest implements [meet.RequestStore].
func (db *DB) AddJoinRequest(ctx context.Context, r meet.JoinRequest, seenAfter time.Time,
	check func(meet.Room, meet.RequestCount) error, e *meet.Event) error {
	return db.change(ctx, func(t *tx) error {
		room, err := t.room(r.RoomID)
		if err != nil {
			return err
		}
		found, err := queryOne(t, "count join requests", countRequests, requestCountPointers,
			r.RoomID, r.Caller, room.Opening, seenAfter.UnixMilli(), r.Code, r.CreatedAt.UnixMilli())
		if err != nil {
			return err
		}
		if err := check(room, found); err != nil {
			return err
		}
		return cmp.Or(t.insertRequest(r, room.Opening), t.event(e))
	})
}

func requestCountPointers(c *meet.RequestCount) []any {
	return []any{(*count)(&c.Waiting), (*count)(&c.Caller), (*count)(&c.Code)}
}

func (t *tx) insertRequest(r meet.JoinRequest, opening int) error {
	return t.exec("insert join request", insertRequest, r.ID, r.RoomID, r.Caller, r.Subject, r.UserID, r.Name, r.Role,
		r.Code, string(r.State), r.AnsweredBy, optional(r.AnsweredAt), opening, r.CreatedAt.UnixMilli(),
		r.SeenAt.UnixMilli(), r.Label, r.Admitted)
}

// JoinRequest implements [meet.RequestStore].
func (db *DB) JoinRequest(ctx context.Context, id string) (meet.JoinRequest, error) {
	return readOne(ctx, db, "read join request", selectRequest, requestPointers, id)
}

// JoinRequestBySubject implements [meet.RequestStore].
func (db *DB) JoinRequestBySubject(ctx context.Context, roomID, subject, userID, role string,
) (meet.JoinRequest, error) {
	return readOne(ctx, db, "read join request", selectRequestBySubject, requestPointers, roomID, subject, userID, role)
}

// JoinRequests implements [meet.RequestStore].
func (db *DB) JoinRequests(ctx context.Context, q meet.RequestQuery) ([]meet.JoinRequest, error) {
	open := int64(-1)
	if !q.OpenAt.IsZero() {
		open = q.OpenAt.UnixMilli()
	}
	return list(ctx, db, "list join requests", selectRequests, requestPointers,
		q.RoomID, string(q.State), q.Opening, q.SeenAfter.UnixMilli(), max(q.Limit, 0), open)
}

// UpdateJoinRequest implements [meet.RequestStore].
func (db *DB) UpdateJoinRequest(ctx context.Context, id string, change func(*meet.JoinRequest, meet.Room) error,
	e *meet.Event) (meet.JoinRequest, error) {
	return write(ctx, db.writer, func(t *tx) (r meet.JoinRequest, err error) {
		if r, err = t.request(id); err != nil {
			return r, err
		}
		room, err := t.room(r.RoomID)
		if err != nil {
			return r, err
		}
		if err := change(&r, room); err != nil {
			return r, err
		}
		err = t.exec("update join request", updateRequest, id, string(r.State), r.AnsweredBy, optional(r.AnsweredAt),
			r.SeenAt.UnixMilli())
		if err = cmp.Or(err, t.event(e)); err != nil {
			return r, err
		}
		return t.request(id)
	})
}

func (t *tx) request(id string) (meet.JoinRequest, error) {
	return queryOne(t, "read join request", selectRequest, requestPointers, id)
}

// DropJoinRequests implements [meet.RequestStore].
func (db *DB) DropJoinRequests(ctx context.Context, ids []string) error {
	for chunk := range slices.Chunk(ids, rowsAtOnce) {
		err := db.change(ctx, func(t *tx) (err error) {
			for _, id := range chunk {
				err = cmp.Or(err, t.exec("delete join request", deleteRequest, id))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ForgetJoinRequests implements [meet.RequestStore].
func (db *DB) ForgetJoinRequests(ctx context.Context, seenUntil time.Time, limit int) error {
	return db.forget(ctx, "join requests", selectForgotten, deleteForgotten, seenUntil.UnixMilli(), limit)
}
