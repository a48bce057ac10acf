-- +goose Up
-- The address of the person that a code is for, empty if none was given.
ALTER TABLE codes ADD COLUMN email TEXT NOT NULL DEFAULT '';
-- When somebody who came by the code was inside first, NULL if nobody was yet. Of
-- codes of before, as far as the presences go back.
ALTER TABLE codes ADD COLUMN entered_at INTEGER;
UPDATE codes SET entered_at = (SELECT MIN(presences.joined_at) FROM presences
	JOIN joins ON joins.identity = presences.identity WHERE joins.code = codes.code);
