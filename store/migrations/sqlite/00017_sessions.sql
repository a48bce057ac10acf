-- +goose Up

-- What these columns number is called an opening from here on.
ALTER TABLE rooms RENAME COLUMN session TO opening;
ALTER TABLE joins RENAME COLUMN session TO opening;
ALTER TABLE join_requests RENAME COLUMN session TO opening;

-- Runs of rooms, each from the first person in to the last one out.
CREATE TABLE sessions (
	id            TEXT    NOT NULL PRIMARY KEY,
	room_id       TEXT    NOT NULL REFERENCES rooms (id),
	opening       INTEGER NOT NULL, -- of the room
	started_at    INTEGER NOT NULL,
	-- NULL while somebody is inside; the other three are of its end, too.
	ended_at      INTEGER,
	ended_because TEXT    NOT NULL DEFAULT '',
	people        INTEGER NOT NULL DEFAULT 0,
	peak          INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX sessions_open ON sessions (room_id, opening) WHERE ended_at IS NULL;
CREATE INDEX sessions_room ON sessions (room_id, started_at, id);
CREATE INDEX sessions_over ON sessions (room_id, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- Empty of a connection that is in no session: one without media, or of before.
ALTER TABLE presences ADD COLUMN session_id TEXT NOT NULL DEFAULT '';
ALTER TABLE presences ADD COLUMN opening INTEGER NOT NULL DEFAULT 0; -- of the room
-- The same for all connections of one person to the room.
ALTER TABLE presences ADD COLUMN person TEXT NOT NULL DEFAULT '';
-- For how long they were heard speaking, NULL where nobody listened.
ALTER TABLE presences ADD COLUMN speaking_ms INTEGER;
CREATE INDEX presences_session ON presences (session_id, person, joined_at);

-- Until when the people inside are known to have been there.
CREATE TABLE last_seen (
	name TEXT    NOT NULL PRIMARY KEY,
	at   INTEGER NOT NULL
) STRICT;
