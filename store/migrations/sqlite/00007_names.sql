-- How many rooms a user has open, and who held a name before.

-- +goose Up
CREATE INDEX rooms_open ON rooms (created_by, expires_at) WHERE state = 'active';

-- The room that had a name last, among those that are over.
CREATE INDEX rooms_ended ON rooms (name, ended_at) WHERE state <> 'active';

-- Names that active rooms have given up for another one.
CREATE TABLE former_names (
	name        TEXT    NOT NULL PRIMARY KEY,
	created_by  TEXT    NOT NULL, -- of the room
	released_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX former_names_released ON former_names (released_at);
