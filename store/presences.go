package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
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
func (db *DB) SavePresence(ctx context.Context, p meet.Presence, joined, left *meet.Event) ([]*meet.Event, error) {
	known, found, err := db.presence(ctx, p.SID)
	if err != nil {
		return nil, err
	}
	if found && (p.LeftAt.IsZero() || !known.LeftAt.IsZero()) {
		return nil, nil
	}
	return write(ctx, db.writer, func(t *tx) ([]*meet.Event, error) {
		var written []*meet.Event
		known, err := scanOne(t.row(selectPresence, p.SID), presencePointers)
		fresh := errors.Is(err, sql.ErrNoRows)
		switch {
		case fresh:
			if err := t.insertPresence(p); err != nil {
				return nil, err
			}
			written = append(written, joined)
		case err != nil:
			return nil, failed("read presence", err)
		case p.LeftAt.IsZero() || !known.LeftAt.IsZero():
			return nil, nil
		default:
			if err := t.exec(endPresence, p.SID, optional(p.LeftAt)); err != nil {
				return nil, failed("end presence", err)
			}
		}
		if !p.LeftAt.IsZero() {
			written = append(written, left)
		}
		written = slices.DeleteFunc(written, func(e *meet.Event) bool { return e == nil || e.Action == "" })
		for _, e := range written {
			if err := t.event(e); err != nil {
				return nil, err
			}
		}
		return written, nil
	})
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
