-- +goose Up
-- For the events of a span of time.
CREATE INDEX events_at ON events (at);
