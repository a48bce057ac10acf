-- +goose Up

-- What these columns number is called an opening from here on.
ALTER TABLE rooms RENAME COLUMN session TO opening;
ALTER TABLE joins RENAME COLUMN session TO opening;
ALTER TABLE join_requests RENAME COLUMN session TO opening;

-- Runs of rooms, each from the first person in to the last one out.
CREATE TABLE sessions (
	id            TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	room_id       TEXT   COLLATE "C" NOT NULL REFERENCES rooms (id),
	opening       BIGINT NOT NULL, -- of the room
	started_at    BIGINT NOT NULL,
	-- NULL while somebody is inside; the other three are of its end, too.
	ended_at      BIGINT,
	ended_because TEXT   COLLATE "C" NOT NULL DEFAULT '',
	people        BIGINT NOT NULL DEFAULT 0,
	peak          BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX sessions_open ON sessions (room_id, opening) WHERE ended_at IS NULL;
CREATE INDEX sessions_room ON sessions (room_id, started_at, id);
CREATE INDEX sessions_over ON sessions (room_id, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- Empty of a connection that is in no session: one without media, or of before.
ALTER TABLE presences ADD COLUMN session_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE presences ADD COLUMN opening BIGINT NOT NULL DEFAULT 0; -- of the room
-- The same for all connections of one person to the room.
ALTER TABLE presences ADD COLUMN person TEXT COLLATE "C" NOT NULL DEFAULT '';
-- For how long they were heard speaking, NULL where nobody listened.
ALTER TABLE presences ADD COLUMN speaking_ms BIGINT;
CREATE INDEX presences_session ON presences (session_id, person, joined_at);

-- Until when the people inside are known to have been there.
CREATE TABLE last_seen (
	name TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	at   BIGINT NOT NULL
);
