package store

import (
	"context"
	"slices"
	"time"

	"roomkey/meet"
)

const (
	insertRequest = `INSERT INTO join_requests (id, room_id, caller, subject, user_id, name, role, code, state, answered_by, answered_at,
		session, created_at, seen_at, label, admitted)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`

	updateRequest = `UPDATE join_requests SET state = $2, answered_by = $3, answered_at = $4, seen_at = $5 WHERE id = $1`

	// An approval goes with the code that it was used with last.
	useRequest = `UPDATE join_requests SET code = $2,
		generation = (SELECT COALESCE(MAX(generation) + 1, 0) FROM revocations WHERE came_by = $2) WHERE id = $1`

	// Whether a code lets anybody in is looked up once for each code.
	countRequests = `SELECT COALESCE(SUM(waiting), 0), COALESCE(SUM(of_caller), 0),
		COALESCE(SUM(CASE WHEN found.code = $5 THEN waiting ELSE 0 END), 0)
	FROM (SELECT code, SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END) AS waiting,
			SUM(CASE WHEN caller = $2 THEN 1 ELSE 0 END) AS of_caller FROM join_requests
		WHERE room_id = $1 AND state IN ('waiting', 'refused') AND session = $3 AND seen_at > $4 GROUP BY code) AS found
	WHERE found.code = '' OR EXISTS (SELECT 1 FROM codes WHERE codes.code = found.code AND ` + codeIsOpen + `$6))`

	// As RoomCode.Check of package meet has it; what follows is the moment.
	codeIsOpen = `codes.retired_at IS NULL AND codes.enabled = 1 AND (codes.max_uses = 0 OR codes.uses < codes.max_uses)
		AND (codes.expires_at IS NULL OR codes.expires_at > `

	selectRequest = `SELECT ` + requestColumns + requestsFrom + `WHERE id = $1`

	selectRequestBySubject = `SELECT ` + requestColumns + requestsFrom + `
	WHERE room_id = $1 AND subject = $2 AND user_id = $3 AND role = $4 AND subject <> '' ORDER BY created_at DESC LIMIT 1`

	selectRequests = `SELECT ` + requestColumns + requestsFrom + `
	WHERE room_id = $1 AND state = $2 AND session = $3 AND seen_at > $4
		AND (state <> 'approved' OR revocations.came_by IS NULL)
		AND ($6 < 0 OR join_requests.code = '' OR EXISTS (SELECT 1 FROM codes WHERE codes.code = join_requests.code AND ` + codeIsOpen + `$6)))
	ORDER BY created_at, id LIMIT $5`

	deleteRequest = `DELETE FROM join_requests WHERE id = $1`

	selectForgotten = `SELECT id FROM join_requests WHERE state <> 'approved' AND seen_at <= $1 LIMIT $2`

	deleteForgotten = `DELETE FROM join_requests WHERE id IN (SELECT id FROM join_requests WHERE state <> 'approved' AND seen_at <= $1 LIMIT $2)`

	selectRequestsOfRoom = `SELECT id FROM join_requests
	WHERE room_id = $1 AND EXISTS (SELECT 1 FROM rooms WHERE rooms.id = $1 AND rooms.state <> 'active') LIMIT $2`
	deleteRequestsOfRoom = `DELETE FROM join_requests WHERE id IN (` + selectRequestsOfRoom + `)`
)

// AddJoinRequest implements [meet.Store].
func (db *DB) AddJoinRequest(ctx context.Context, r meet.JoinRequest, seenAfter time.Time, check func(meet.Room, meet.RequestCount) error, e *meet.Event) error {
	_, err := write(ctx, db.writer, func(t *tx) (none struct{}, err error) {
		room, err := t.room(r.RoomID)
		if err != nil {
			return none, err
		}
		count, err := scanOne(t.row(countRequests, r.RoomID, r.Caller, room.Session, seenAfter.UnixMilli(),
			r.Code, r.CreatedAt.UnixMilli()),
			func(c *meet.RequestCount) []any {
				return []any{(*count)(&c.Waiting), (*count)(&c.Caller), (*count)(&c.Code)}
			})
		if err != nil {
			return none, failed("count join requests", err)
		}
		if err := check(room, count); err != nil {
			return none, err
		}
		err = failed("insert join request", t.exec(insertRequest, r.ID, r.RoomID, r.Caller, r.Subject, r.UserID, r.Name, r.Role, r.Code,
			string(r.State), r.AnsweredBy, optional(r.AnsweredAt), room.Session, r.CreatedAt.UnixMilli(), r.SeenAt.UnixMilli(), r.Label, r.Admitted))
		if err != nil {
			return none, err
		}
		return none, t.event(e)
	})
	return err
}

// JoinRequest implements [meet.Store].
func (db *DB) JoinRequest(ctx context.Context, id string) (meet.JoinRequest, error) {
	ctx, err := briefly(ctx)
	if err != nil {
		return meet.JoinRequest{}, err
	}
	r, err := scanOne(db.reads.QueryRowContext(ctx, selectRequest, id), requestPointers)
	return r, failed("read join request", err)
}

// JoinRequestBySubject implements [meet.Store].
func (db *DB) JoinRequestBySubject(ctx context.Context, roomID, subject, userID, role string) (meet.JoinRequest, error) {
	ctx, err := briefly(ctx)
	if err != nil {
		return meet.JoinRequest{}, err
	}
	r, err := scanOne(db.reads.QueryRowContext(ctx, selectRequestBySubject, roomID, subject, userID, role), requestPointers)
	return r, failed("read join request", err)
}

// JoinRequests implements [meet.Store].
func (db *DB) JoinRequests(ctx context.Context, q meet.RequestQuery) ([]meet.JoinRequest, error) {
	open := int64(-1)
	if !q.OpenAt.IsZero() {
		open = q.OpenAt.UnixMilli()
	}
	requests, err := list(ctx, db, selectRequests,
		[]any{q.RoomID, string(q.State), q.Session, q.SeenAfter.UnixMilli(), max(q.Limit, 0),
			open}, requestPointers)
	return requests, failed("list join requests", err)
}

// UpdateJoinRequest implements [meet.Store].
func (db *DB) UpdateJoinRequest(ctx context.Context, id string, change func(*meet.JoinRequest, meet.Room) error, e *meet.Event) (meet.JoinRequest, error) {
	return write(ctx, db.writer, func(t *tx) (meet.JoinRequest, error) {
		r, err := scanOne(t.row(selectRequest, id), requestPointers)
		if err != nil {
			return meet.JoinRequest{}, failed("read join request", err)
		}
		room, err := t.room(r.RoomID)
		if err != nil {
			return meet.JoinRequest{}, err
		}
		if err := change(&r, room); err != nil {
			return meet.JoinRequest{}, err
		}
		if err := t.exec(updateRequest, id, string(r.State), r.AnsweredBy, optional(r.AnsweredAt), r.SeenAt.UnixMilli()); err != nil {
			return meet.JoinRequest{}, failed("update join request", err)
		}
		if r, err = scanOne(t.row(selectRequest, id), requestPointers); err != nil {
			return meet.JoinRequest{}, failed("read join request", err)
		}
		return r, t.event(e)
	})
}

// DropJoinRequests implements [meet.Store].
func (db *DB) DropJoinRequests(ctx context.Context, ids []string) error {
	for some := range slices.Chunk(ids, requestsAtOnce) {
		if _, err := write(ctx, db.writer, func(t *tx) (none struct{}, err error) {
			for _, id := range some {
				if err := t.exec(deleteRequest, id); err != nil {
					return none, failed("delete join request", err)
				}
			}
			return none, nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// ForgetJoinRequests implements [meet.Store].
func (db *DB) ForgetJoinRequests(ctx context.Context, seenUntil time.Time, limit int) error {
	_, err := db.forget(ctx, "join requests", selectForgotten, deleteForgotten, seenUntil.UnixMilli(), max(limit, 0))
	return err
}
