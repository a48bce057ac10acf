-- Access tokens that were made here, and those that were taken back.

-- +goose Up

CREATE TABLE tokens (
	id         TEXT    NOT NULL PRIMARY KEY,
	-- Empty, and no times, of a token made elsewhere, of which only the id is known.
	subject    TEXT    NOT NULL DEFAULT '',
	name       TEXT    NOT NULL DEFAULT '',
	role       TEXT    NOT NULL DEFAULT '',
	issued_at  INTEGER,
	expires_at INTEGER,
	-- NULL while it counts.
	revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_expires ON tokens (expires_at) WHERE expires_at IS NOT NULL;
