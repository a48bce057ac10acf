package store

import (
	"fmt"
	"maps"
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
		case line == "SCAN CONSTANT ROW" || line == "SCAN asked": // no table
		case line == "SCAN branch" || line == "SCAN found" || line == "SCAN oldest":
			// a list cut off at its limit
		case line == "SEARCH events" && name == selectLastEvent: // its last row
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
		shared   = "INDEX room_admins_subject (subject=? AND (room_created_at,room_id)<(?,?))"
		joined   = "PRIMARY KEY (subject=? AND (room_created_at,room_id)<(?,?))"
		public   = "INDEX rooms_public (is_public=? AND (created_at,id)<(?,?))"
		active   = "INDEX rooms_active ((created_at,id)<(?,?))"
		inactive = "INDEX rooms_inactive ((created_at,id)<(?,?))"
		overdue  = "INDEX rooms_expiring (expires_at<?)"
		room     = "PRIMARY KEY (id=?)"
		blocks   = "PRIMARY KEY (room_id=?)"
		admins   = "PRIMARY KEY (room_id=?)"
		visit    = "PRIMARY KEY (subject=? AND room_created_at=? AND room_id=?)"
	)
	yes, no := true, false
	for _, c := range []struct {
		q    meet.RoomQuery
		want []string // what finds the rooms
	}{
		{meet.RoomQuery{Mine: true}, []string{mine, shared, room}},
		{meet.RoomQuery{Mine: true, Active: &yes}, []string{mine, shared, room}},
		{meet.RoomQuery{Mine: true, Active: &no}, []string{mine, shared, room}},
		{meet.RoomQuery{Joined: true}, []string{joined, room}},
		{meet.RoomQuery{Joined: true, Active: &yes}, []string{joined, room}},
		{meet.RoomQuery{Joined: true, Active: &no}, []string{joined, room}},
		{meet.RoomQuery{Public: true}, []string{public}},
		{meet.RoomQuery{Public: true, Active: &yes}, []string{public}},
		{meet.RoomQuery{Mine: true, Joined: true, Public: true}, []string{mine, shared, room, joined, room, public}},
		{meet.RoomQuery{Mine: true, Joined: true, Public: true, Active: &yes},
			[]string{mine, shared, room, joined, room, public}},
		{meet.RoomQuery{Mine: true, Joined: true, Public: true, Active: &no}, []string{mine, shared, room, joined, room}},
		{meet.RoomQuery{All: true}, []string{inactive, active}},
		{meet.RoomQuery{All: true, Active: &yes}, []string{active}},
		{meet.RoomQuery{All: true, Active: &no}, []string{inactive, overdue}},
	} {
		for _, part := range []string{"", "x"} {
			c.q.Subject, c.q.Part, c.q.Now, c.q.Limit = "ann", part, epoch, 20
			text, args := listRooms(c.q)
			wantPlan(t, fmt.Sprintf("%+v", c.q), plan(t, db, text, args), append(c.want, room, blocks, admins, visit)...)
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
		admins = "PRIMARY KEY (room_id=?)"
		visit  = "PRIMARY KEY (subject=? AND room_created_at=? AND room_id=?)"
	)
	yes := true
	q := meet.RoomQuery{All: true, Active: &yes, Part: "x", AtStart: true, Subject: "ann", Now: epoch, Limit: 20}
	text, args := listRooms(q)
	wantPlan(t, fmt.Sprintf("%+v", q), plan(t, db, text, args),
		"INDEX rooms_active_name (name>? AND name<?)", room, blocks, admins, visit)
}

// pointReads are the statements that look for some rows, and how SQLite finds them.
func pointReads() map[string][]string {
	const codeByKey = "INDEX sqlite_autoindex_codes_1 (code=?)"
	const blocks = "PRIMARY KEY (room_id=?)"
	const admins = "PRIMARY KEY (room_id=?)"
	const revocation = "PRIMARY KEY (came_by=? AND generation=?)"
	const joinByKey = "INDEX sqlite_autoindex_joins_1 (identity=?)"
	const user = "PRIMARY KEY (subject=?)"
	return map[string][]string{
		selectRoomByID: {"PRIMARY KEY (id=?)", blocks, admins},
		selectRoomByName: {"PRIMARY KEY (id=?)", "INDEX rooms_active_name (name=?)", "INDEX rooms_name (name=?)",
			blocks, admins},
		selectCodes:        {"INDEX codes_room (room_id=? AND (created_at,code)>(?,?))"},
		selectCode:         {codeByKey},
		selectCodeAndRoom:  {codeByKey, "PRIMARY KEY (id=?)", blocks, admins},
		selectCurrentCode:  {"INDEX codes_current (room_id=? AND role=? AND label=?)"},
		selectCurrentRoles: {"INDEX codes_current (room_id=?)"},
		selectCurrentCodes: {"INDEX codes_room (room_id=?)"},
		selectNameUse: {"INDEX rooms_active_name (name=?)", "INDEX rooms_ended (name=? AND ended_at>?)",
			"PRIMARY KEY (name=?)"},
		selectActiveRooms: {"INDEX rooms_open (created_by=?)"},
		selectUncleared:   {"INDEX rooms_uncleared"}, // all of it is wanted
		expireHolder:      {"INDEX rooms_active_name (name=?)", blocks, admins},
		expireRooms:       {"PRIMARY KEY (id=?)", "INDEX rooms_expiring (expires_at<?)", blocks, admins},
		updateRoom:        {"PRIMARY KEY (id=?)", blocks, admins},
		deleteAdmins:      {"PRIMARY KEY (room_id=?)"},
		setCleared:        {"PRIMARY KEY (id=?)"},
		updateCode:        {codeByKey},
		useCode:           {codeByKey},
		retireCode:        {codeByKey},
		disableRole:       {"INDEX codes_current (room_id=? AND role=?)"},
		selectJoin:        {joinByKey, revocation, revocation, user},

		selectEvents.newest:        {"INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
		selectEvents.oldest:        {"INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
		selectEventsOfRoom.newest:  {"INDEX events_room (room_id=? AND id>? AND id<?)"},
		selectEventsOfRoom.oldest:  {"INDEX events_room (room_id=? AND id>? AND id<?)"},
		selectEventsOfAdmin.newest: {"INDEX events_admin (admin_id=? AND id>? AND id<?)"},
		selectSharedRooms:          {"INDEX room_admins_subject (subject=?)"},
		selectEventsOfAdmin.oldest: {"INDEX events_admin (admin_id=? AND id>? AND id<?)"},
		selectLastEvent:            nil,
		selectEventTime:            {"INTEGER PRIMARY KEY (rowid>?)"},

		selectOldEvents:    {}, // from the first on
		deleteOldEvents:    {"INTEGER PRIMARY KEY (rowid=?)"},
		selectOldPresences: {"INDEX presences_left (left_at<?)"},
		deleteOldPresences: {"INDEX sqlite_autoindex_presences_1 (sid=?)", "INDEX presences_left (left_at<?)"},
		selectOldJoins: {"INDEX joins_created (created_at<?)", "INDEX presences_identity (identity=?)",
			"PRIMARY KEY (id=?)"},
		deleteOldJoins: {joinByKey, "INDEX joins_created (created_at<?)", "INDEX presences_identity (identity=?)",
			"PRIMARY KEY (id=?)"},
		selectOldNames:     {"INDEX former_names_released (released_at<?)"},
		deleteOldNames:     {"PRIMARY KEY (name=?)", "INDEX former_names_released (released_at<?)"},
		selectUnusedVisits: {"INDEX visits_until (until<?)"},
		selectOldTokens:    {"INDEX tokens_expires (expires_at<?)"},
		selectTokenState:   {user, "PRIMARY KEY (id=?)"},
		selectNamedRoom: {"PRIMARY KEY (id=?)", "PRIMARY KEY (id=?)", "INDEX rooms_active_name (name=?)",
			"INDEX rooms_name (name=?)"},
		selectUser:         {user},
		updateUser:         {user},
		selectEndingUsers:  {"INDEX users_ending"}, // all of it is wanted
		selectUnseenUsers:  {"INDEX users_unseen (last_seen_at<?)"},
		deleteUnseenUsers:  {user, "INDEX users_unseen (last_seen_at<?)"},
		deleteUnusedVisits: {"PRIMARY KEY (subject=? AND room_created_at=? AND room_id=?)", "INDEX visits_until (until<?)"},

		selectTranscript:      {"INDEX transcript_room (room_id=? AND (at,id)>(?,?) AND at<?)"},
		selectOldTranscript:   {"INDEX transcript_at (at<?)"},
		selectNextSession:     {"INDEX sessions_room (room_id=? AND started_at>?)"},
		selectTranscriptSizes: {"INDEX transcript_room (room_id=? AND at>?)"},
		deleteOldTranscript:   {"PRIMARY KEY (id=?)", "INDEX transcript_at (at<?)"},

		selectBlocks:     {"PRIMARY KEY (room_id=?)"},
		deleteBlock:      {"PRIMARY KEY (room_id=? AND identity=?)"},
		revokeJoin:       {joinByKey, revocation, revocation},
		revokeCode:       {codeByKey, "PRIMARY KEY (came_by=?)"},
		takeApproval:     {"INDEX sqlite_autoindex_join_requests_1 (id=?)"},
		lockJoin:         {joinByKey},
		selectLockedWith: {joinByKey, "INDEX joins_moderated (room_id=?)"},
		selectLocked:     {"INDEX joins_moderated (room_id=?)"},
		updateOverrides:  {joinByKey},
		selectModerated:  {"INDEX joins_moderated (room_id=? AND person=?)", revocation, revocation, user},
		lookModerated:    {"INDEX joins_moderated (room_id=? AND person=?)"},
		selectOverridden: {"INDEX joins_moderated (room_id=?)", revocation, revocation, user},
		selectEndedOverrides: {"INDEX joins_overrides_end (overrides_end<?)", "PRIMARY KEY (id=?)", revocation, revocation,
			user, blocks, admins},
		selectCleared: {"PRIMARY KEY (id=?)"},

		selectSession:       {"INDEX sqlite_autoindex_sessions_1 (id=?)"},
		selectSessions:      {"INDEX sessions_room (room_id=? AND (started_at,id)<(?,?))"},
		selectOpenSession:   {"INDEX sessions_open (room_id=? AND opening=?)"},
		selectSessionDuring: {"INDEX sessions_over (room_id=? AND ended_at>?)"},
		extendSession:       {"INDEX sqlite_autoindex_sessions_1 (id=?)"},
		reopenSession:       {"INDEX sqlite_autoindex_sessions_1 (id=?)"},
		endSession:          {"INDEX sqlite_autoindex_sessions_1 (id=?)"},
		selectInside:        {"INDEX presences_open (room_id=?)"},
		selectPresencesIn:   {"INDEX presences_session (session_id=?)"},
		selectOldSessions:   {"INDEX sessions_ended (ended_at<?)"},
		deleteOldSessions:   {"INDEX sqlite_autoindex_sessions_1 (id=?)", "INDEX sessions_ended (ended_at<?)"},
		setSession:          {"INDEX sqlite_autoindex_presences_1 (sid=?)"},
		addSpeaking:         {"INDEX sqlite_autoindex_presences_1 (sid=?)"},
		selectStays: {"INDEX presences_session (session_id=?)", "INDEX presences_session (session_id=? AND person=?)",
			joinByKey},
		keepSeen:     {"INDEX sqlite_autoindex_last_seen_1 (name=?)"},
		selectSeen:   {"INDEX sqlite_autoindex_last_seen_1 (name=?)"},
		setSeenFirst: {"INDEX presences_open"}, // is there any?

		selectPresence:      {"INDEX sqlite_autoindex_presences_1 (sid=?)"},
		endPresence:         {"INDEX sqlite_autoindex_presences_1 (sid=?)"},
		keepVisit:           {"PRIMARY KEY (id=?)"},
		selectOpenPresences: {"INDEX presences_open"}, // all of it is wanted

		selectRequest: {"INDEX sqlite_autoindex_join_requests_1 (id=?)", revocation},
		selectRequestBySubject: {"INDEX join_requests_subject (room_id=? AND subject=? AND user_id=? AND role=?)",
			revocation},
		selectRequests: {"INDEX join_requests_room (room_id=? AND state=? AND opening=?)", codeByKey, revocation},
		countRequests:  {"INDEX join_requests_room (room_id=? AND state=? AND opening=?)", codeByKey},
		selectDue: {"INDEX rooms_expiring (expires_at<?)", "INDEX rooms_uncleared", "INDEX pending_uses_due (due<?)",
			"INDEX join_requests_seen (seen_at<?)", "INDEX joins_overrides_end (overrides_end<?)",
			"INDEX presences_left (left_at<?)", "INDEX sessions_ended (ended_at<?)", "INDEX transcript_at (at<?)",
			"INDEX joins_created (created_at<?)",
			"INDEX presences_identity (identity=?)", "PRIMARY KEY (id=?)", "INDEX visits_until (until<?)",
			"INDEX tokens_expires (expires_at<?)", "INDEX users_unseen (last_seen_at<?)",
			"INDEX webhook_deliveries_done (done_at<?)",
			"INDEX webhook_endpoints_removed (removed_at<?)", "INDEX oauth_clients_expires (expires_at<?)",
			"INDEX sign_in_grants_expires (expires_at<?)", "INDEX tokens_of_grants (expires_at<?)",
			"INDEX former_names_released (released_at<?)",
			"INDEX presences_open"},
		selectForgotten:      {"INDEX join_requests_seen (seen_at<?)"},
		updateRequest:        {"INDEX sqlite_autoindex_join_requests_1 (id=?)"},
		useRequest:           {"INDEX sqlite_autoindex_join_requests_1 (id=?)", "PRIMARY KEY (came_by=?)"},
		deleteForgotten:      {"INDEX sqlite_autoindex_join_requests_1 (id=?)", "INDEX join_requests_seen (seen_at<?)"},
		selectRequestsOfRoom: {"PRIMARY KEY (id=?)", "INDEX join_requests_room (room_id=?)"},
		deleteRequestsOfRoom: {"INDEX sqlite_autoindex_join_requests_1 (id=?)", "PRIMARY KEY (id=?)",
			"INDEX join_requests_room (room_id=?)"},
	}
}

// webhookReads are those about webhooks.
func webhookReads() map[string][]string {
	const (
		open     = "INDEX webhook_endpoints_open" // all of it is wanted
		removed  = "INDEX webhook_endpoints_removed (removed_at<?)"
		endpoint = "PRIMARY KEY (id=?)"
		delivery = "PRIMARY KEY (endpoint_id=? AND event_id=?)"
		span     = "PRIMARY KEY (endpoint_id=? AND event_id>? AND event_id<?)"
		queue    = "PRIMARY KEY (endpoint_id=? AND room_id=?)"
		due      = "INDEX webhook_queues_due (endpoint_id=?)"
		events   = "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
	)
	return map[string][]string{
		selectWebhookEndpoints:  {open, due, "PRIMARY KEY (endpoint_id=?)", due},
		updateWebhookEndpoint:   {endpoint},
		selectDeliveries:        {"PRIMARY KEY (endpoint_id=? AND event_id<?)", "INTEGER PRIMARY KEY (rowid=?)", queue},
		removeWebhookEndpoint:   {endpoint},
		selectWebhooksBehind:    {open, "INTEGER PRIMARY KEY (rowid>?)"},
		selectWebhookCursor:     {endpoint},
		selectNextEvents:        {"INTEGER PRIMARY KEY (rowid>?)"},
		moveWebhookCursor:       {endpoint},
		takeWebhookEvents:       {events, delivery},
		queueWebhooks:           {span},
		selectDueWebhooks:       {"INDEX webhook_queues_due (endpoint_id=? AND next_at<?)", delivery},
		selectEventByID:         {"INTEGER PRIMARY KEY (rowid=?)"},
		finishWebhook:           {delivery},
		postponeWebhook:         {queue},
		selectNextWebhook:       {"INDEX webhook_deliveries_pending (endpoint_id=? AND room_id=?)"},
		turnWebhookQueue:        {queue},
		leaveWebhookQueue:       {queue},
		selectOldWebhooks:       {"INDEX webhook_deliveries_done (done_at<?)"},
		deleteOldWebhooks:       {delivery, "INDEX webhook_deliveries_done (done_at<?)"},
		selectRemovedDeliveries: {"PRIMARY KEY (endpoint_id=?)", removed},
		deleteRemovedDeliveries: {delivery, "PRIMARY KEY (endpoint_id=?)", removed},
		selectRemovedQueues:     {due, removed},
		deleteRemovedQueues:     {queue, due, removed},
		selectRemovedEndpoints:  {removed, "PRIMARY KEY (endpoint_id=?)", due},
		deleteRemovedEndpoints:  {endpoint, removed, "PRIMARY KEY (endpoint_id=?)", due},
	}
}

// signInReads are those about sign-in.
func signInReads() map[string][]string {
	const (
		byID   = "PRIMARY KEY (id=?)"
		unused = "INDEX oauth_clients_unused" // the first of it are wanted
	)
	return map[string][]string{
		selectClient:             {byID},
		countClientsOfAddress:    {"INDEX oauth_clients_address (address=? AND created_at>?)"},
		countUnusedClients:       {unused},
		deleteOldestClient:       {byID, unused},
		useClient:                {byID},
		selectGrant:              {byID},
		selectGrantOfToken:       {byID, byID},
		selectLivingTokens:       {"INDEX tokens_expires (expires_at>? AND expires_at<?)", byID},
		selectUsersAfter:         {"PRIMARY KEY (subject>?)"},
		updateGrant:              {byID},
		deleteGrant:              {byID},
		revokeGrantTokens:        {"INDEX tokens_grant (grant_id=?)"},
		selectExpiredClients:     {"INDEX oauth_clients_expires (expires_at<?)"},
		deleteExpiredClients:     {byID, "INDEX oauth_clients_expires (expires_at<?)"},
		selectExpiredGrants:      {"INDEX sign_in_grants_expires (expires_at<?)"},
		deleteExpiredGrants:      {byID, "INDEX sign_in_grants_expires (expires_at<?)"},
		selectExpiredGrantTokens: {"INDEX tokens_of_grants (expires_at<?)"},
		deleteExpiredGrantTokens: {byID, "INDEX tokens_of_grants (expires_at<?)"},
	}
}

func TestPointReadsSearchAnIndex(t *testing.T) {
	t.Parallel()
	db := setup(t)
	reads := pointReads()
	maps.Copy(reads, webhookReads())
	maps.Copy(reads, signInReads())
	for text, want := range reads {
		got := plan(t, db, text, make([]any, 20))
		wantPlan(t, text, got, want...)
		// of a room, and few
		if strings.Contains(got, "TEMP B-TREE") && text != selectLocked && text != countRequests &&
			text != queueWebhooks && text != selectStays && // the last one of a session
			text != selectTranscriptSizes { // of a day
			t.Errorf("%s sorts:\n%s", text, got)
		}
	}
}
