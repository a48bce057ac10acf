-- Putting out everybody who came by a code is one row, however many they are.

-- +goose Up

-- came_by is a code, or the id of a join request: their letters never
-- coincide. generation counts the revocations of a code before this one; a
-- join request is revoked once, with 0.
CREATE TABLE revocations (
	came_by    TEXT    NOT NULL,
	generation INTEGER NOT NULL,
	revoked_by TEXT    NOT NULL,
	revoked_at INTEGER NOT NULL,
	PRIMARY KEY (came_by, generation)
) STRICT, WITHOUT ROWID;

-- How many revocations the code had when somebody joined by it. The revocation
-- with this number is what ends the join, and the approval that it used last;
-- NULL as long as nobody has used that with a code.
ALTER TABLE joins ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE join_requests ADD COLUMN generation INTEGER;
UPDATE join_requests SET generation = 0
WHERE EXISTS (SELECT 1 FROM joins WHERE joins.request_id = join_requests.id AND joins.code = join_requests.code AND joins.request_id <> '');

-- Nothing looks joins up by code or request any more. The sweeper looks for old ones.
DROP INDEX joins_code;
DROP INDEX joins_request;
CREATE INDEX joins_created ON joins (created_at);
