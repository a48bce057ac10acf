-- Uses of codes by somebody who has not got inside yet.

-- +goose Up

-- A row stands beside a join by a code with a limit until its bearer is inside,
-- and then goes; or else until the use is given back. ended says that the join
-- was ended for that.
CREATE TABLE pending_uses (
	identity TEXT    NOT NULL PRIMARY KEY,
	code     TEXT    NOT NULL,
	room_id  TEXT    NOT NULL,
	due      INTEGER NOT NULL, -- when to look at it: the token has died by then
	ended    INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_uses_due ON pending_uses (due);

-- Whether the join was ended because its use of a code was given back.
ALTER TABLE joins ADD COLUMN returned INTEGER NOT NULL DEFAULT 0 CHECK (returned IN (0, 1));
