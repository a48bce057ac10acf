package store

import (
	"cmp"
	"context"
	"errors"
	"time"

	"roomkey/meet"
)

const (
	presenceColumns = `sid, room_id, room_sid, identity, subject, joined_at, left_at`

	selectPresence = `SELECT ` + presenceColumns + ` FROM presences WHERE sid = $1`

	insertPresence = `INSERT INTO presences (` + presenceColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)`

	endPresence = `UPDATE presences SET left_at = $2 WHERE sid = $1`

	selectHasPresence = `SELECT 1 FROM presences WHERE sid = $1`

	selectWasInside = `SELECT 1 FROM presences WHERE identity = $1 AND (left_at IS NULL OR left_at >= $2) LIMIT 1`

	selectOpenPresences       = `SELECT ` + presenceColumns + ` FROM presences WHERE left_at IS NULL`
	selectOpenPresencesInRoom = selectOpenPresences + ` AND room_id = $1`

	// A person who was inside has joined for good, whatever becomes of their token.
	keepVisit = `INSERT INTO visits (subject, room_created_at, room_id) SELECT $1, created_at, id FROM rooms WHERE id = $2
	ON CONFLICT (subject, room_created_at, room_id) DO UPDATE SET until = NULL WHERE visits.until IS NOT NULL`
)

// SavePresence implements [meet.PresenceStore]. What is known already is not
// written again: it is told many times.
func (db *DB) SavePresence(ctx context.Context, p meet.Presence, joined, left *meet.Event) error {
	known, err := readOne(ctx, db, "read presence", selectPresence, presencePointers, p.SID)
	if err == nil && !isNews(p, known) || err != nil && !errors.Is(err, meet.ErrNotFound) {
		return err
	}
	return db.change(ctx, func(t *tx) error {
		known, err := queryOne(t, "read presence", selectPresence, presencePointers, p.SID)
		switch {
		case errors.Is(err, meet.ErrNotFound):
			err = t.insertPresence(p)
			if joined != nil {
				err = cmp.Or(err, t.enterByCode(p), t.event(joined))
			}
		case err == nil && isNews(p, known):
			err = t.exec("end presence", endPresence, p.SID, optional(p.LeftAt))
		default:
			return err
		}
		if err != nil || p.LeftAt.IsZero() {
			return err
		}
		return t.event(left)
	})
}

// isNews says whether p adds to what is known of the same connection: its end.
func isNews(p, known meet.Presence) bool { return !p.LeftAt.IsZero() && known.LeftAt.IsZero() }

func (t *tx) insertPresence(p meet.Presence) error {
	err := t.exec("insert presence", insertPresence, p.SID, p.RoomID, p.RoomSID, p.Identity, p.Subject,
		p.JoinedAt.UnixMilli(), optional(p.LeftAt))
	if err != nil || p.Subject == "" {
		return err
	}
	return t.exec("keep visit", keepVisit, p.Subject, p.RoomID)
}

// enterByCode notes that somebody was inside by the code of an admission.
func (t *tx) enterByCode(p meet.Presence) error {
	rooms, err := queryAll(t, "note that somebody entered by a code", enterCode, textPointers, p.Identity,
		p.JoinedAt.UnixMilli())
	t.codesChanged(rooms...)
	return err
}

// HasPresence implements [meet.PresenceStore].
func (db *DB) HasPresence(ctx context.Context, sid string) (bool, error) {
	return exists(ctx, db, "look for presence", selectHasPresence, sid)
}

// WasInside implements [meet.PresenceStore].
func (db *DB) WasInside(ctx context.Context, identity string, at time.Time) (bool, error) {
	return exists(ctx, db, "look for presence", selectWasInside, identity, at.UnixMilli())
}

// OpenPresences implements [meet.PresenceStore].
func (db *DB) OpenPresences(ctx context.Context, roomID string) ([]meet.Presence, error) {
	if roomID != "" {
		return list(ctx, db, "list presences", selectOpenPresencesInRoom, presencePointers, roomID)
	}
	return list(ctx, db, "list presences", selectOpenPresences, presencePointers)
}

func presencePointers(p *meet.Presence) []any {
	return []any{&p.SID, &p.RoomID, &p.RoomSID, &p.Identity, &p.Subject, (*moment)(&p.JoinedAt), (*moment)(&p.LeftAt)}
}
