-- What moderators say about people, who is inside, and what happened.

-- +goose Up

-- When the tokens of an admission died, NULL while they live; and the sources
-- taken away from it, separated by commas.
ALTER TABLE joins ADD COLUMN revoked_at INTEGER;
ALTER TABLE joins ADD COLUMN locked TEXT NOT NULL DEFAULT '';
-- Whether an admin let them in on their behalf.
ALTER TABLE joins ADD COLUMN vouched INTEGER NOT NULL DEFAULT 0 CHECK (vouched IN (0, 1));
-- Who it was, as far as that can be known; empty where it cannot.
ALTER TABLE joins ADD COLUMN person TEXT NOT NULL DEFAULT '';
CREATE INDEX joins_request ON joins (request_id) WHERE request_id <> '';
CREATE INDEX joins_locked ON joins (room_id, person) WHERE locked <> '';
-- Joins are looked up by code, but listed no more.
DROP INDEX joins_code;
CREATE INDEX joins_code ON joins (code) WHERE code IS NOT NULL;

-- A visit counts until then, for good when it is NULL: until somebody has
-- connected it counts as long as their token.
ALTER TABLE visits ADD COLUMN until INTEGER;
CREATE INDEX visits_until ON visits (until) WHERE until IS NOT NULL;

CREATE TABLE blocks (
	room_id    TEXT    NOT NULL REFERENCES rooms (id),
	identity   TEXT    NOT NULL,
	subject    TEXT    NOT NULL,
	user_id    TEXT    NOT NULL,
	code       TEXT    NOT NULL,
	name       TEXT    NOT NULL,
	reason     TEXT    NOT NULL,
	blocked_by TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (room_id, identity)
) STRICT, WITHOUT ROWID;

CREATE TABLE presences (
	sid       TEXT    NOT NULL PRIMARY KEY,
	room_id   TEXT    NOT NULL REFERENCES rooms (id),
	room_sid  TEXT    NOT NULL,
	identity  TEXT    NOT NULL,
	subject   TEXT    NOT NULL,
	joined_at INTEGER NOT NULL,
	left_at   INTEGER
) STRICT;

CREATE INDEX presences_identity ON presences (identity);
CREATE INDEX presences_open ON presences (room_id, sid) WHERE left_at IS NULL;
CREATE INDEX presences_left ON presences (left_at) WHERE left_at IS NOT NULL;

-- No references: an event outlives what it is about.
CREATE TABLE events (
	id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	at         INTEGER NOT NULL,
	room_id    TEXT    NOT NULL,
	room_name  TEXT    NOT NULL,
	admin_id   TEXT    NOT NULL,
	actor      TEXT    NOT NULL,
	via        TEXT    NOT NULL,
	client     TEXT    NOT NULL,
	kind       TEXT    NOT NULL,
	action     TEXT    NOT NULL,
	target     TEXT    NOT NULL,
	outcome    TEXT    NOT NULL,
	details    TEXT    NOT NULL,
	request_id TEXT    NOT NULL
) STRICT;

CREATE INDEX events_room ON events (room_id, id);
CREATE INDEX events_admin ON events (admin_id, id);
