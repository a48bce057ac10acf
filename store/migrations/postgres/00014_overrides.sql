-- +goose Up
-- What moderators have set for the person of an admission: role, name and rights, as
-- JSON, empty where nothing is; and when the first of it ends, NULL for never.
ALTER TABLE joins ADD COLUMN overrides TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE joins ADD COLUMN overrides_end BIGINT;
CREATE INDEX joins_overrides_end ON joins (overrides_end) WHERE overrides_end IS NOT NULL;
-- People who join anew are looked for among those for whom anything is locked or set.
DROP INDEX joins_locked;
CREATE INDEX joins_moderated ON joins (room_id, person) WHERE locked <> '' OR overrides <> '';
