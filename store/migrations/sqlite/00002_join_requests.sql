-- Who wants to be let into a room that asks for approval, and who was.

-- +goose Up
ALTER TABLE rooms ADD COLUMN require_approval INTEGER NOT NULL DEFAULT 0 CHECK (require_approval IN (0, 1));

-- When the room was opened last: what was granted before has ended with it.
ALTER TABLE rooms ADD COLUMN opened_at INTEGER NOT NULL DEFAULT 0;
UPDATE rooms SET opened_at = created_at;

CREATE TABLE join_requests (
	id          TEXT    NOT NULL PRIMARY KEY,
	room_id     TEXT    NOT NULL REFERENCES rooms (id),
	caller      TEXT    NOT NULL,
	subject     TEXT    NOT NULL,
	user_id     TEXT    NOT NULL,
	name        TEXT    NOT NULL,
	role        TEXT    NOT NULL,
	code        TEXT    NOT NULL,
	state       TEXT    NOT NULL CHECK (state IN ('waiting', 'approved', 'refused')),
	answered_by TEXT    NOT NULL,
	answered_at INTEGER,
	created_at  INTEGER NOT NULL,
	seen_at     INTEGER NOT NULL
) STRICT;

CREATE INDEX join_requests_room ON join_requests (room_id, state, created_at, id);
CREATE INDEX join_requests_subject ON join_requests (room_id, subject, user_id, role, created_at) WHERE subject <> '';

-- What the sweeper looks for.
CREATE INDEX join_requests_seen ON join_requests (seen_at) WHERE state <> 'approved';

-- The approved request that somebody came by, empty without one.
ALTER TABLE joins ADD COLUMN request_id TEXT NOT NULL DEFAULT '';
