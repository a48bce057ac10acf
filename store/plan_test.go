package store

import (
	"fmt"
	"strings"
	"testing"

	"roomkey/meet"
)

// plan gives what the database is going to do for a statement.
func plan(t *testing.T, db *DB, text string, args []any) string {
	t.Helper()
	type step struct {
		id, parent, unused int
		text               string
	}
	//nolint:rowserrcheck // scanAll does
	rows, err := writesOf(db).QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
	steps, err := scanAll("explain", rows, err, func(s *step) []any { return []any{&s.id, &s.parent, &s.unused, &s.text} })
	if err != nil {
		t.Fatalf("explain %s: %v", text, err)
	}
	var all strings.Builder
	for _, s := range steps {
		all.WriteString(s.text + "\n")
	}
	return all.String()
}

// wantPlan checks that a plan touches tables by the given indexes only, one
// line of the plan for each.
func wantPlan(t *testing.T, name, plan string, want ...string) {
	t.Helper()
	var got []string
	for line := range strings.Lines(plan) {
		line = strings.TrimSpace(line)
		switch {
		case line == "SCAN CONSTANT ROW": // no table
		case line == "SCAN branch" || line == "SCAN found" || line == "SCAN oldest":
			// a list cut off at its limit
		case line == "SCAN events" && strings.Contains(plan, "CO-ROUTINE oldest"):
			// in the order of its ids, and cut off at that limit
		case strings.HasPrefix(line, "SCAN") || strings.HasPrefix(line, "SEARCH"):
			_, index, ok := strings.Cut(line, " USING ")
			if !ok {
				t.Errorf("%s: %q uses no index", name, line)
			}
			got = append(got, strings.TrimPrefix(index, "COVERING "))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: got %d accesses, want %d:\n%s", name, len(got), len(want), plan)
		return
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("%s: access %d uses %q, want %q", name, i+1, got[i], want[i])
		}
	}
}

func TestListsWalkTheirIndex(t *testing.T) {
	t.Parallel()
	db := setup(t)
	const (
		mine     = "INDEX rooms_created_by (created_by=? AND (created_at,id)<(?,?))"
		joined   = "PRIMARY KEY (subject=? AND (room_created_at,room_id)<(?,?))"
		public   = "INDEX rooms_public (is_public=? AND (created_at,id)<(?,?))"
		active   = "INDEX rooms_active ((created_at,id)<(?,?))"
		inactive = "INDEX rooms_inactive ((created_at,id)<(?,?))"
		overdue  = "INDEX rooms_expiring (expires_at<?)"
		room     = "PRIMARY KEY (id=?)"
		blocks   = "PRIMARY KEY (room_id=?)"
		visit    = "PRIMARY KEY (subject=? AND room_created_at=? AND room_id=?)"
	)
	yes, no := true, false
	for _, c := range []struct {
		q    meet.RoomQuery
		want []string // what finds the rooms
	}{
		{meet.RoomQuery{Mine: true}, []string{mine}},
		{meet.RoomQuery{Mine: true, Active: &yes}, []string{mine}},
		{meet.RoomQuery{Mine: true, Active: &no}, []string{mine}},
		{meet.RoomQuery{Joined: true}, []string{joined, room}},
		{meet.RoomQuery{Joined: true, Active: &yes}, []string{joined, room}},
		{meet.RoomQuery{Joined: true, Active: &no}, []string{joined, room}},
		{meet.RoomQuery{Public: true}, []string{public}},
		{meet.RoomQuery{Public: true, Active: &yes}, []string{public}},
		{meet.RoomQuery{Mine: true, Joined: true, Public: true}, []string{mine, joined, room, public}},
		{meet.RoomQuery{Mine: true, Joined: true, Public: true, Active: &yes}, []string{mine, joined, room, public}},
		{meet.RoomQuery{Mine: true, Joined: true, Public: true, Active: &no}, []string{mine, joined, room}},
		{meet.RoomQuery{All: true}, []string{inactive, active}},
		{meet.RoomQuery{All: true, Active: &yes}, []string{active}},
		{meet.RoomQuery{All: true, Active: &no}, []string{inactive, overdue}},
	} {
		for _, part := range []string{"", "x"} {
			c.q.Subject, c.q.Part, c.q.Now, c.q.Limit = "ann", part, epoch, 20
			text, args := listRooms(c.q)
			wantPlan(t, fmt.Sprintf("%+v", c.q), plan(t, db, text, args), append(c.want, room, blocks, visit)...)
		}
	}
}

// All rooms are found by how their names begin; the other lists are short
// enough to be walked.
func TestNamesThatBeginSearchAnIndex(t *testing.T) {
	t.Parallel()
	db := setup(t)
	const (
		room   = "PRIMARY KEY (id=?)"
		blocks = "PRIMARY KEY (room_id=?)"
		visit  = "PRIMARY KEY (subject=? AND room_created_at=? AND room_id=?)"
	)
	yes := true
	q := meet.RoomQuery{All: true, Active: &yes, Part: "x", AtStart: true, Subject: "ann", Now: epoch, Limit: 20}
	text, args := listRooms(q)
	wantPlan(t, fmt.Sprintf("%+v", q), plan(t, db, text, args),
		"INDEX rooms_active_name (name>? AND name<?)", room, blocks, visit)
}

// pointReads are the statements that look for some rows, and how SQLite finds them.
func pointReads() map[string][]string {
	const codeByKey = "INDEX sqlite_autoindex_codes_1 (code=?)"
	const blocks = "PRIMARY KEY (room_id=?)"
	const revocation = "PRIMARY KEY (came_by=? AND generation=?)"
	const joinByKey = "INDEX sqlite_autoindex_joins_1 (identity=?)"
	return map[string][]string{
		selectRoomByID: {"PRIMARY KEY (id=?)", blocks},
		selectRoomByName: {"PRIMARY KEY (id=?)", "INDEX rooms_active_name (name=?)", "INDEX rooms_name (name=?)",
			blocks},
		selectNameTaken:    {"INDEX rooms_active_name (name=?)"},
		selectCodes:        {"INDEX codes_room (room_id=? AND (created_at,code)>(?,?))"},
		selectCode:         {codeByKey},
		selectCodeAndRoom:  {codeByKey, "PRIMARY KEY (id=?)", blocks},
		selectCurrentCode:  {"INDEX codes_current (room_id=? AND role=? AND label=?)"},
		selectCurrentRoles: {"INDEX codes_current (room_id=?)"},
		selectCurrentCodes: {"INDEX codes_room (room_id=?)"},
		selectNameHolder:   {"INDEX rooms_ended (name=? AND ended_at>?)", "PRIMARY KEY (name=?)"},
		selectActiveRooms:  {"INDEX rooms_open (created_by=?)"},
		selectUncleared:    {"INDEX rooms_uncleared"}, // all of it is wanted
		expireHolder:       {"INDEX rooms_active_name (name=?)"},
		expireRooms:        {"PRIMARY KEY (id=?)", "INDEX rooms_expiring (expires_at<?)", blocks},
		updateRoom:         {"PRIMARY KEY (id=?)", blocks},
		setCleared:         {"PRIMARY KEY (id=?)"},
		updateCode:         {codeByKey},
		useCode:            {codeByKey},
		retireCode:         {codeByKey},
		disableRole:        {"INDEX codes_current (room_id=? AND role=?)"},
		selectJoin:         {joinByKey, revocation, revocation},

		selectEvents:        {"INTEGER PRIMARY KEY (rowid<?)"},
		selectEventsOfRoom:  {"INDEX events_room (room_id=? AND id<?)"},
		selectEventsOfAdmin: {"INDEX events_admin (admin_id=? AND id<?)"},
		selectOldEvents:     {}, // from the first on
		deleteOldEvents:     {"INTEGER PRIMARY KEY (rowid=?)"},
		selectOldPresences:  {"INDEX presences_left (left_at<?)"},
		deleteOldPresences:  {"INDEX sqlite_autoindex_presences_1 (sid=?)", "INDEX presences_left (left_at<?)"},
		selectOldJoins: {"INDEX joins_created (created_at<?)", "INDEX presences_identity (identity=?)",
			"PRIMARY KEY (id=?)"},
		deleteOldJoins: {joinByKey, "INDEX joins_created (created_at<?)", "INDEX presences_identity (identity=?)",
			"PRIMARY KEY (id=?)"},
		selectOldNames:     {"INDEX former_names_released (released_at<?)"},
		deleteOldNames:     {"PRIMARY KEY (name=?)", "INDEX former_names_released (released_at<?)"},
		selectUnusedVisits: {"INDEX visits_until (until<?)"},
		selectOldTokens:    {"INDEX tokens_expires (expires_at<?)"},
		selectTokenRevoked: {"PRIMARY KEY (id=?)"},
		deleteUnusedVisits: {"PRIMARY KEY (subject=? AND room_created_at=? AND room_id=?)", "INDEX visits_until (until<?)"},

		selectBlocks:     {"PRIMARY KEY (room_id=?)"},
		deleteBlock:      {"PRIMARY KEY (room_id=? AND identity=?)"},
		revokeJoin:       {joinByKey, revocation, revocation},
		revokeCode:       {codeByKey, "PRIMARY KEY (came_by=?)"},
		takeApproval:     {"INDEX sqlite_autoindex_join_requests_1 (id=?)"},
		lockJoin:         {joinByKey},
		selectLocks:      {"INDEX joins_locked (room_id=? AND person=?)"},
		selectLockedWith: {joinByKey, "INDEX joins_locked (room_id=?)"},
		selectLocked:     {"INDEX joins_locked (room_id=?)"},
		selectCleared:    {"PRIMARY KEY (id=?)"},

		selectPresence:      {"INDEX sqlite_autoindex_presences_1 (sid=?)"},
		endPresence:         {"INDEX sqlite_autoindex_presences_1 (sid=?)"},
		keepVisit:           {"PRIMARY KEY (id=?)"},
		selectOpenPresences: {"INDEX presences_open"}, // all of it is wanted

		selectRequest: {"INDEX sqlite_autoindex_join_requests_1 (id=?)", revocation},
		selectRequestBySubject: {"INDEX join_requests_subject (room_id=? AND subject=? AND user_id=? AND role=?)",
			revocation},
		selectRequests: {"INDEX join_requests_room (room_id=? AND state=? AND session=?)", codeByKey, revocation},
		countRequests:  {"INDEX join_requests_room (room_id=? AND state=? AND session=?)", codeByKey},
		selectDue: {"INDEX rooms_expiring (expires_at<?)", "INDEX rooms_uncleared", "INDEX pending_uses_due (due<?)",
			"INDEX join_requests_seen (seen_at<?)", "INDEX presences_left (left_at<?)", "INDEX joins_created (created_at<?)",
			"INDEX presences_identity (identity=?)", "PRIMARY KEY (id=?)", "INDEX visits_until (until<?)",
			"INDEX tokens_expires (expires_at<?)", "INDEX former_names_released (released_at<?)"},
		selectForgotten:      {"INDEX join_requests_seen (seen_at<?)"},
		updateRequest:        {"INDEX sqlite_autoindex_join_requests_1 (id=?)"},
		useRequest:           {"INDEX sqlite_autoindex_join_requests_1 (id=?)", "PRIMARY KEY (came_by=?)"},
		deleteForgotten:      {"INDEX sqlite_autoindex_join_requests_1 (id=?)", "INDEX join_requests_seen (seen_at<?)"},
		selectRequestsOfRoom: {"PRIMARY KEY (id=?)", "INDEX join_requests_room (room_id=?)"},
		deleteRequestsOfRoom: {"INDEX sqlite_autoindex_join_requests_1 (id=?)", "PRIMARY KEY (id=?)",
			"INDEX join_requests_room (room_id=?)"},
	}
}

func TestPointReadsSearchAnIndex(t *testing.T) {
	t.Parallel()
	db := setup(t)
	for text, want := range pointReads() {
		got := plan(t, db, text, make([]any, 20))
		wantPlan(t, text, got, want...)
		// of a room, and few
		if strings.Contains(got, "TEMP B-TREE") && text != selectLocked && text != countRequests && text != selectNameHolder {
			t.Errorf("%s sorts:\n%s", text, got)
		}
	}
}
