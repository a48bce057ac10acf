package store

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"roomkey/meet"
	"roomkey/store/postgrestest"
)

// fill puts enough into every table that reading all of one is the wrong plan.
const fill = `
INSERT INTO rooms (id, name, created_by, admin_id, state, ended_by, ended_at, is_public, mode, max_participants,
		expires_at, created_at, updated_at)
	SELECT 'room-' || i, 'name-' || i, 'user-' || i % 500, 'user-' || i % 500,
		CASE WHEN i % 10 = 0 THEN 'ended' ELSE 'active' END, '', CASE WHEN i % 10 = 0 THEN i END, (i % 7 = 0)::int,
		'standard', 0, CASE WHEN i % 100 = 1 THEN i END, i, i FROM generate_series(1, 20000) AS i;
INSERT INTO room_admins (room_id, subject, room_created_at)
	SELECT 'room-' || i, 'user-' || (i + j) % 900, i FROM generate_series(1, 20000) AS i, generate_series(1, 2) AS j;
UPDATE rooms SET cleared = 1 WHERE state <> 'active' AND created_at % 1000 <> 0;
INSERT INTO codes (code, room_id, role, label, enabled, uses, max_uses, created_at, updated_at)
	SELECT 'code-' || i || '-' || j, 'room-' || i, 'role-' || j, '', 1, 0, 0, i, i
	FROM generate_series(1, 20000) AS i, generate_series(1, 3) AS j;
INSERT INTO joins (identity, room_id, subject, user_id, name, role, code, created_at, locked, unlocked, person,
		overrides, overrides_end)
	SELECT 'identity-' || i, 'room-' || (i % 20000 + 1), 'user-' || i % 900, '', '', '',
		'code-' || (i % 20000 + 1) || '-1', i, CASE WHEN i % 50 = 0 THEN 'mic' ELSE '' END,
		CASE WHEN i % 60 = 0 THEN 'mic' ELSE '' END, 'person-' || i % 900,
		CASE WHEN i % 70 = 0 THEN '{}' ELSE '' END, CASE WHEN i % 140 = 0 THEN i END FROM generate_series(1, 40000) AS i;
INSERT INTO pending_uses (identity, code, room_id, due)
	SELECT 'identity-' || i, 'code-' || i || '-1', 'room-' || i, i FROM generate_series(1, 5000) AS i;
INSERT INTO revocations (came_by, generation, revoked_by, revoked_at)
	SELECT 'code-' || i || '-2', 0, '', i FROM generate_series(1, 10000) AS i;
INSERT INTO visits (subject, room_created_at, room_id, until)
	SELECT 'user-' || (i + j) % 900, i, 'room-' || i, CASE WHEN i % 20 = 0 THEN i END
	FROM generate_series(1, 20000) AS i, generate_series(1, 2) AS j;
INSERT INTO join_requests (id, room_id, caller, subject, user_id, name, role, code, state, answered_by, created_at,
		seen_at)
	SELECT 'request-' || i, 'room-' || (i % 20000 + 1), 'caller', 'user-' || i % 900, '', '', '',
		'code-' || (i % 20000 + 1) || '-1',
		CASE i % 3 WHEN 0 THEN 'waiting' WHEN 1 THEN 'approved' ELSE 'refused' END, '', i, i
	FROM generate_series(1, 20000) AS i;
INSERT INTO blocks (room_id, identity, subject, user_id, code, name, reason, blocked_by, created_at)
	SELECT 'room-' || i, 'identity-' || j, '', '', '', '', '', '', i
	FROM generate_series(1, 4000) AS i, generate_series(1, 2) AS j;
INSERT INTO presences (sid, room_id, room_sid, identity, subject, joined_at, left_at, session_id, person)
	SELECT 'sid-' || i, 'room-' || (i % 20000 + 1), '', 'identity-' || i, '', i, CASE WHEN i % 40 > 0 THEN i END,
		'session-' || i % 10000, 'person-' || i FROM generate_series(1, 40000) AS i;
INSERT INTO sessions (id, room_id, opening, started_at, ended_at)
	SELECT 'session-' || i, 'room-' || i % 5000 + 1, 1, i, CASE WHEN i > 5000 THEN i + 1 END
	FROM generate_series(1, 20000) AS i;
INSERT INTO transcript (id, room_id, at, identity, name, source, text)
	SELECT 'entry-' || i, 'room-' || (i % 200 + 1), i, 'identity-' || i % 900, '', 'chat', 'x'
	FROM generate_series(1, 40000) AS i;
INSERT INTO last_seen (name, at) VALUES ('people', 1);
INSERT INTO events (at, room_id, room_name, admin_id, actor, via, client, kind, action, target, outcome, details,
		request_id)
	SELECT i, 'room-' || (i % 20000 + 1), '', 'user-' || i % 500, '', '', '', 'room', 'room.updated', '', 'ok', '{}', ''
	FROM generate_series(1, 60000) AS i;
INSERT INTO former_names (name, created_by, released_at)
	SELECT 'former-' || i, 'user', i FROM generate_series(1, 10000) AS i;
INSERT INTO tokens (id, issued_at, expires_at, grant_id)
	SELECT 'token-' || i, i, i, CASE WHEN i % 4 = 0 THEN 'grant-' || i ELSE '' END FROM generate_series(1, 10000) AS i;
INSERT INTO users (subject, name, role, role_set, source, created_at, last_seen_at, ending)
	SELECT 'user-' || i, '', 'user', 0, 'local', i, i, CASE WHEN i % 1000 = 0 THEN 1 ELSE 0 END
	FROM generate_series(1, 10000) AS i;
INSERT INTO oauth_clients (id, secret_hash, name, redirect_uris, address, created_at, used_at, expires_at)
	SELECT 'client-' || i, '', '', '', 'address-' || i % 100, i, CASE WHEN i % 4 > 0 THEN i END, i
	FROM generate_series(1, 10000) AS i;
INSERT INTO sign_in_grants (id, client_id, client_name, subject, scope, redirect_uri, challenge, code_hash,
		refresh_hash, created_at, expires_at)
	SELECT 'grant-' || i, 'client-' || i, '', '', '', '', '', '', '', i, i FROM generate_series(1, 10000) AS i;
INSERT INTO webhook_endpoints (id, url, secret, kinds, configured, created_at, last_event, removed_at)
	SELECT 'we-' || i, '', '', '', 0, i, i, CASE WHEN i > 10 THEN i END FROM generate_series(1, 1000) AS i;
INSERT INTO webhook_deliveries (endpoint_id, event_id, room_id, state, taken_at, attempts, status, problem, done_at)
	SELECT 'we-' || i % 10, i, 'room-' || i % 20000, CASE WHEN i % 9 = 0 THEN 'pending' ELSE 'delivered' END, i, 1, 200,
		'', CASE WHEN i % 9 > 0 THEN i END FROM generate_series(1, 60000) AS i;
INSERT INTO webhook_queues (endpoint_id, room_id, event_id, since, next_at)
	SELECT endpoint_id, room_id, MIN(event_id), 1, MIN(event_id) FROM webhook_deliveries WHERE state = 'pending'
	GROUP BY endpoint_id, room_id;
ANALYZE`

// genericPlan gives what PostgreSQL does for a statement whatever its arguments
// are: such a plan is kept after some calls.
func genericPlan(t *testing.T, conn *pgx.Conn, text string) string {
	t.Helper()
	arguments := map[string]bool{}
	for _, p := range parameter.FindAllString(text, -1) {
		arguments[p] = true
	}
	execute := `EXPLAIN (COSTS OFF) EXECUTE looked_at`
	if n := len(arguments); n > 0 {
		execute += "(" + strings.Join(slices.Repeat([]string{"NULL"}, n), ", ") + ")"
	}
	if _, err := conn.Exec(t.Context(), `PREPARE looked_at AS `+text); err != nil {
		t.Fatalf("prepare %s: %v", text, err)
	}
	rows, err := conn.Query(t.Context(), execute, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatalf("explain %s: %v", text, err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("explain %s: %v", text, err)
	}
	if _, err := conn.Exec(t.Context(), `DEALLOCATE looked_at`); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// PostgreSQL reads no table as a whole either.
func TestPostgresSearchesIndexes(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	openURL(t, url)
	config, err := postgresConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, text := range []string{fill, `SET plan_cache_mode = force_generic_plan`} {
		if _, err := conn.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	texts := slices.Concat(slices.Collect(maps.Keys(pointReads())),
		slices.Collect(maps.Keys(webhookReads())), slices.Collect(maps.Keys(signInReads())), hotWrites[3:])
	yes, no := true, false
	for _, q := range []meet.RoomQuery{{Mine: true}, {Joined: true}, {Public: true}, {All: true},
		{Mine: true, Joined: true, Public: true}} {
		for _, active := range []*bool{nil, &yes, &no} {
			q.Subject, q.Active, q.Now, q.Limit = "ann", active, epoch, 20
			if text, _ := listRooms(q); text != "" {
				texts = append(texts, text)
			}
		}
	}
	for _, text := range texts {
		got := genericPlan(t, conn, text)
		for _, scan := range wholeScans(got) {
			t.Errorf("%s: %s, in\n%s", text, scan, got)
		}
	}
}

// readWhole are the indexes of which all is wanted, or the first entries.
var readWhole = regexp.MustCompile(`(using|on) (events_pkey|rooms_uncleared|presences_open|webhook_endpoints_open|` +
	`oauth_clients_unused|users_ending)\b`)

// wholeScans gives the lines of a plan that read a table or an index from its
// beginning to its end.
func wholeScans(plan string) (found []string) {
	lines := strings.Split(plan, "\n")
	for i, line := range lines {
		switch {
		case strings.Contains(line, "Seq Scan"):
			found = append(found, line)
		case strings.Contains(line, "Index Scan") || strings.Contains(line, "Index Only Scan"):
			if !readWhole.MatchString(line) && (i+1 == len(lines) || !strings.Contains(lines[i+1], "Index Cond:")) {
				found = append(found, line)
			}
		}
	}
	return found
}

// column is one of a table, as every database has it.
type column struct{ Table, Name, Kind string }

// Each migration is there for every database.
func TestSchemasAreTheSame(t *testing.T) {
	t.Parallel()
	pointers := func(c *column) []any { return []any{&c.Table, &c.Name, &c.Kind} }
	want, err := readAll(t.Context(), setup(t), "read columns", `SELECT m.name, c.name, lower(c.type) || c."notnull"
		FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table'
			AND m.name NOT LIKE 'sqlite%' AND m.name <> 'goose_db_version' ORDER BY 1, 2`, pointers)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range want {
		want[i].Kind = strings.Replace(c.Kind, "integer", "bigint", 1)
	}
	got, err := readAll(t.Context(), setupPostgres(t), "read columns", `SELECT CAST(table_name AS TEXT),
		CAST(column_name AS TEXT), data_type || CASE WHEN is_nullable = 'NO' THEN '1' ELSE '0' END
		FROM information_schema.columns WHERE table_schema = current_schema()
			AND table_name NOT IN ('goose_db_version', 'leases', 'deployment')
		ORDER BY table_name COLLATE "C", column_name COLLATE "C"`, pointers)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns (-SQLite +PostgreSQL):\n%s", diff)
	}
}
