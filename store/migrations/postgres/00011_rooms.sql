-- The schema that migrations/sqlite has with the same number, as one migration.
-- From here on each change of the schema is a migration in both folders, with the
-- same number.
--
-- Times are milliseconds since 1970 in UTC, NULL where there is none; booleans
-- are 0 or 1. Texts are ordered by their bytes (COLLATE "C") as in SQLite,
-- whatever the language of the database.

-- +goose Up
CREATE TABLE rooms (
	id               TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	name             TEXT   COLLATE "C" NOT NULL,
	created_by       TEXT   COLLATE "C" NOT NULL,
	admin_id         TEXT   COLLATE "C" NOT NULL,
	state            TEXT   COLLATE "C" NOT NULL CHECK (state IN ('active', 'ended', 'expired')),
	ended_by         TEXT   COLLATE "C" NOT NULL,
	ended_at         BIGINT,
	is_public        BIGINT NOT NULL CHECK (is_public IN (0, 1)),
	mode             TEXT   COLLATE "C" NOT NULL CHECK (mode IN ('standard', 'webinar')),
	max_participants BIGINT NOT NULL CHECK (max_participants >= 0),
	-- A JSON object of booleans; a setting that is not in it is as it is by default.
	settings         TEXT   COLLATE "C" NOT NULL DEFAULT '{}' CHECK (settings::jsonb IS NOT NULL),
	expires_at       BIGINT,
	-- 1 at first, one more each time the room is opened again.
	session          BIGINT NOT NULL DEFAULT 1,
	created_at       BIGINT NOT NULL,
	updated_at       BIGINT NOT NULL,
	-- Whether the media room was cleared after the room had closed; 0 while it is active.
	cleared          BIGINT NOT NULL DEFAULT 0 CHECK (cleared IN (0, 1)),
	-- The sources taken from everybody but admins, separated by commas.
	locked_for_all   TEXT   COLLATE "C" NOT NULL DEFAULT ''
);

-- Only one active room holds a name.
CREATE UNIQUE INDEX rooms_active_name ON rooms (name) WHERE state = 'active';
CREATE INDEX rooms_name ON rooms (name, created_at, id);

-- One index for each list, in the order of the list. Those that may be as
-- long as the table hold all that a list filters by (name, expires_at), so that
-- a search through all of it stays in the index.
CREATE INDEX rooms_created_by ON rooms (created_by, created_at, id);
CREATE INDEX rooms_public ON rooms (is_public, created_at, id, name, expires_at) WHERE is_public = 1 AND state = 'active';
CREATE INDEX rooms_active ON rooms (created_at, id, name, expires_at) WHERE state = 'active';
CREATE INDEX rooms_inactive ON rooms (created_at, id, name) WHERE state <> 'active';

-- What the sweeper looks for; both stay small.
CREATE INDEX rooms_expiring ON rooms (expires_at) WHERE state = 'active' AND expires_at IS NOT NULL;
CREATE INDEX rooms_uncleared ON rooms (updated_at, id) WHERE cleared = 0 AND state <> 'active';

-- How many rooms a user has open, and the room that had a name last, among
-- those that are over.
CREATE INDEX rooms_open ON rooms (created_by, expires_at) WHERE state = 'active';
CREATE INDEX rooms_ended ON rooms (name, ended_at) WHERE state <> 'active';

-- Names that active rooms have given up for another one.
CREATE TABLE former_names (
	name        TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	created_by  TEXT   COLLATE "C" NOT NULL, -- of the room
	released_at BIGINT NOT NULL
);
CREATE INDEX former_names_released ON former_names (released_at);

CREATE TABLE codes (
	code         TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	room_id      TEXT   COLLATE "C" NOT NULL REFERENCES rooms (id),
	role         TEXT   COLLATE "C" NOT NULL,
	label        TEXT   COLLATE "C" NOT NULL,
	enabled      BIGINT NOT NULL CHECK (enabled IN (0, 1)),
	uses         BIGINT NOT NULL CHECK (uses >= 0),
	max_uses     BIGINT NOT NULL CHECK (max_uses >= 0),
	expires_at   BIGINT,
	last_used_at BIGINT,
	created_at   BIGINT NOT NULL,
	updated_at   BIGINT NOT NULL,
	retired_at   BIGINT
);

-- Only one current code for a room, role and label.
CREATE UNIQUE INDEX codes_current ON codes (room_id, role, label) WHERE retired_at IS NULL;
CREATE INDEX codes_room ON codes (room_id, created_at, code) WHERE retired_at IS NULL;

-- Admissions.
CREATE TABLE joins (
	identity   TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	room_id    TEXT   COLLATE "C" NOT NULL REFERENCES rooms (id),
	subject    TEXT   COLLATE "C" NOT NULL,
	user_id    TEXT   COLLATE "C" NOT NULL,
	name       TEXT   COLLATE "C" NOT NULL,
	role       TEXT   COLLATE "C" NOT NULL,
	admin      BIGINT NOT NULL CHECK (admin IN (0, 1)),
	code       TEXT   COLLATE "C" REFERENCES codes (code),
	-- The label of the code that they came by.
	label      TEXT   COLLATE "C" NOT NULL DEFAULT '',
	-- The approved request that somebody came by, empty without one.
	request_id TEXT   COLLATE "C" NOT NULL DEFAULT '',
	created_at BIGINT NOT NULL,
	session    BIGINT NOT NULL DEFAULT 0, -- of the room
	-- When the tokens of the admission died, NULL while they live.
	revoked_at BIGINT,
	-- How many revocations the code had when somebody joined by it.
	generation BIGINT NOT NULL DEFAULT 0,
	-- Whether it was ended because its use of a code was given back.
	returned   BIGINT NOT NULL DEFAULT 0 CHECK (returned IN (0, 1)),
	-- The sources taken away from it, separated by commas, and those given back
	-- to it although they are locked for all.
	locked     TEXT   COLLATE "C" NOT NULL DEFAULT '',
	unlocked   TEXT   COLLATE "C" NOT NULL DEFAULT '',
	-- Whether an admin let them in on their behalf.
	vouched    BIGINT NOT NULL DEFAULT 0 CHECK (vouched IN (0, 1)),
	-- Who it was, as far as that can be known; empty where it cannot.
	person     TEXT   COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX joins_locked ON joins (room_id, person) WHERE locked <> '';
CREATE INDEX joins_unlocked ON joins (room_id, person) WHERE unlocked <> '';
CREATE INDEX joins_created ON joins (created_at);

-- Uses of codes with a limit by somebody who has not got inside yet.
CREATE TABLE pending_uses (
	identity TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	code     TEXT   COLLATE "C" NOT NULL,
	room_id  TEXT   COLLATE "C" NOT NULL,
	due      BIGINT NOT NULL, -- when to look at it: the token has died by then
	ended    BIGINT NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)) -- the join was ended for that
);
CREATE INDEX pending_uses_due ON pending_uses (due);

-- came_by is a code, or the id of a join request: their letters never
-- coincide. generation counts the revocations of a code before this one; a
-- join request is revoked once, with 0.
CREATE TABLE revocations (
	came_by    TEXT   COLLATE "C" NOT NULL,
	generation BIGINT NOT NULL,
	revoked_by TEXT   COLLATE "C" NOT NULL,
	revoked_at BIGINT NOT NULL,
	PRIMARY KEY (came_by, generation)
);

-- Which rooms a subject has joined, once each and in the order of the list,
-- however often it came back. A room's created_at never changes. A visit
-- counts until then, for good when it is NULL.
CREATE TABLE visits (
	subject         TEXT   COLLATE "C" NOT NULL,
	room_created_at BIGINT NOT NULL,
	room_id         TEXT   COLLATE "C" NOT NULL REFERENCES rooms (id),
	until           BIGINT,
	PRIMARY KEY (subject, room_created_at, room_id)
);
CREATE INDEX visits_until ON visits (until) WHERE until IS NOT NULL;

CREATE TABLE join_requests (
	id          TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	room_id     TEXT   COLLATE "C" NOT NULL REFERENCES rooms (id),
	caller      TEXT   COLLATE "C" NOT NULL,
	subject     TEXT   COLLATE "C" NOT NULL,
	user_id     TEXT   COLLATE "C" NOT NULL,
	name        TEXT   COLLATE "C" NOT NULL,
	role        TEXT   COLLATE "C" NOT NULL,
	code        TEXT   COLLATE "C" NOT NULL,
	label       TEXT   COLLATE "C" NOT NULL DEFAULT '',
	state       TEXT   COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'approved', 'refused')),
	answered_by TEXT   COLLATE "C" NOT NULL,
	answered_at BIGINT,
	created_at  BIGINT NOT NULL,
	seen_at     BIGINT NOT NULL,
	session     BIGINT NOT NULL DEFAULT 0, -- of the room
	-- The identity that an approval has let in, empty as long as it is unused.
	admitted    TEXT   COLLATE "C" NOT NULL DEFAULT '',
	-- Of the code that an approval was used with last; NULL as long as it was used with none.
	generation  BIGINT
);
CREATE INDEX join_requests_room ON join_requests (room_id, state, session, created_at, id);
CREATE INDEX join_requests_subject ON join_requests (room_id, subject, user_id, role, created_at) WHERE subject <> '';
CREATE INDEX join_requests_seen ON join_requests (seen_at) WHERE state <> 'approved';

CREATE TABLE blocks (
	room_id    TEXT   COLLATE "C" NOT NULL REFERENCES rooms (id),
	identity   TEXT   COLLATE "C" NOT NULL,
	subject    TEXT   COLLATE "C" NOT NULL,
	user_id    TEXT   COLLATE "C" NOT NULL,
	code       TEXT   COLLATE "C" NOT NULL,
	label      TEXT   COLLATE "C" NOT NULL DEFAULT '',
	name       TEXT   COLLATE "C" NOT NULL,
	reason     TEXT   COLLATE "C" NOT NULL,
	blocked_by TEXT   COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	verified   BIGINT NOT NULL DEFAULT 0 CHECK (verified IN (0, 1)), -- their access token proved who they are
	PRIMARY KEY (room_id, identity)
);

CREATE TABLE presences (
	sid       TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	room_id   TEXT   COLLATE "C" NOT NULL REFERENCES rooms (id),
	room_sid  TEXT   COLLATE "C" NOT NULL,
	identity  TEXT   COLLATE "C" NOT NULL,
	subject   TEXT   COLLATE "C" NOT NULL,
	joined_at BIGINT NOT NULL,
	left_at   BIGINT
);
CREATE INDEX presences_identity ON presences (identity);
CREATE INDEX presences_open ON presences (room_id, sid) WHERE left_at IS NULL;
CREATE INDEX presences_left ON presences (left_at) WHERE left_at IS NOT NULL;

-- No references: an event outlives what it is about.
CREATE TABLE events (
	id         BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	at         BIGINT NOT NULL,
	room_id    TEXT   COLLATE "C" NOT NULL,
	room_name  TEXT   COLLATE "C" NOT NULL,
	admin_id   TEXT   COLLATE "C" NOT NULL,
	actor      TEXT   COLLATE "C" NOT NULL,
	via        TEXT   COLLATE "C" NOT NULL,
	client     TEXT   COLLATE "C" NOT NULL,
	kind       TEXT   COLLATE "C" NOT NULL,
	action     TEXT   COLLATE "C" NOT NULL,
	target     TEXT   COLLATE "C" NOT NULL,
	outcome    TEXT   COLLATE "C" NOT NULL,
	details    TEXT   COLLATE "C" NOT NULL,
	request_id TEXT   COLLATE "C" NOT NULL
);
CREATE INDEX events_room ON events (room_id, id);
CREATE INDEX events_admin ON events (admin_id, id);

-- Access tokens that were made here, and those that were taken back.
CREATE TABLE tokens (
	id         TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	-- Empty, and no times, of a token made elsewhere, of which only the id is known.
	subject    TEXT   COLLATE "C" NOT NULL DEFAULT '',
	name       TEXT   COLLATE "C" NOT NULL DEFAULT '',
	role       TEXT   COLLATE "C" NOT NULL DEFAULT '',
	issued_at  BIGINT,
	expires_at BIGINT,
	-- NULL while it counts.
	revoked_at BIGINT
);
CREATE INDEX tokens_expires ON tokens (expires_at) WHERE expires_at IS NOT NULL;

-- What only one of several instances does at a time, and which one. until is in
-- milliseconds of this database's clock.
CREATE TABLE leases (
	name   TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	holder TEXT   COLLATE "C" NOT NULL,
	until  BIGINT NOT NULL
);

-- What all instances have to agree on.
CREATE TABLE deployment (
	key   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	value TEXT COLLATE "C" NOT NULL
);
