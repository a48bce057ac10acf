package meet

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// TranscriptFilter says which part of what was written to give, of a room or of one of
// its sessions.
type TranscriptFilter struct {
	RoomID    *string // id or name; either this or SessionID
	SessionID *string

	Since, Until time.Time // from one on, before the other; zero is no bound
	Identity     string    // empty is everybody
	Format       TranscriptFormat
	Cursor       string
}

// Transcript is a page of what was written in a room.
type Transcript struct {
	Entries []TranscriptEntry // of the format json
	Text    string            // of the other formats; the pages follow each other
	Next    string            // the cursor of the next page; empty after the last
}

// How much a page has at most.
const (
	transcriptPage     = 100    // entries
	maxTranscriptBytes = 24_000 // of their texts; there is always one entry
)

// Transcript gives what was written in the chat of a room while its settings said that
// it is kept, oldest first.
func (s *Service) Transcript(ctx context.Context, p Principal, f TranscriptFilter) (Transcript, error) {
	q, err := s.transcriptQuery(ctx, p, f)
	if err != nil {
		return Transcript{}, err
	}
	start, after, err := parseTranscriptCursor(q, f.Cursor)
	if err != nil {
		return Transcript{}, err
	}
	q.After = after
	entries, err := s.store.Transcript(ctx, q)
	if err != nil {
		return Transcript{}, s.storeError(err, "")
	}
	if len(entries) == 0 && after == nil && q.Identity != "" {
		return Transcript{}, s.checkWriter(ctx, q)
	}
	if start.IsZero() && len(entries) > 0 { // the times of subtitles are from here on
		start = entries[0].At
		if q.Session != nil {
			start = q.Session.StartedAt
		}
	}
	var t Transcript
	n := pageOf(entries)
	if n < len(entries) {
		t.Next = transcriptCursor(q, start, Position{At: entries[n-1].At, Key: entries[n-1].ID})
	}
	switch f.Format {
	case TranscriptText:
		t.Text = writeText(entries[:n])
	case TranscriptVTT:
		t.Text = writeVTT(entries, n, start)
		if f.Cursor == "" {
			t.Text = "WEBVTT\n" + t.Text
		}
	default:
		t.Entries = entries[:n]
	}
	return t, nil
}

// pageOf says how many of the entries are a page.
func pageOf(entries []TranscriptEntry) (n int) {
	bytes := 0
	for n < min(len(entries), transcriptPage) {
		if bytes += len(entries[n].Text); bytes > maxTranscriptBytes && n > 0 {
			return n
		}
		n++
	}
	return n
}

// transcriptQuery authorizes and checks. The query asks for one entry more than a page
// has.
func (s *Service) transcriptQuery(ctx context.Context, p Principal, f TranscriptFilter) (q TranscriptQuery, err error) {
	if !isKnown(p) { // before anything is looked up
		return q, authorize(p, ActReadTranscript, nil)
	}
	switch {
	case (f.RoomID == nil) == (f.SessionID == nil):
		return q, Invalid("room_id", "exactly one of room_id and session_id must be given",
			"room_id is for all that was written in a room, session_id of list_sessions for one run of it.")
	case f.SessionID != nil:
		session, err := s.sessionFor(ctx, p, ActReadTranscript, *f.SessionID)
		if err != nil {
			return q, err
		}
		q.RoomID, q.Session = session.RoomID, &session
	default:
		room, err := s.resolveFor(ctx, p, ActReadTranscript, *f.RoomID)
		if err != nil {
			return q, err
		}
		q.RoomID = room.ID
	}
	q.Since, q.Until, q.Limit = f.Since, f.Until, transcriptPage+1
	if !q.Since.IsZero() && !q.Until.IsZero() && !q.Since.Before(q.Until) {
		return q, Invalid("until", "until must be later than since", "What was written at until itself is not listed.")
	}
	if f.Identity != "" {
		q.Identity, err = checkIdentity("identity", f.Identity)
	}
	return q, err
}

// checkWriter refuses an identity that nobody in the room has had: an empty list would
// be taken for an answer.
func (s *Service) checkWriter(ctx context.Context, q TranscriptQuery) error {
	_, known, err := s.findAdmission(ctx, q.RoomID, q.Identity)
	if known || err != nil {
		return err
	}
	unknown := errParticipantNotFound()
	unknown.Hint = "Give the identity that an entry, list_participants or get_session has, or leave it out."
	return unknown
}

// transcriptCursor writes a place in a transcript, and where its times begin.
func transcriptCursor(q TranscriptQuery, start time.Time, at Position) string {
	place := strconv.FormatInt(start.UnixMilli(), 36) + " " + strconv.FormatInt(at.At.UnixMilli(), 36) + " " + at.Key
	return cursor(listOfTranscript(q), place)
}

func parseTranscriptCursor(q TranscriptQuery, s string) (start time.Time, after *Position, err error) {
	place, err := parseCursor(listOfTranscript(q), s)
	if err != nil || place == "" {
		return time.Time{}, nil, err
	}
	parts := strings.Split(place, " ")
	if len(parts) != 3 || !onlySlugCharacters(parts[2]) { // the checksum is no secret
		return time.Time{}, nil, errBadCursor()
	}
	from, badFrom := strconv.ParseInt(parts[0], 36, 64)
	at, badAt := strconv.ParseInt(parts[1], 36, 64)
	if badFrom != nil || badAt != nil || time.UnixMilli(at).Before(q.Since) {
		return time.Time{}, nil, errBadCursor()
	}
	return time.UnixMilli(from).UTC(), &Position{At: time.UnixMilli(at).UTC(), Key: parts[2]}, nil
}

// listOfTranscript is the name of a transcript for its cursors.
func listOfTranscript(q TranscriptQuery) string {
	if q.Session != nil {
		return "transcript of session " + q.Session.ID
	}
	return "transcript of " + q.RoomID
}
