package store

import (
	"cmp"
	"context"
	"errors"
	"time"

	"roomkey/meet"
)

const (
	presenceColumns = `presences.sid, presences.room_id, presences.room_sid, presences.identity, presences.subject,
	presences.opening, presences.person, presences.joined_at, presences.left_at, presences.speaking_ms`

	selectPresence = `SELECT ` + presenceColumns + `, presences.session_id FROM presences WHERE sid = $1`

	insertPresence = `INSERT INTO presences (sid, room_id, room_sid, identity, subject, opening, person, joined_at,
		left_at, session_id, speaking_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

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
	known, err := readOne(ctx, db, "read presence", selectPresence, (*knownPresence).pointers, p.SID)
	if err == nil && !known.isNews(p, joined) || err != nil && !errors.Is(err, meet.ErrNotFound) {
		return err
	}
	return db.change(ctx, func(t *tx) error {
		known, err := queryOne(t, "read presence", selectPresence, (*knownPresence).pointers, p.SID)
		switch {
		case errors.Is(err, meet.ErrNotFound):
			err = t.addPresence(p, joined)
		case err != nil || !known.isNews(p, joined):
			return err
		case p.LeftAt.IsZero():
			return t.putIntoSession(p)
		default:
			err = cmp.Or(t.exec("end presence", endPresence, p.SID, p.LeftAt.UnixMilli()), t.endSession(known.session, p))
		}
		if err != nil || p.LeftAt.IsZero() {
			return err
		}
		return t.event(left)
	})
}

// knownPresence is a row of selectPresence.
type knownPresence struct {
	presence meet.Presence
	session  string // empty if it is in none
}

func (k *knownPresence) pointers() []any { return append(presencePointers(&k.presence), &k.session) }

// isNews says whether p adds to what is known of the same connection: its end, or
// that it is in a session, which nobody noted before there were sessions.
func (k *knownPresence) isNews(p meet.Presence, joined *meet.Event) bool {
	return k.presence.LeftAt.IsZero() && (!p.LeftAt.IsZero() || k.session == "" && joined != nil)
}

// addPresence stores a presence that is not on record. With joined it is in a
// session.
func (t *tx) addPresence(p meet.Presence, joined *meet.Event) (err error) {
	session := ""
	if joined != nil {
		if session, err = t.sessionOf(p); err != nil {
			return err
		}
	}
	err = t.exec("insert presence", insertPresence, p.SID, p.RoomID, p.RoomSID, p.Identity, p.Subject, p.Opening, p.Person,
		p.JoinedAt.UnixMilli(), optional(p.LeftAt), session, optionalMilliseconds(p.Speaking))
	if p.Subject != "" {
		err = cmp.Or(err, t.exec("keep visit", keepVisit, p.Subject, p.RoomID))
	}
	if joined != nil {
		err = cmp.Or(err, t.enterByCode(p), t.event(joined))
	}
	if session != "" && !p.LeftAt.IsZero() {
		err = cmp.Or(err, t.endSession(session, p))
	}
	return err
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
	return []any{&p.SID, &p.RoomID, &p.RoomSID, &p.Identity, &p.Subject, (*count)(&p.Opening), &p.Person,
		(*moment)(&p.JoinedAt), (*moment)(&p.LeftAt), &optionalSpan{&p.Speaking}}
}
