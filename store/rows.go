package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"roomkey/meet"
)

// The columns of a room, a join request and a code in the order of the pointers below.
const (
	roomColumns = `rooms.id, rooms.name, rooms.created_by, rooms.admin_id, rooms.state, rooms.ended_by, rooms.ended_at,
	rooms.is_public, rooms.mode, rooms.max_participants, rooms.settings, rooms.expires_at, rooms.opening, rooms.created_at,
	rooms.updated_at, rooms.locked_for_all, rooms.title, rooms.starts_at,
	CASE WHEN EXISTS (SELECT 1 FROM blocks WHERE blocks.room_id = rooms.id` + rowByRow + `) THEN 1 ELSE 0 END,
	` + coAdmins

	// rowByRow keeps PostgreSQL from reading a whole table to answer EXISTS for a
	// few rows.
	rowByRow = ` LIMIT 1 OFFSET 0`

	// An approval ends with the admissions by the code that it was used with
	// (revokeCode): then there is a row of revocations beside it, see requestsFrom.
	requestColumns = `join_requests.id, join_requests.room_id, join_requests.caller, join_requests.subject,
	join_requests.user_id, join_requests.name, join_requests.role, join_requests.code,
	` + approvalEnded + `'refused' ELSE join_requests.state END,
	` + approvalEnded + `revocations.revoked_by ELSE join_requests.answered_by END,
	` + approvalEnded + `revocations.revoked_at ELSE join_requests.answered_at END,
	join_requests.opening, join_requests.created_at, join_requests.seen_at, join_requests.label, join_requests.admitted`
	approvalEnded = `CASE WHEN join_requests.state = 'approved' AND revocations.came_by IS NOT NULL THEN `

	requestsFrom = ` FROM join_requests LEFT JOIN revocations
	ON revocations.came_by = join_requests.code AND revocations.generation = join_requests.generation `

	codeColumns = `codes.code, codes.room_id, codes.role, codes.label, codes.enabled, codes.uses, codes.max_uses,
	codes.expires_at, codes.last_used_at, codes.created_at, codes.updated_at, codes.retired_at,
	codes.email, codes.entered_at`
)

func roomPointers(r *meet.Room) []any {
	return []any{&r.ID, &r.Name, &r.CreatedBy, &r.AdminID, (*string)(&r.State), &r.EndedBy, (*moment)(&r.EndedAt),
		(*flag)(&r.IsPublic), (*string)(&r.Mode), (*count)(&r.MaxParticipants), (*settings)(&r.Settings),
		(*moment)(&r.ExpiresAt), (*count)(&r.Opening), (*moment)(&r.CreatedAt), (*moment)(&r.UpdatedAt),
		(*sources)(&r.LockedForAll), &r.Title, (*moment)(&r.StartsAt), (*flag)(&r.HasBlocks), (*lines)(&r.Admins)}
}

func requestPointers(r *meet.JoinRequest) []any {
	return []any{&r.ID, &r.RoomID, &r.Caller, &r.Subject, &r.UserID, &r.Name, &r.Role, &r.Code, (*string)(&r.State),
		&r.AnsweredBy, (*moment)(&r.AnsweredAt), (*count)(&r.Opening), (*moment)(&r.CreatedAt), (*moment)(&r.SeenAt),
		&r.Label, &r.Admitted}
}

func codePointers(c *meet.RoomCode) []any {
	return []any{&c.Code, &c.RoomID, &c.Role, &c.Label, (*flag)(&c.Enabled), (*count)(&c.Uses), (*count)(&c.MaxUses),
		(*moment)(&c.ExpiresAt), (*moment)(&c.LastUsedAt), (*moment)(&c.CreatedAt), (*moment)(&c.UpdatedAt),
		(*moment)(&c.RetiredAt), &c.Email, (*moment)(&c.EnteredAt)}
}

// codeAndRoom is a row of codeColumns and roomColumns.
type codeAndRoom struct {
	code meet.RoomCode
	room meet.Room
}

func (cr *codeAndRoom) pointers() []any {
	return append(codePointers(&cr.code), roomPointers(&cr.room)...)
}

func textPointers(s *string) []any { return []any{s} }
func intPointers(n *int) []any     { return []any{(*count)(n)} }
func boolPointers(b *bool) []any   { return []any{(*flag)(b)} }

// scanOne reads a single row.
func scanOne[T any](doing string, row *sql.Row, pointers func(*T) []any) (T, error) {
	var one, none T
	if err := row.Scan(pointers(&one)...); err != nil {
		return none, wrap(doing, err)
	}
	return one, nil
}

// scanAll reads rows to their end and closes them.
func scanAll[T any](doing string, rows rows, err error, pointers func(*T) []any) ([]T, error) {
	if err != nil {
		return nil, wrap(doing, err)
	}
	defer func() { _ = rows.Close() }()
	var all []T
	var one T
	fields := pointers(&one) // scanned into again for every row
	for rows.Next() {
		if err := rows.Scan(fields...); err != nil {
			return nil, wrap(doing, err)
		}
		if all == nil {
			all = make([]T, 0, 4)
		}
		all = append(all, one)
	}
	return all, wrap(doing, rows.Err())
}

// wrap adds to a driver's error what was being done; nil stays nil. That there is
// no row becomes meet.ErrNotFound.
func wrap(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return meet.ErrNotFound
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// The scanners of integers skip the reflection that database/sql would need.
type (
	moment time.Time // milliseconds UTC; NULL is the zero time
	flag   bool      // 0 or 1
	count  int
)

// Scan implements [sql.Scanner].
func (m *moment) Scan(value any) error {
	if value == nil {
		*m = moment{}
		return nil
	}
	n, err := integer(value)
	*m = moment(time.UnixMilli(n).UTC())
	return err
}

// Scan implements [sql.Scanner].
func (f *flag) Scan(value any) error {
	n, err := integer(value)
	*f = n != 0
	return err
}

// Scan implements [sql.Scanner].
func (c *count) Scan(value any) error {
	n, err := integer(value)
	*c = count(n)
	return err
}

func integer(value any) (int64, error) {
	n, ok := value.(int64)
	if !ok {
		return 0, fmt.Errorf("column holds %T, not an integer", value)
	}
	return n, nil
}

// settings are kept as JSON. What is not in it is as it is by default, so that a
// row may be older than a setting.
type settings meet.Settings

// settingsOf has what the texts say that were read before: a few booleans make few
// texts, and every room has one.
var settingsOf sync.Map

// Scan implements [sql.Scanner].
func (s *settings) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("column holds %T, not a text", value)
	}
	if known, ok := settingsOf.Load(text); ok {
		*s = known.(settings)
		return nil
	}
	*s = settings(meet.DefaultSettings())
	err := json.Unmarshal([]byte(text), s)
	if err == nil {
		settingsOf.Store(text, *s)
	}
	return err
}

func settingsText(s meet.Settings) string {
	text, _ := json.Marshal(s) // booleans can always be written
	return string(text)
}

// optional turns a time into a column that may be NULL.
func optional(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
