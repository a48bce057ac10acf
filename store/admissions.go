package store

import (
	"cmp"
	"context"
	"errors"
	"time"

	"roomkey/meet"
)

const (
	insertJoin = `INSERT INTO joins (identity, room_id, subject, user_id, name, role, principal, code, request_id,
		created_at, locked, vouched, person, label, unlocked, opening, overrides, overrides_end, generation)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
		(SELECT COALESCE(MAX(generation) + 1, 0) FROM revocations WHERE came_by = $19))`

	// Of several tokens the one that lives longest counts. A visit that counts
	// for good (NULL) stays as it is.
	insertVisit = `INSERT INTO visits (subject, room_created_at, room_id, until) VALUES ($1, $2, $3, $4)
	ON CONFLICT (subject, room_created_at, room_id) DO UPDATE SET until = excluded.until
		WHERE visits.until < excluded.until`

	joinColumns = `joins.identity, joins.room_id, joins.subject, joins.user_id, joins.name, joins.role, joins.principal,
	COALESCE(joins.code, ''), joins.request_id, joins.created_at,
	COALESCE(joins.revoked_at, of_code.revoked_at, of_request.revoked_at, of_user.disabled_at,
		CASE WHEN joins.created_at < of_user.tokens_from THEN of_user.tokens_from END),
	joins.locked, joins.vouched, joins.person,
	joins.label, joins.unlocked, joins.returned, joins.opening, joins.overrides`
	joinsFrom = ` FROM joins
	LEFT JOIN revocations AS of_code ON of_code.came_by = joins.code AND of_code.generation = joins.generation
	LEFT JOIN revocations AS of_request ON of_request.came_by = joins.request_id AND of_request.generation = 0
	LEFT JOIN users AS of_user ON of_user.subject = joins.subject AND joins.vouched = 0 `

	selectJoin        = `SELECT ` + joinColumns + joinsFrom + `WHERE joins.identity = $1`
	selectJoinAndRoom = `SELECT ` + joinColumns + `, ` + roomColumns + joinsFrom + `
	JOIN rooms ON rooms.id = joins.room_id WHERE joins.identity = $1`

	// One that is revoked already, by whatever way, stays as it is.
	revokeJoin = `UPDATE joins SET revoked_at = $3 WHERE identity = $1 AND room_id = $2 AND revoked_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM revocations WHERE came_by = joins.code AND generation = joins.generation)
		AND NOT EXISTS (SELECT 1 FROM revocations WHERE came_by = joins.request_id AND generation = 0)
	RETURNING request_id`

	// One row ends all the admissions by a code until now, and the approvals
	// that were used with it: what reads those looks for this row.
	revokeCode = `INSERT INTO revocations (came_by, generation, revoked_by, revoked_at)
	SELECT code, (SELECT COALESCE(MAX(generation) + 1, 0) FROM revocations WHERE came_by = $1), $3, $4
	FROM codes WHERE code = $1 AND room_id = $2`

	revokeRequest = `INSERT INTO revocations (came_by, generation, revoked_by, revoked_at) VALUES ($1, 0, $2, $3)
	ON CONFLICT (came_by, generation) DO NOTHING`

	// An approval does not outlive a removal.
	takeApproval = `UPDATE join_requests SET state = 'refused', answered_by = $2, answered_at = $3
	WHERE id = $1 AND state = 'approved'`
)

// AddAdmission implements [meet.AdmissionStore].
func (db *DB) AddAdmission(ctx context.Context, admission meet.Admission, tokenDies time.Time,
	check func(meet.JoinContext) error, e *meet.Event) (meet.Admission, error) {
	return write(ctx, db.writer, func(t *tx) (meet.Admission, error) {
		join := admission // what an earlier run has inherited is taken back
		c, err := t.joinContext(join)
		if err != nil {
			return join, err
		}
		if err := check(c); err != nil {
			return join, err
		}
		join.Opening = c.Room.Opening
		if err := cmp.Or(t.useCode(join, c), t.inherit(&join, c.Room)); err != nil {
			return join, err
		}
		return join, cmp.Or(t.insertAdmission(join, c.Room, tokenDies), t.insertPendingUse(join, c.Code, tokenDies),
			t.event(e))
	})
}

// joinContext reads what decides about a join.
func (t *tx) joinContext(join meet.Admission) (c meet.JoinContext, err error) {
	if join.RequestID != "" {
		if c.Request, err = t.request(join.RequestID); err != nil && !errors.Is(err, meet.ErrNotFound) {
			return c, err
		}
	}
	if join.Code != "" {
		c.Code, c.Room, err = t.codeAndRoom(join.Code)
	} else {
		c.Room, err = t.room(join.RoomID)
	}
	if err == nil && c.Room.ID != join.RoomID {
		err = meet.ErrNotFound
	}
	if err == nil && c.Room.HasBlocks {
		c.Blocks, err = queryAll(t, "read blocks", selectBlocks, blockPointers, join.RoomID)
	}
	return c, err
}

// useCode counts a use of the code of a join, and notes on an approval that it is
// used, and with which code.
func (t *tx) useCode(join meet.Admission, c meet.JoinContext) error {
	var err error
	if join.Code != "" {
		t.countUse(c.Code, join.CreatedAt)
		if c.Request.ID != "" {
			err = t.exec("note the code of an approval", useRequest, c.Request.ID, join.Code)
		}
	}
	if join.RequestID == "" || c.Request.Admitted != "" {
		return err
	}
	return cmp.Or(err, t.exec("use approval", useApproval, join.RequestID, join.Identity))
}

func (t *tx) insertAdmission(j meet.Admission, room meet.Room, tokenDies time.Time) error {
	var code any
	if j.Code != "" {
		code = j.Code
	}
	err := t.exec("record join", insertJoin, j.Identity, room.ID, j.Subject, j.UserID, j.Name, j.Role,
		string(j.Principal), code, j.RequestID, j.CreatedAt.UnixMilli(), sourcesText(j.Locked), bit(j.Vouched), j.Person,
		j.Label, sourcesText(j.Unlocked), j.Opening, overridesText(j.Overrides), optional(j.Overrides.EndsNext()), code)
	if err != nil || j.Subject == "" {
		return err
	}
	return t.exec("record visit", insertVisit, j.Subject, room.CreatedAt.UnixMilli(), room.ID, tokenDies.UnixMilli())
}

// Admission implements [meet.AdmissionStore].
func (db *DB) Admission(ctx context.Context, identity string) (meet.Admission, meet.Room, error) {
	found, err := readOne(ctx, db, "read join and room", selectJoinAndRoom, (*admissionAndRoom).pointers, identity)
	return found.admission, found.room, err
}

// admissionAndRoom is a row of selectJoinAndRoom.
type admissionAndRoom struct {
	admission meet.Admission
	room      meet.Room
}

func (r *admissionAndRoom) pointers() []any {
	return append(admissionPointers(&r.admission), roomPointers(&r.room)...)
}

func (t *tx) admission(identity string) (meet.Admission, error) {
	return queryOne(t, "read join", selectJoin, admissionPointers, identity)
}

// admissionIn is admission for one room. It finds none that is to another room.
func (t *tx) admissionIn(roomID, identity string) (meet.Admission, error) {
	join, err := t.admission(identity)
	if err == nil && join.RoomID != roomID {
		err = meet.ErrNotFound
	}
	return join, err
}

func admissionPointers(j *meet.Admission) []any {
	return []any{&j.Identity, &j.RoomID, &j.Subject, &j.UserID, &j.Name, &j.Role, (*string)(&j.Principal), &j.Code,
		&j.RequestID, (*moment)(&j.CreatedAt), (*moment)(&j.RevokedAt), (*sources)(&j.Locked), (*flag)(&j.Vouched),
		&j.Person, &j.Label, (*sources)(&j.Unlocked), (*flag)(&j.Returned), (*count)(&j.Opening),
		(*overrides)(&j.Overrides)}
}

// RevokeAdmissions implements [meet.AdmissionStore].
func (db *DB) RevokeAdmissions(ctx context.Context, r meet.Revocation, e *meet.Event) error {
	return db.change(ctx, func(t *tx) error {
		return cmp.Or(t.revokeAll(r), t.event(e))
	})
}

func (t *tx) revokeAll(r meet.Revocation) (err error) {
	for _, identity := range r.Identities {
		err = cmp.Or(err, t.revoke(identity, r))
	}
	if r.Code != "" {
		err = cmp.Or(err, t.exec("revoke joins by code", revokeCode, r.Code, r.RoomID, r.By, r.At.UnixMilli()))
	}
	if r.Block != nil {
		err = cmp.Or(err, t.insertBlock(*r.Block))
	}
	return err
}

// revoke ends one admission, the approval behind it and the other admissions by
// that approval. It passes over admissions to other rooms and those that are
// revoked already.
func (t *tx) revoke(identity string, r meet.Revocation) error {
	at := r.At.UnixMilli()
	request, err := queryOne(t, "revoke join", revokeJoin, textPointers, identity, r.RoomID, at)
	if errors.Is(err, meet.ErrNotFound) {
		return nil
	}
	if err != nil || request == "" {
		return err
	}
	return cmp.Or(t.exec("take approval back", takeApproval, request, r.By, at),
		t.exec("revoke joins by the same approval", revokeRequest, request, r.By, at))
}
