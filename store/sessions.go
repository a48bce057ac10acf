package store

import (
	"cmp"
	"context"
	"math"
	"time"

	"roomkey/meet"
)

const (
	sessionColumns = `id, room_id, opening, started_at, ended_at, ended_because, people, peak`

	selectSession = `SELECT ` + sessionColumns + ` FROM sessions WHERE id = $1`

	selectSessions = `SELECT ` + sessionColumns + ` FROM sessions WHERE room_id = $1 AND (started_at, id) < ($2, $3)
	ORDER BY started_at DESC, id DESC LIMIT $4`

	selectOpenSession = `SELECT ` + sessionColumns + ` FROM sessions
	WHERE room_id = $1 AND opening = $2 AND ended_at IS NULL`

	// The session that went on while somebody of whom is told late was inside, from
	// $3 to $4.
	selectSessionDuring = `SELECT ` + sessionColumns + ` FROM sessions
	WHERE room_id = $1 AND opening = $2 AND ended_at > $3 AND started_at < $4 ORDER BY ended_at LIMIT 1`

	insertSession = `INSERT INTO sessions (id, room_id, opening, started_at, ended_at) VALUES ($1, $2, $3, $4, $5)`

	extendSession = `UPDATE sessions SET started_at = $2 WHERE id = $1`
	reopenSession = `UPDATE sessions SET started_at = $2, ended_at = NULL, ended_because = '' WHERE id = $1`

	// Those who are inside are few beside all in the session, whose index is not used
	// where the column is hidden.
	selectInside = `SELECT 1 FROM presences WHERE room_id = $1 AND left_at IS NULL AND session_id || '' = $2 LIMIT 1`

	selectPresencesIn = `SELECT person, joined_at, left_at FROM presences WHERE session_id = $1`

	endSession = `UPDATE sessions SET ended_at = $2, people = $3, peak = $4,
	ended_because = CASE WHEN ended_because = '' THEN $5 ELSE ended_because END WHERE id = $1`

	setSession = `UPDATE presences SET session_id = $2, opening = $3, person = $4 WHERE sid = $1`

	// CROSS JOIN has SQLite find the people of the page first.
	selectStays = `SELECT ` + presenceColumns + `, joins.identity, joins.subject, joins.user_id, joins.name, joins.role,
		joins.vouched, joins.label
	FROM (SELECT person, MIN(joined_at) AS came FROM presences WHERE session_id = $1 GROUP BY person
		HAVING (MIN(joined_at), person) > ($2, $3) ORDER BY MIN(joined_at), person LIMIT $4) AS found
	CROSS JOIN presences JOIN joins ON joins.identity = presences.identity
	WHERE presences.session_id = $1 AND presences.person = found.person
	ORDER BY found.came, found.person, presences.joined_at, presences.sid`

	addSpeaking = `UPDATE presences SET speaking_ms = COALESCE(speaking_ms, 0) + $2 WHERE sid = $1`

	setSeen = `INSERT INTO last_seen (name, at) VALUES ('people', $1)
	ON CONFLICT (name) DO UPDATE SET at = excluded.at`

	keepSeen = `UPDATE last_seen SET at = $1 WHERE name = 'people' AND at >= $2`

	// While somebody else is inside, nothing says that all of them are there.
	setSeenFirst = `INSERT INTO last_seen (name, at) SELECT 'people', CAST($1 AS BIGINT)
	WHERE NOT EXISTS (SELECT 1 FROM presences WHERE left_at IS NULL)
	ON CONFLICT (name) DO UPDATE SET at = excluded.at`

	selectSeen = `SELECT at FROM last_seen WHERE name = 'people'`
)

// Sessions implements [meet.SessionStore].
func (db *DB) Sessions(ctx context.Context, q meet.SessionQuery) ([]meet.Session, error) {
	startedAt, id := int64(math.MaxInt64), ""
	if q.Before != nil {
		startedAt, id = q.Before.At.UnixMilli(), q.Before.Key
	}
	sessions, err := list(ctx, db, "list sessions", selectSessions, sessionPointers, q.RoomID, startedAt, id,
		max(q.Limit, 0))
	for i := range sessions {
		err = cmp.Or(err, db.countOpen(ctx, &sessions[i]))
	}
	return sessions, err
}

// Session implements [meet.SessionStore].
func (db *DB) Session(ctx context.Context, id string) (meet.Session, error) {
	session, err := readOne(ctx, db, "read session", selectSession, sessionPointers, id)
	if err != nil {
		return meet.Session{}, err
	}
	return session, db.countOpen(ctx, &session)
}

// countOpen counts the people of a session that goes on; of others it is on record.
func (db *DB) countOpen(ctx context.Context, s *meet.Session) error {
	if !s.EndedAt.IsZero() {
		return nil
	}
	presences, err := list(ctx, db, "list presences of session", selectPresencesIn, partOfSessionPointers, s.ID)
	s.People, s.Peak = meet.CountPeople(presences)
	return err
}

// Stays implements [meet.SessionStore].
func (db *DB) Stays(ctx context.Context, q meet.StayQuery) ([]meet.Stay, error) {
	came, person := int64(math.MinInt64), ""
	if q.After != nil {
		came, person = q.After.At.UnixMilli(), q.After.Key
	}
	return list(ctx, db, "list people of session", selectStays, stayPointers, q.SessionID, came, person, max(q.Limit, 0))
}

// sessionOf gives the id of the session that a presence belongs to, which is not
// on record yet. If there is none it begins one.
func (t *tx) sessionOf(p meet.Presence) (string, error) {
	found, err := queryAll(t, "read open session", selectOpenSession, sessionPointers, p.RoomID, p.Opening)
	if err == nil && (len(found) == 0 || !p.LeftAt.IsZero() && p.LeftAt.Before(found[0].StartedAt)) {
		until := int64(math.MaxInt64)
		if !p.LeftAt.IsZero() {
			until = p.LeftAt.UnixMilli()
		}
		found, err = queryAll(t, "read session", selectSessionDuring, sessionPointers, p.RoomID, p.Opening,
			p.JoinedAt.UnixMilli(), until)
	}
	switch {
	case err != nil:
		return "", err
	case len(found) == 0 && p.LeftAt.IsZero():
		return p.SessionID(), cmp.Or(t.exec("note who is seen", setSeenFirst, p.JoinedAt.UnixMilli()), t.beginSession(p))
	case len(found) == 0:
		return p.SessionID(), t.beginSession(p)
	}
	s := found[0]
	began := min(p.JoinedAt.UnixMilli(), s.StartedAt.UnixMilli())
	switch {
	case p.LeftAt.IsZero() && !s.EndedAt.IsZero():
		return s.ID, t.exec("reopen session", reopenSession, s.ID, began)
	case p.JoinedAt.Before(s.StartedAt):
		return s.ID, t.exec("extend session", extendSession, s.ID, began)
	}
	return s.ID, nil
}

// beginSession stores a session. It has an end at once if the presence has, so
// that there is one open session at most.
func (t *tx) beginSession(p meet.Presence) error {
	return t.exec("begin session", insertSession, p.SessionID(), p.RoomID, p.Opening, p.JoinedAt.UnixMilli(),
		optional(p.LeftAt))
}

// putIntoSession puts a presence into a session that is on record without one.
func (t *tx) putIntoSession(p meet.Presence) error {
	session, err := t.sessionOf(p)
	if err != nil {
		return err
	}
	return t.exec("put presence into session", setSession, p.SID, session, p.Opening, p.Person)
}

// endSession ends a session with the end of a presence in it, unless somebody is
// inside still, and counts its people.
func (t *tx) endSession(id string, p meet.Presence) error {
	if id == "" {
		return nil
	}
	inside, err := queryAll(t, "look who is inside", selectInside, intPointers, p.RoomID, id)
	if err != nil || len(inside) > 0 {
		return err
	}
	presences, err := queryAll(t, "read presences of session", selectPresencesIn, partOfSessionPointers, id)
	if err != nil {
		return err
	}
	end := p.LeftAt
	for _, one := range presences {
		if one.LeftAt.After(end) {
			end = one.LeftAt
		}
	}
	people, peak := meet.CountPeople(presences)
	return t.exec("end session", endSession, id, end.UnixMilli(), people, peak, string(p.SessionEnd))
}

// AddSpeaking implements [meet.SessionStore].
func (db *DB) AddSpeaking(ctx context.Context, heard map[string]time.Duration) ([]string, error) {
	if len(heard) == 0 {
		return nil, ctx.Err()
	}
	return write(ctx, db.writer, func(t *tx) (unknown []string, err error) {
		for sid, spoke := range heard {
			n, err := t.change(addSpeaking, sid, spoke.Milliseconds())
			if err != nil {
				return nil, wrap("add to who was heard", err)
			}
			if n == 0 {
				unknown = append(unknown, sid)
			}
		}
		return unknown, nil
	})
}

// NoteSeen implements [meet.SessionStore].
func (db *DB) NoteSeen(ctx context.Context, at, since time.Time) error {
	return db.change(ctx, func(t *tx) error {
		if since.IsZero() {
			return t.exec("note who is seen", setSeen, at.UnixMilli())
		}
		return t.exec("note who is seen", keepSeen, at.UnixMilli(), since.UnixMilli())
	})
}

// LastSeen implements [meet.SessionStore].
func (db *DB) LastSeen(ctx context.Context) (time.Time, error) {
	seen, err := readAll(ctx, db, "read when people were seen", selectSeen, timePointers)
	if err != nil || len(seen) == 0 {
		return time.Time{}, err
	}
	return seen[0], nil
}

func timePointers(t *time.Time) []any { return []any{(*moment)(t)} }

func sessionPointers(s *meet.Session) []any {
	return []any{&s.ID, &s.RoomID, (*count)(&s.Opening), (*moment)(&s.StartedAt), (*moment)(&s.EndedAt),
		(*string)(&s.EndedBecause), (*count)(&s.People), (*count)(&s.Peak)}
}

// partOfSessionPointers are those of selectPresencesIn.
func partOfSessionPointers(p *meet.Presence) []any {
	return []any{&p.Person, (*moment)(&p.JoinedAt), (*moment)(&p.LeftAt)}
}

func stayPointers(s *meet.Stay) []any {
	a := &s.Admission
	return append(presencePointers(&s.Presence), &a.Identity, &a.Subject, &a.UserID, &a.Name, &a.Role,
		(*flag)(&a.Vouched), &a.Label)
}

func optionalMilliseconds(span *time.Duration) any {
	if span == nil {
		return nil
	}
	return span.Milliseconds()
}

// optionalSpan is a time span in milliseconds; NULL is none.
type optionalSpan struct{ span **time.Duration }

// Scan implements [sql.Scanner]. Each row has a span of its own.
func (m *optionalSpan) Scan(value any) error {
	*m.span = nil
	if value == nil {
		return nil
	}
	n, err := integer(value)
	span := time.Duration(n) * time.Millisecond
	*m.span = &span
	return err
}
