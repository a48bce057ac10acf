-- +goose Up
-- The address of the person that a code is for, empty if none was given.
ALTER TABLE codes ADD COLUMN email TEXT NOT NULL DEFAULT '';
-- When somebody who came by the code was inside first, NULL if nobody was yet. Of
-- codes of before, as far as the presences go back.
ALTER TABLE codes ADD COLUMN entered_at INTEGER;
UPDATE codes SET entered_at = first.at FROM (
	SELECT joins.code AS code, MIN(presences.joined_at) AS at
	FROM presences JOIN joins ON joins.identity = presences.identity
	WHERE joins.code IS NOT NULL GROUP BY joins.code
) AS first WHERE first.code = codes.code;
