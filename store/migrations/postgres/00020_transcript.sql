-- +goose Up
-- What was written in rooms that keep their chat.
CREATE TABLE transcript (
	id       TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	room_id  TEXT   COLLATE "C" NOT NULL REFERENCES rooms (id),
	at       BIGINT NOT NULL,
	identity TEXT   COLLATE "C" NOT NULL,
	name     TEXT   COLLATE "C" NOT NULL,
	source   TEXT   COLLATE "C" NOT NULL,
	text     TEXT   COLLATE "C" NOT NULL
);
CREATE INDEX transcript_room ON transcript (room_id, at, id);
CREATE INDEX transcript_at ON transcript (at);
