package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"roomkey/meet"
)

const (
	presenceColumns = `sid, room_id, room_sid, identity, subject, joined_at, left_at`

	selectPresence = `SELECT ` + presenceColumns + ` FROM presences WHERE sid = $1`

	insertPresence = `INSERT INTO presences (` + presenceColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)`

	endPresence = `UPDATE presences SET left_at = $2 WHERE sid = $1`

	selectWasInside = `SELECT 1 FROM presences WHERE identity = $1 AND (left_at IS NULL OR left_at >= $2) LIMIT 1`

	selectOpenPresences       = `SELECT ` + presenceColumns + ` FROM presences WHERE left_at IS NULL`
	selectOpenPresencesInRoom = selectOpenPresences + ` AND room_id = $1`

	// Who was inside has joined for good, however long their token counts.
	keepVisit = `INSERT INTO visits (subject, room_created_at, room_id) SELECT $1, created_at, id FROM rooms WHERE id = $2
	ON CONFLICT (subject, room_created_at, room_id) DO UPDATE SET until = NULL WHERE visits.until IS NOT NULL`
)

// SavePresence implements [meet.Store]. What is known already, as repetitions
// are, is not written again.
func (db *DB) SavePresence(ctx context.Context, p meet.Presence, joined, left *meet.Event) error {
	known, found, err := db.presence(ctx, p.SID)
	if err != nil || found && (p.LeftAt.IsZero() || !known.LeftAt.IsZero()) {
		return err
	}
	_, err = write(ctx, db.writer, func(t *tx) (none struct{}, err error) {
		known, err := scanOne(t.row(selectPresence, p.SID), presencePointers)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			if err := t.insertPresence(p); err != nil {
				return none, err
			}
			if err := t.event(joined); err != nil {
				return none, err
			}
		case err != nil:
			return none, failed("read presence", err)
		case p.LeftAt.IsZero() || !known.LeftAt.IsZero():
			return none, nil
		default:
			if err := t.exec(endPresence, p.SID, optional(p.LeftAt)); err != nil {
				return none, failed("end presence", err)
			}
		}
		if p.LeftAt.IsZero() {
			return none, nil
		}
		return none, t.event(left)
	})
	return err
}

func (t *tx) insertPresence(p meet.Presence) error {
	err := t.exec(insertPresence, p.SID, p.RoomID, p.RoomSID, p.Identity, p.Subject, p.JoinedAt.UnixMilli(), optional(p.LeftAt))
	if err == nil && p.Subject != "" {
		err = t.exec(keepVisit, p.Subject, p.RoomID)
	}
	return failed("insert presence", err)
}

// HasPresence implements [meet.Store].
func (db *DB) HasPresence(ctx context.Context, sid string) (bool, error) {
	_, found, err := db.presence(ctx, sid)
	return found, err
}

// WasInside implements [meet.Store].
func (db *DB) WasInside(ctx context.Context, identity string, at time.Time) (bool, error) {
	ctx, err := briefly(ctx)
	if err != nil {
		return false, err
	}
	var one int
	err = db.reads.QueryRowContext(ctx, selectWasInside, identity, at.UnixMilli()).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, failed("look for presence", err)
}

func (db *DB) presence(ctx context.Context, sid string) (p meet.Presence, found bool, err error) {
	if ctx, err = briefly(ctx); err != nil {
		return p, false, err
	}
	p, err = scanOne(db.hot.presence.QueryRowContext(ctx, sid), presencePointers)
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	return p, err == nil, failed("read presence", err)
}

// OpenPresences implements [meet.Store].
func (db *DB) OpenPresences(ctx context.Context, roomID string) ([]meet.Presence, error) {
	query, args := selectOpenPresences, []any(nil)
	if roomID != "" {
		query, args = selectOpenPresencesInRoom, []any{roomID}
	}
	open, err := list(ctx, db, query, args, presencePointers)
	return open, failed("list presences", err)
}

func presencePointers(p *meet.Presence) []any {
	return []any{&p.SID, &p.RoomID, &p.RoomSID, &p.Identity, &p.Subject, (*moment)(&p.JoinedAt), (*moment)(&p.LeftAt)}
}
