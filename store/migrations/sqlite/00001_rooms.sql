-- Times are milliseconds since 1970 in UTC, NULL where there is none.
-- Tables keyed by an id that grows with time are clustered by it (WITHOUT
-- ROWID); codes are random letters and are not.

-- +goose Up
CREATE TABLE rooms (
	id               TEXT    NOT NULL PRIMARY KEY,
	name             TEXT    NOT NULL,
	created_by       TEXT    NOT NULL,
	admin_id         TEXT    NOT NULL,
	state            TEXT    NOT NULL CHECK (state IN ('active', 'ended', 'expired')),
	ended_by         TEXT    NOT NULL,
	ended_at         INTEGER,
	is_public        INTEGER NOT NULL CHECK (is_public IN (0, 1)),
	mode             TEXT    NOT NULL CHECK (mode IN ('standard', 'webinar')),
	max_participants INTEGER NOT NULL CHECK (max_participants >= 0),
	allow_chat       INTEGER NOT NULL CHECK (allow_chat IN (0, 1)),
	allow_video      INTEGER NOT NULL CHECK (allow_video IN (0, 1)),
	allow_audio      INTEGER NOT NULL CHECK (allow_audio IN (0, 1)),
	e2ee             INTEGER NOT NULL CHECK (e2ee IN (0, 1)),
	expires_at       INTEGER,
	created_at       INTEGER NOT NULL,
	updated_at       INTEGER NOT NULL,
	-- Whether the media room was cleared after the room had closed; 0 while it is active.
	cleared          INTEGER NOT NULL DEFAULT 0 CHECK (cleared IN (0, 1))
) STRICT, WITHOUT ROWID;

-- Only one active room holds a name.
CREATE UNIQUE INDEX rooms_active_name ON rooms (name) WHERE state = 'active';
CREATE INDEX rooms_name ON rooms (name, created_at, id);

-- One index for each list, in the order of the list. Those that may be as
-- long as the table hold all that a list filters by (name, expires_at), so that
-- a search through all of it stays in the index. is_public leads its index only
-- to make the planner prefer it to rooms_active.
CREATE INDEX rooms_created_by ON rooms (created_by, created_at, id);
CREATE INDEX rooms_public ON rooms (is_public, created_at, id, name, expires_at) WHERE is_public = 1 AND state = 'active';
CREATE INDEX rooms_active ON rooms (created_at, id, name, expires_at) WHERE state = 'active';
CREATE INDEX rooms_inactive ON rooms (created_at, id, name) WHERE state <> 'active';

-- What the sweeper looks for; both stay small.
CREATE INDEX rooms_expiring ON rooms (expires_at) WHERE state = 'active' AND expires_at IS NOT NULL;
CREATE INDEX rooms_uncleared ON rooms (updated_at, id) WHERE cleared = 0 AND state <> 'active';

CREATE TABLE codes (
	code         TEXT    NOT NULL PRIMARY KEY,
	room_id      TEXT    NOT NULL REFERENCES rooms (id),
	role         TEXT    NOT NULL,
	label        TEXT    NOT NULL,
	enabled      INTEGER NOT NULL CHECK (enabled IN (0, 1)),
	uses         INTEGER NOT NULL CHECK (uses >= 0),
	max_uses     INTEGER NOT NULL CHECK (max_uses >= 0),
	expires_at   INTEGER,
	last_used_at INTEGER,
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	retired_at   INTEGER
) STRICT;

-- Only one current code for a room, role and label.
CREATE UNIQUE INDEX codes_current ON codes (room_id, role, label) WHERE retired_at IS NULL;
CREATE INDEX codes_room ON codes (room_id, created_at, code) WHERE retired_at IS NULL;

CREATE TABLE joins (
	identity   TEXT    NOT NULL PRIMARY KEY,
	room_id    TEXT    NOT NULL REFERENCES rooms (id),
	subject    TEXT    NOT NULL,
	user_id    TEXT    NOT NULL,
	name       TEXT    NOT NULL,
	role       TEXT    NOT NULL,
	admin      INTEGER NOT NULL CHECK (admin IN (0, 1)),
	code       TEXT    REFERENCES codes (code),
	created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX joins_code ON joins (code, created_at, identity) WHERE code IS NOT NULL;

-- Which rooms a subject has joined, once each and in the order of the list,
-- however often it came back. A room's created_at never changes.
CREATE TABLE visits (
	subject         TEXT    NOT NULL,
	room_created_at INTEGER NOT NULL,
	room_id         TEXT    NOT NULL REFERENCES rooms (id),
	PRIMARY KEY (subject, room_created_at, room_id)
) STRICT, WITHOUT ROWID;
