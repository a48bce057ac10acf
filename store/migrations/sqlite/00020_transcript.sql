-- +goose Up
-- What was written in rooms that keep their chat.
CREATE TABLE transcript (
	id       TEXT    NOT NULL PRIMARY KEY,
	room_id  TEXT    NOT NULL REFERENCES rooms (id),
	at       INTEGER NOT NULL,
	identity TEXT    NOT NULL,
	name     TEXT    NOT NULL,
	source   TEXT    NOT NULL,
	text     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX transcript_room ON transcript (room_id, at, id);
CREATE INDEX transcript_at ON transcript (at);
