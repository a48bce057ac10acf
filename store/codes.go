package store

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"roomkey/meet"
)

const (
	insertCode = `INSERT INTO codes (code, room_id, role, label, enabled, uses, max_uses,
		expires_at, last_used_at, created_at, updated_at, retired_at, email, entered_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`

	// A code's room, role, label and creation time never change.
	updateCode = `UPDATE codes SET enabled = $2, uses = $3, max_uses = $4, expires_at = $5, last_used_at = $6,
		updated_at = $7, email = $8
	WHERE code = $1 RETURNING ` + codeColumns

	enterCode = `UPDATE codes SET entered_at = $2
	WHERE code = (SELECT code FROM joins WHERE identity = $1) AND entered_at IS NULL RETURNING room_id`

	retireCode = `UPDATE codes SET retired_at = $2, updated_at = $2 WHERE code = $1`

	disableRole = `UPDATE codes SET enabled = 0, updated_at = $3
	WHERE room_id = $1 AND role = $2 AND retired_at IS NULL AND enabled = 1 RETURNING code`

	selectCode = `SELECT ` + codeColumns + ` FROM codes WHERE code = $1`

	selectCodeAndRoom = `SELECT ` + codeColumns + `, ` + roomColumns + `
	FROM codes JOIN rooms ON rooms.id = codes.room_id WHERE codes.code = $1`

	selectCurrentCode = `SELECT ` + codeColumns + ` FROM codes
	WHERE room_id = $1 AND role = $2 AND label = $3 AND retired_at IS NULL`

	selectCurrentCodes = `SELECT COUNT(*) FROM (SELECT 1 FROM codes
	WHERE room_id = $1 AND retired_at IS NULL LIMIT $2) AS found`

	selectCurrentRoles = `SELECT DISTINCT role FROM codes WHERE room_id = $1 AND retired_at IS NULL`

	// An empty $4 is every role; a negative $5 is enabled or not, a negative $7
	// unused or not.
	selectCodes = `SELECT ` + codeColumns + ` FROM codes
	WHERE room_id = $1 AND retired_at IS NULL AND (created_at, code) > ($2, $3)
		AND ($4 = '' OR role = $4) AND ($5 < 0 OR enabled = $5)
		AND ($7 < 0 OR (entered_at IS NULL AND $7 = 1) OR (entered_at IS NOT NULL AND $7 = 0))
	ORDER BY created_at, code LIMIT $6`
)

// EnsureCodes implements [meet.CodeStore].
func (db *DB) EnsureCodes(ctx context.Context, roomID string, wanted []meet.RoomCode, roles []string,
	change func(*meet.RoomCode) (*meet.Event, error), now time.Time, most int, e *meet.Event) ([]meet.RoomCode, error) {
	return write(ctx, db.writer, func(t *tx) ([]meet.RoomCode, error) {
		if _, err := t.room(roomID); err != nil {
			return nil, err
		}
		changed, err := t.disableOtherRoles(roomID, roles, now)
		if err != nil {
			return nil, err
		}
		codes, made := make([]meet.RoomCode, len(wanted)), false
		for i, code := range wanted {
			codes[i], err = t.currentCode(roomID, code)
			switch {
			case errors.Is(err, meet.ErrNotFound):
				made, err = true, t.insertCode(roomID, code)
				codes[i] = code
			case err == nil && change != nil:
				codes[i], err = t.alterCode(codes[i], change)
			}
			if err != nil {
				return nil, err
			}
		}
		if made {
			changed = true
			if err := t.checkCurrentCodes(roomID, most); err != nil {
				return nil, err
			}
		}
		if !changed {
			return codes, nil
		}
		return codes, t.event(e)
	})
}

// alterCode stores what change makes of a code, and its event. Without an event
// nothing is stored.
func (t *tx) alterCode(c meet.RoomCode, change func(*meet.RoomCode) (*meet.Event, error)) (meet.RoomCode, error) {
	altered := c
	e, err := change(&altered)
	if err != nil || e == nil {
		return c, err
	}
	altered, err = t.storeCode(c, altered)
	return altered, cmp.Or(err, t.event(e))
}

// storeCode stores the limits, uses and times of an altered code.
func (t *tx) storeCode(c, altered meet.RoomCode) (meet.RoomCode, error) {
	t.codesChanged(c.RoomID)
	return queryOne(t, "update code", updateCode, codePointers, c.Code, bit(altered.Enabled), altered.Uses,
		altered.MaxUses, optional(altered.ExpiresAt), optional(altered.LastUsedAt), altered.UpdatedAt.UnixMilli(),
		altered.Email)
}

// checkCurrentCodes refuses if the room has more than most codes by now.
func (t *tx) checkCurrentCodes(roomID string, most int) error {
	if most <= 0 {
		return nil
	}
	n, err := queryOne(t, "count codes", selectCurrentCodes, intPointers, roomID, most+1)
	if err == nil && n > most {
		return meet.ErrLimitReached
	}
	return err
}

// Codes implements [meet.CodeStore].
func (db *DB) Codes(ctx context.Context, q meet.CodeQuery) ([]meet.RoomCode, error) {
	if cached, _ := db.cache.room(q.RoomID); cached.codes != nil && q.After == nil {
		return matching(cached.codes, q), ctx.Err()
	}
	version := db.cache.now()
	afterAt, afterCode := int64(math.MinInt64), ""
	if q.After != nil {
		afterAt, afterCode = q.After.At.UnixMilli(), q.After.Key
	}
	codes, err := readAll(ctx, db, "list codes", selectCodes, codePointers,
		q.RoomID, afterAt, afterCode, q.Role, eitherOr(q.Enabled), max(q.Limit, 0), eitherOr(q.Unused))
	if err == nil && q.After == nil && q.Role == "" && q.Enabled == nil && q.Unused == nil && len(codes) < q.Limit {
		db.cache.putCodes(version, q.RoomID, codes) // that is all of them
	}
	return codes, err
}

// eitherOr is 0 or 1, or negative for what does not matter.
func eitherOr(b *bool) int64 {
	if b == nil {
		return -1
	}
	return bit(*b)
}

// matching gives the codes that a query from the start asks for, out of all of
// its room.
func matching(all []meet.RoomCode, q meet.CodeQuery) (codes []meet.RoomCode) {
	for _, code := range all {
		if len(codes) < q.Limit && (q.Role == "" || q.Role == code.Role) &&
			(q.Enabled == nil || *q.Enabled == code.Enabled) && (q.Unused == nil || *q.Unused == code.EnteredAt.IsZero()) {
			codes = append(codes, code)
		}
	}
	return codes
}

// CurrentCode implements [meet.CodeStore].
func (db *DB) CurrentCode(ctx context.Context, roomID, role, label string) (meet.RoomCode, error) {
	return readOne(ctx, db, "read current code", selectCurrentCode, codePointers, roomID, role, label)
}

// CodeAndRoom implements [meet.CodeStore].
func (db *DB) CodeAndRoom(ctx context.Context, code string) (meet.RoomCode, meet.Room, error) {
	found, err := readOne(ctx, db, "read code and room", selectCodeAndRoom, (*codeAndRoom).pointers, code)
	return found.code, found.room, err
}

// UpdateCode implements [meet.CodeStore]. The code, its room, role and label
// stay as they are, whatever change does to them.
func (db *DB) UpdateCode(ctx context.Context, code string, change func(*meet.RoomCode) error, r *meet.Revocation,
	e *meet.Event) (meet.RoomCode, error) {
	return write(ctx, db.writer, func(t *tx) (c meet.RoomCode, err error) {
		if c, err = t.code(code); err != nil {
			return c, err
		}
		altered := c
		if err := change(&altered); err != nil {
			return c, err
		}
		c, err = t.storeCode(c, altered)
		if r != nil {
			err = cmp.Or(err, t.revokeAll(*r))
		}
		return c, cmp.Or(err, t.event(e))
	})
}

// ReplaceCode implements [meet.CodeStore].
func (db *DB) ReplaceCode(ctx context.Context, code, successor string, now time.Time, check func(meet.RoomCode) error,
	r *meet.Revocation, e *meet.Event) (meet.RoomCode, error) {
	return write(ctx, db.writer, func(t *tx) (c meet.RoomCode, err error) {
		if c, err = t.code(code); err != nil {
			return c, err
		}
		if err := check(c); err != nil {
			return c, err
		}
		if !c.RetiredAt.IsZero() {
			return c, meet.ErrNotFound
		}
		t.codesChanged(c.RoomID)
		err = t.exec("retire code", retireCode, code, now.UnixMilli())
		c.Code, c.Enabled, c.Uses, c.LastUsedAt, c.EnteredAt = successor, true, 0, time.Time{}, time.Time{}
		c.CreatedAt, c.UpdatedAt = now, now
		err = cmp.Or(err, t.insertCode(c.RoomID, c))
		if r != nil {
			err = cmp.Or(err, t.revokeAll(*r))
		}
		if err = cmp.Or(err, t.event(e)); err != nil {
			return c, err
		}
		return t.code(successor)
	})
}

// disableOtherRoles disables the codes whose role is not one of roles, unless
// that is nil. It says whether there were any.
func (t *tx) disableOtherRoles(roomID string, roles []string, now time.Time) (disabled bool, err error) {
	if roles == nil {
		return false, nil
	}
	current, err := queryAll(t, "read roles of current codes", selectCurrentRoles, textPointers, roomID)
	if err != nil {
		return false, err
	}
	for _, role := range current {
		if slices.Contains(roles, role) {
			continue
		}
		t.codesChanged(roomID)
		codes, err := queryAll(t, "disable codes", disableRole, textPointers, roomID, role, now.UnixMilli())
		if err != nil {
			return false, err
		}
		disabled = disabled || len(codes) > 0
	}
	return disabled, nil
}

// currentCode reads the current code with the role and label of another.
func (t *tx) currentCode(roomID string, like meet.RoomCode) (meet.RoomCode, error) {
	return queryOne(t, "read current code", selectCurrentCode, codePointers, roomID, like.Role, like.Label)
}

// codeAndRoom reads a code and its room, unless they were read in the transaction.
func (t *tx) codeAndRoom(code string) (meet.RoomCode, meet.Room, error) {
	if len(t.rooms) > 0 {
		found, err := t.code(code)
		if err != nil {
			return found, meet.Room{}, err
		}
		room, err := t.room(found.RoomID)
		return found, room, err
	}
	found, err := queryOne(t, "read code and room", selectCodeAndRoom, (*codeAndRoom).pointers, code)
	if err == nil {
		t.rooms[found.room.ID], t.codes[code] = found.room, found.code
	}
	return found.code, found.room, err
}

func (t *tx) code(code string) (meet.RoomCode, error) {
	if c, ok := t.codes[code]; ok {
		return c, t.err
	}
	c, err := queryOne(t, "read code", selectCode, codePointers, code)
	if err == nil {
		t.codes[code] = c
	}
	return c, err
}

func (t *tx) insertCode(roomID string, c meet.RoomCode) error {
	t.codesChanged(roomID)
	taken := func(err error) error {
		if t.dialect.violated(err) == keyTaken {
			return meet.ErrCodeTaken
		}
		return err
	}
	return t.execOr(taken, "insert code", insertCode, c.Code, roomID, c.Role, c.Label, bit(c.Enabled), c.Uses, c.MaxUses,
		optional(c.ExpiresAt), optional(c.LastUsedAt), c.CreatedAt.UnixMilli(), c.UpdatedAt.UnixMilli(),
		optional(c.RetiredAt), c.Email, optional(c.EnteredAt))
}
