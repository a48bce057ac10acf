-- Uses of codes by somebody who has not got inside yet.

-- +goose Up

-- A row stands beside a join by a code with a limit until its bearer is inside,
-- and then goes; or else until the use is given back. revoked says that the join
-- was revoked for that.
CREATE TABLE pending_uses (
	identity TEXT    NOT NULL PRIMARY KEY,
	code     TEXT    NOT NULL,
	room_id  TEXT    NOT NULL,
	due      INTEGER NOT NULL, -- when to look at it: the token has died by then
	revoked  INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_uses_due ON pending_uses (due);

-- +goose Down
DROP TABLE pending_uses;
