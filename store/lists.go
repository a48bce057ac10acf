package store

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"roomkey/meet"
)

// Rooms implements [meet.RoomStore].
func (db *DB) Rooms(ctx context.Context, q meet.RoomQuery) ([]meet.ListedRoom, error) {
	text, args := listRooms(q)
	if text == "" {
		return nil, ctx.Err()
	}
	rows, err := list(ctx, db, "list rooms", text, (*listedRow).pointers, args...)
	rooms := make([]meet.ListedRoom, len(rows))
	for i, row := range rows {
		rooms[i] = meet.ListedRoom{Room: row.room, Relationship: row.relationship(q.Subject)}
	}
	return rooms, err
}

const selectJoined = `SELECT 1 FROM visits WHERE subject = $1 AND room_created_at = $2 AND room_id = $3`

// HasJoined implements [meet.RoomStore].
func (db *DB) HasJoined(ctx context.Context, room meet.Room, subject string) (bool, error) {
	return exists(ctx, db, "look for a visit", selectJoined, subject, room.CreatedAt.UnixMilli(), room.ID)
}

// listedRow is a row of roomColumns and of whether the subject has joined.
type listedRow struct {
	room   meet.Room
	joined bool
}

func (l *listedRow) pointers() []any {
	return append(roomPointers(&l.room), (*flag)(&l.joined))
}

func (l *listedRow) relationship(subject string) meet.Relationship {
	switch {
	case l.room.CreatedBy == subject:
		return meet.RelCreator
	case l.room.AdminID == subject || slices.Contains(l.room.Admins, subject):
		return meet.RelAdmin
	case l.joined:
		return meet.RelParticipant
	case l.room.IsPublic:
		return meet.RelPublic
	}
	return meet.RelNone
}

// listing builds the statement of a list: a union of branches, each of which
// walks one index in the order of the list from the cursor on and stops at
// the limit, and around them the limit over all. A room that several branches
// find is in the union once.
type listing struct {
	args     []any
	branches []string

	// Placeholders of arguments; now and part are empty where the list needs none.
	subject, limit, afterAt, afterID, now, part string
}

// listRooms gives a statement and its arguments, or "" if no room can be in
// the list. Lists of the same shape have the same text.
func listRooms(q meet.RoomQuery) (string, []any) {
	if q.Limit <= 0 {
		return "", nil
	}
	afterAt, afterID := int64(math.MaxInt64), "" // before the first room
	if q.After != nil {
		afterAt, afterID = q.After.At.UnixMilli(), q.After.Key
	}
	l := &listing{}
	l.subject, l.limit = l.arg(q.Subject), l.arg(q.Limit)
	l.afterAt, l.afterID = l.arg(afterAt), l.arg(afterID)
	if q.Part != "" {
		pattern := escapeLike.Replace(q.Part) + "%"
		if !q.AtStart {
			pattern = "%" + pattern
		}
		l.part = l.arg(pattern)
	}
	if q.Active != nil || q.Public && !q.All {
		l.now = l.arg(q.Now.UnixMilli())
	}
	l.addBranches(q)
	if len(l.branches) == 0 {
		return "", nil
	}
	return l.text(), l.args
}

// In LIKE these stand for themselves only when escaped.
var escapeLike = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func (l *listing) arg(value any) string {
	l.args = append(l.args, value)
	return "$" + strconv.Itoa(len(l.args))
}

func (l *listing) addBranches(q meet.RoomQuery) {
	open := `rooms.state = 'active' AND (rooms.expires_at IS NULL OR rooms.expires_at > ` + l.now + `)`
	overdue := `rooms.state = 'active' AND rooms.expires_at <= ` + l.now
	const closed = `rooms.state <> 'active'`
	onlyActive := q.Active != nil && *q.Active
	onlyInactive := q.Active != nil && !*q.Active

	if q.All {
		switch {
		case onlyActive:
			l.branch(open)
		case onlyInactive:
			l.branch(closed)
			l.branchOverdue(overdue)
		default:
			l.branch(closed)
			l.branch(`rooms.state = 'active'`)
		}
		return
	}
	filter := ""
	switch {
	case onlyActive:
		filter = ` AND ` + open
	case onlyInactive:
		filter = ` AND (` + closed + ` OR ` + overdue + `)`
	}
	if q.Mine {
		l.branch(`rooms.created_by = ` + l.subject + filter)
		l.branchOfSubject(`room_admins`, filter)
	}
	if q.Joined {
		l.branchOfSubject(`visits`, filter)
	}
	if q.Public && !onlyInactive {
		l.branch(`rooms.is_public = 1 AND ` + open)
	}
}

func (l *listing) branch(where string) {
	l.branches = append(l.branches, l.selectRooms(where, `rooms.created_at`))
}

// branchOverdue finds the few rooms that wait for the sweeper. Hiding the
// column behind a sum keeps the planner from walking all active rooms in the
// order of the list instead.
func (l *listing) branchOverdue(where string) {
	l.branches = append(l.branches, l.selectRooms(where, `rooms.created_at + 0`))
}

func (l *listing) selectRooms(where, createdAt string) string {
	return `SELECT rooms.id AS id, rooms.created_at AS created_at FROM rooms
		WHERE ` + where + l.like() + ` AND (` + createdAt + `, rooms.id) < (` + l.afterAt + `, ` + l.afterID + `)
		ORDER BY ` + createdAt + ` DESC, rooms.id DESC LIMIT ` + l.limit
}

// branchOfSubject finds the rooms that a table has with the subject.
func (l *listing) branchOfSubject(table, filter string) {
	l.branches = append(l.branches, `SELECT `+table+`.room_id AS id, `+table+`.room_created_at AS created_at
		FROM `+table+` JOIN rooms ON rooms.id = `+table+`.room_id
		WHERE `+table+`.subject = `+l.subject+filter+l.like()+`
			AND (`+table+`.room_created_at, `+table+`.room_id) < (`+l.afterAt+`, `+l.afterID+`)
		ORDER BY `+table+`.room_created_at DESC, `+table+`.room_id DESC LIMIT `+l.limit)
}

func (l *listing) like() string {
	if l.part == "" {
		return ""
	}
	return ` AND rooms.name LIKE ` + l.part + ` ESCAPE '\'`
}

func (l *listing) text() string {
	for i, branch := range l.branches {
		l.branches[i] = `SELECT * FROM (` + branch + `) AS branch`
	}
	return `SELECT ` + roomColumns + `, CASE WHEN EXISTS (SELECT 1 FROM visits WHERE visits.subject = ` + l.subject + `
			AND visits.room_created_at = rooms.created_at AND visits.room_id = rooms.id` + rowByRow + `) THEN 1 ELSE 0 END
	FROM (` + strings.Join(l.branches, ` UNION `) + `) AS found JOIN rooms ON rooms.id = found.id
	ORDER BY found.created_at DESC, found.id DESC LIMIT ` + l.limit
}
