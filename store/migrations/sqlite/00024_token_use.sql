-- When access tokens were used.

-- +goose Up

-- To about a minute; NULL if never since this is noted.
ALTER TABLE tokens ADD COLUMN last_used_at INTEGER;
