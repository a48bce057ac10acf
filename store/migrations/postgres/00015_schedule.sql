-- +goose Up
-- What people call the room, empty where its name has to do.
ALTER TABLE rooms ADD COLUMN title TEXT COLLATE "C" NOT NULL DEFAULT '';
-- Before it only hosts get in, NULL where everybody does at once.
ALTER TABLE rooms ADD COLUMN starts_at BIGINT;
