-- Events of a time are searched for by their ids, which grow with it.

-- +goose Up
DROP INDEX events_at;
