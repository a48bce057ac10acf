package store

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"roomkey/meet"
)

const (
	insertCode = `INSERT INTO codes (code, room_id, role, label, enabled, uses, max_uses,
		expires_at, last_used_at, created_at, updated_at, retired_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

	// A code's room, role, label and creation time never change.
	updateCode = `UPDATE codes SET enabled = $2, uses = $3, max_uses = $4, expires_at = $5, last_used_at = $6, updated_at = $7
	WHERE code = $1 RETURNING ` + codeColumns

	retireCode = `UPDATE codes SET retired_at = $2, updated_at = $2 WHERE code = $1`

	disableRole = `UPDATE codes SET enabled = 0, updated_at = $3
	WHERE room_id = $1 AND role = $2 AND retired_at IS NULL AND enabled = 1 RETURNING code`

	selectCode = `SELECT ` + codeColumns + ` FROM codes WHERE code = $1`

	selectCodeAndRoom = `SELECT ` + codeColumns + `, ` + roomColumns + `
	FROM codes JOIN rooms ON rooms.id = codes.room_id WHERE codes.code = $1`

	selectCurrentCode = `SELECT ` + codeColumns + ` FROM codes
	WHERE room_id = $1 AND role = $2 AND label = $3 AND retired_at IS NULL`

	selectCurrentRoles = `SELECT DISTINCT role FROM codes WHERE room_id = $1 AND retired_at IS NULL`

	// An empty $4 is every role; a negative $5 is enabled or not.
	selectCodes = `SELECT ` + codeColumns + ` FROM codes
	WHERE room_id = $1 AND retired_at IS NULL AND (created_at, code) > ($2, $3)
		AND ($4 = '' OR role = $4) AND ($5 < 0 OR enabled = $5)
	ORDER BY created_at, code LIMIT $6`
)

// EnsureCodes implements [meet.Store].
func (db *DB) EnsureCodes(ctx context.Context, roomID string, fresh []meet.RoomCode, roles []string, now time.Time, e *meet.Event) ([]meet.RoomCode, error) {
	return write(ctx, db.writer, func(t *tx) ([]meet.RoomCode, error) {
		if _, err := t.room(roomID); err != nil {
			return nil, err
		}
		changed := false
		for _, code := range fresh {
			_, err := t.currentCode(roomID, code.Role, code.Label)
			if errors.Is(err, meet.ErrNotFound) {
				changed, err = true, t.insertCode(roomID, code)
			}
			if err != nil {
				return nil, err
			}
		}
		disabled := false
		if roles != nil {
			var err error
			if disabled, err = t.disableOtherRoles(roomID, roles, now); err != nil {
				return nil, err
			}
		}
		if changed || disabled {
			if err := t.event(e); err != nil {
				return nil, err
			}
		}
		codes := make([]meet.RoomCode, len(fresh))
		for i, code := range fresh {
			var err error
			if codes[i], err = t.currentCode(roomID, code.Role, code.Label); err != nil {
				return nil, err
			}
		}
		return codes, nil
	})
}

// Codes implements [meet.Store].
func (db *DB) Codes(ctx context.Context, q meet.CodeQuery) ([]meet.RoomCode, error) {
	ctx, err := briefly(ctx)
	if err != nil {
		return nil, err
	}
	if codes, ok := db.cache.list(q); ok {
		return codes, nil
	}
	seen := db.cache.seen()
	afterAt, afterCode, enabled := int64(math.MinInt64), "", int64(-1)
	if q.After != nil {
		afterAt, afterCode = q.After.At.UnixMilli(), q.After.Key
	}
	if q.Enabled != nil {
		enabled = bit(*q.Enabled)
	}
	rows, err := db.hot.codes.QueryContext(ctx, q.RoomID, afterAt, afterCode, q.Role, enabled, max(q.Limit, 0))
	codes, err := scanAll(rows, err, codePointers)
	if err == nil {
		db.cache.putCodes(seen, q, codes)
	}
	return codes, failed("list codes", err)
}

// CodeAndRoom implements [meet.Store].
func (db *DB) CodeAndRoom(ctx context.Context, code string) (meet.RoomCode, meet.Room, error) {
	ctx, err := briefly(ctx)
	if err != nil {
		return meet.RoomCode{}, meet.Room{}, err
	}
	if found, room, ok := db.cache.door(code); ok {
		return found, room, nil
	}
	seen := db.cache.seen()
	found, err := scanOne(db.hot.codeAndRoom.QueryRowContext(ctx, code), (*codeAndRoom).pointers)
	if err == nil {
		db.cache.putDoor(seen, found.code, found.room)
	}
	return found.code, found.room, failed("read code and room", err)
}

// UpdateCode implements [meet.Store]. What names the code, its room, role and
// label, stays as it is, whatever change does to it.
func (db *DB) UpdateCode(ctx context.Context, code string, change func(*meet.RoomCode) error, r *meet.Revocation, e *meet.Event) (meet.RoomCode, error) {
	return write(ctx, db.writer, func(t *tx) (meet.RoomCode, error) {
		c, err := t.code(code)
		if err != nil {
			return meet.RoomCode{}, err
		}
		if err := change(&c); err != nil {
			return meet.RoomCode{}, err
		}
		t.codeChanged(c.RoomID, code)
		c, err = scanOne(t.row(updateCode, code, bit(c.Enabled), c.Uses, c.MaxUses,
			optional(c.ExpiresAt), optional(c.LastUsedAt), c.UpdatedAt.UnixMilli()), codePointers)
		if err != nil {
			return meet.RoomCode{}, failed("update code", err)
		}
		if r != nil {
			if err := t.revokeAll(*r); err != nil {
				return meet.RoomCode{}, err
			}
		}
		return c, t.event(e)
	})
}

// ReplaceCode implements [meet.Store]. A disabled code's successor is
// disabled too. A code that is retired and that check lets pass all the same
// is not found.
func (db *DB) ReplaceCode(ctx context.Context, code, fresh string, now time.Time, check func(meet.RoomCode) error, e *meet.Event) (meet.RoomCode, error) {
	return write(ctx, db.writer, func(t *tx) (meet.RoomCode, error) {
		old, err := t.code(code)
		if err != nil {
			return meet.RoomCode{}, err
		}
		if err := check(old); err != nil {
			return meet.RoomCode{}, err
		}
		if !old.RetiredAt.IsZero() {
			return meet.RoomCode{}, meet.ErrNotFound
		}
		t.codeChanged(old.RoomID, code)
		if err := t.exec(retireCode, code, now.UnixMilli()); err != nil {
			return meet.RoomCode{}, failed("retire code", err)
		}
		successor := meet.RoomCode{Code: fresh, RoomID: old.RoomID, Role: old.Role, Label: old.Label, Enabled: old.Enabled,
			MaxUses: old.MaxUses, ExpiresAt: old.ExpiresAt, CreatedAt: now, UpdatedAt: now}
		if err := t.insertCode(old.RoomID, successor); err != nil {
			return meet.RoomCode{}, err
		}
		if err := t.event(e); err != nil {
			return meet.RoomCode{}, err
		}
		return t.code(fresh)
	})
}

// disableOtherRoles says whether there was any code to disable.
func (t *tx) disableOtherRoles(roomID string, roles []string, now time.Time) (disabled bool, err error) {
	rows, err := t.rows(selectCurrentRoles, roomID)
	current, err := scanAll(rows, err, textPointers)
	if err != nil {
		return false, failed("read roles of current codes", err)
	}
	for _, role := range current {
		if slices.Contains(roles, role) {
			continue
		}
		t.codesChanged(roomID)
		rows, err := t.rows(disableRole, roomID, role, now.UnixMilli())
		codes, err := scanAll(rows, err, textPointers)
		if err != nil {
			return false, failed("disable codes", err)
		}
		disabled = disabled || len(codes) > 0
	}
	return disabled, nil
}

func (t *tx) currentCode(roomID, role, label string) (meet.RoomCode, error) {
	c, err := scanOne(t.row(selectCurrentCode, roomID, role, label), codePointers)
	return c, failed("read current code", err)
}

func (t *tx) code(code string) (meet.RoomCode, error) {
	c, err := scanOne(t.row(selectCode, code), codePointers)
	return c, failed("read code", err)
}

func (t *tx) insertCode(roomID string, c meet.RoomCode) error {
	t.codeChanged(roomID, c.Code)
	err := t.exec(insertCode, c.Code, roomID, c.Role, c.Label, bit(c.Enabled), c.Uses, c.MaxUses,
		optional(c.ExpiresAt), optional(c.LastUsedAt), c.CreatedAt.UnixMilli(), c.UpdatedAt.UnixMilli(), optional(c.RetiredAt))
	if violated(err) == keyTaken {
		return meet.ErrCodeTaken
	}
	return failed("insert code", err)
}
