-- An active room is found by its name in rooms_active_name.

-- +goose Up
DROP INDEX rooms_name;
CREATE INDEX rooms_name ON rooms (name, created_at, id) WHERE state <> 'active';
