package store

import (
	"errors"
	"testing"
)

// numbers are 1 to $1, for the statements of rowsForMove.
const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) `

// rowsForMove puts rows into every table that is moved, in the order of movedTables.
var rowsForMove = []string{
	`INSERT INTO rooms (id, name, created_by, admin_id, state, ended_by, ended_at, is_public, mode, max_participants,
		settings, expires_at, opening, created_at, updated_at, cleared, locked_for_all)
	SELECT 'room-' || i, 'Räume ' || i, 'ann', 'ann', 'active', '', NULL, i % 2, 'standard', i, '{"allow_chat":false}',
		i * 1000000000000, 2, i, i, 0, 'microphone' FROM n`,
	`INSERT INTO room_admins (room_id, subject, room_created_at) SELECT 'room-' || i, 'Zoë', i FROM n`,
	`INSERT INTO former_names (name, created_by, released_at) SELECT 'old ' || i, 'ann', i FROM n`,
	`INSERT INTO codes (code, room_id, role, label, enabled, uses, max_uses, expires_at, last_used_at, created_at,
		updated_at, retired_at)
	SELECT 'code-' || i, 'room-' || i, 'guest', '', i % 2, 1, 3, NULL, i, i, i, NULL FROM n`,
	`INSERT INTO joins (identity, room_id, subject, user_id, name, role, principal, code, created_at, overrides,
		overrides_end)
	SELECT 'p-' || i, 'room-' || i, '', 'u' || i, 'Zoë', 'guest', 'user', CASE WHEN i % 2 = 0 THEN 'code-' || i END, i,
		'{"role":{"value":"host","at":"2026-03-04T12:00:00Z"}}', CASE WHEN i % 2 = 0 THEN i END FROM n`,
	`INSERT INTO pending_uses (identity, code, room_id, due) SELECT 'p-' || i, 'code-' || i, 'room-' || i, i FROM n`,
	`INSERT INTO revocations (came_by, generation, revoked_by, revoked_at) SELECT 'code-' || i, 0, 'ann', i FROM n`,
	`INSERT INTO visits (subject, room_created_at, room_id, until) SELECT 'bob', i, 'room-' || i, NULL FROM n`,
	`INSERT INTO join_requests (id, room_id, caller, subject, user_id, name, role, code, state, answered_by, created_at,
		seen_at) SELECT 'q-' || i, 'room-' || i, 'c', '', '', 'Eve', 'guest', 'code-' || i, 'waiting', '', i, i FROM n`,
	`INSERT INTO blocks (room_id, identity, subject, user_id, code, name, reason, blocked_by, created_at)
	SELECT 'room-' || i, 'x', '', '', '', 'Mallory', 'noise', 'ann', i FROM n`,
	`INSERT INTO presences (sid, room_id, room_sid, identity, subject, joined_at, left_at)
	SELECT 'PA_' || i, 'room-' || i, 'RM_' || i, 'p-' || i, '', i, NULL FROM n`,
	`INSERT INTO sessions (id, room_id, opening, started_at, ended_at) SELECT 's-' || i, 'room-' || i, 1, i, NULL FROM n`,
	`INSERT INTO last_seen (name, at) SELECT 'seen-' || i, i FROM n`,
	`INSERT INTO transcript (id, room_id, at, identity, name, source, text)
	SELECT 'entry-' || i, 'room-' || i, i, 'p-' || i, 'Zoë', 'chat', 'Guten Morgen' FROM n`,
	`INSERT INTO events (at, room_id, room_name, admin_id, actor, via, client, kind, action, target, outcome, details,
		request_id) SELECT i, 'room-' || i, '', 'ann', 'ann', 'mcp', '', 'room', 'created', '', 'ok', '{}', '' FROM n`,
	`INSERT INTO tokens (id, subject, issued_at, revoked_at) SELECT 'token-' || i, 'ann', i, NULL FROM n`,
	`INSERT INTO users (subject, name, role, role_set, source, created_at) SELECT 'user-' || i, 'Zoë', 'user', i % 2,
		'local', i FROM n`,
	`INSERT INTO webhook_endpoints (id, url, secret, kinds, configured, created_at, last_event)
	SELECT 'we-' || i, 'https://example.com/' || i, 'whsec_', '', 0, i, i FROM n`,
	`INSERT INTO webhook_deliveries (endpoint_id, event_id, room_id, state, taken_at, attempts, status, problem)
	SELECT 'we-' || i, i, 'room-' || i, 'pending', i, 1, 500, '' FROM n`,
	`INSERT INTO webhook_queues (endpoint_id, room_id, event_id, since, next_at)
	SELECT 'we-' || i, 'room-' || i, i, i, i FROM n`,
	`INSERT INTO oauth_clients (id, secret_hash, name, redirect_uris, address, created_at, used_at, expires_at)
	SELECT 'client-' || i, '', 'Agent', 'https://example.com/a', '', i, NULL, 9000000000000 + i FROM n`,
	`INSERT INTO sign_in_grants (id, client_id, client_name, subject, scope, redirect_uri, challenge, code_hash,
		refresh_hash, created_at, expires_at)
	SELECT 'grant-' || i, 'client-' || i, 'Agent', 'ann', 'rooms:read', 'https://example.com/a', 'c', 'h', '', i,
		9000000000000 + i FROM n`,
}

// fillForMove puts n rows into each table, and forgets the last event, so that the ids
// of events do not end where the rows do.
func fillForMove(t *testing.T, place string, n int) {
	t.Helper()
	db := openPlace(t, place)
	err := db.change(t.Context(), func(t *tx) (err error) {
		for _, text := range rowsForMove {
			if err = t.exec("fill", numbers+text, n); err != nil {
				return err
			}
		}
		return t.exec("forget", `DELETE FROM events WHERE id = $1`, n)
	})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}
