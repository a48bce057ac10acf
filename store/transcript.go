package store

import (
	"context"
	"math"
	"time"

	"roomkey/meet"
)

const (
	transcriptColumns = `id, room_id, at, identity, name, source, text`

	insertTranscript = `INSERT INTO transcript (` + transcriptColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (id) DO NOTHING`

	// An empty $5 is everybody.
	selectTranscript = `SELECT ` + transcriptColumns + ` FROM transcript
	WHERE room_id = $1 AND (at, id) > ($2, $3) AND at < $4 AND ($5 = '' OR identity = $5) ORDER BY at, id LIMIT $6`

	// When the next session of the room of $1 began after $2. That is where the
	// messages of a session end, because one may come in as the last person leaves.
	selectNextSession = `SELECT started_at FROM sessions WHERE room_id = $1 AND started_at > $2
	ORDER BY started_at LIMIT 1`

	selectTranscriptSizes = `SELECT identity, COUNT(*), SUM(OCTET_LENGTH(text)) FROM transcript
	WHERE room_id = $1 AND at >= $2 GROUP BY identity`

	selectOldTranscript = `SELECT id FROM transcript WHERE at < $1 LIMIT $2`
	deleteOldTranscript = `DELETE FROM transcript WHERE id IN (` + selectOldTranscript + `)`
)

// AddTranscript implements [meet.TranscriptStore].
func (db *DB) AddTranscript(ctx context.Context, entries []meet.TranscriptEntry) error {
	return db.change(ctx, func(t *tx) error {
		for _, e := range entries {
			err := t.exec("insert into transcript", insertTranscript, e.ID, e.RoomID, e.At.UnixMilli(), e.Identity, e.Name,
				string(e.Source), e.Text)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Transcript implements [meet.TranscriptStore].
func (db *DB) Transcript(ctx context.Context, q meet.TranscriptQuery) ([]meet.TranscriptEntry, error) {
	from, until := int64(math.MinInt64), int64(math.MaxInt64)
	if !q.Since.IsZero() {
		from = q.Since.UnixMilli()
	}
	if !q.Until.IsZero() {
		until = q.Until.UnixMilli()
	}
	if q.Session != nil {
		began := q.Session.StartedAt.UnixMilli()
		next, err := readAll(ctx, db, "read when the next session began", selectNextSession, timePointers,
			q.Session.RoomID, began)
		if err != nil {
			return nil, err
		}
		from = max(from, began)
		for _, at := range next {
			until = min(until, at.UnixMilli())
		}
	}
	id := "" // no id is empty
	if q.After != nil {
		from, id = q.After.At.UnixMilli(), q.After.Key
	}
	return list(ctx, db, "list transcript", selectTranscript, transcriptPointers, q.RoomID, from, id, until, q.Identity,
		max(q.Limit, 0))
}

// TranscriptSizes implements [meet.TranscriptStore].
func (db *DB) TranscriptSizes(ctx context.Context, roomID string, since time.Time) (
	map[string]meet.TranscriptSize, error,
) {
	found, err := readAll(ctx, db, "read how much was written", selectTranscriptSizes, (*sizeOf).pointers, roomID,
		since.UnixMilli())
	sizes := make(map[string]meet.TranscriptSize, len(found))
	for _, f := range found {
		sizes[f.identity] = f.size
	}
	return sizes, err
}

// sizeOf is a row of selectTranscriptSizes.
type sizeOf struct {
	identity string
	size     meet.TranscriptSize
}

func (s *sizeOf) pointers() []any {
	return []any{&s.identity, (*count)(&s.size.Entries), (*count)(&s.size.Bytes)}
}

func transcriptPointers(e *meet.TranscriptEntry) []any {
	return []any{&e.ID, &e.RoomID, (*moment)(&e.At), &e.Identity, &e.Name, (*string)(&e.Source), &e.Text}
}
