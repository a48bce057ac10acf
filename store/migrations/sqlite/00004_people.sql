-- Locks for all, one person for one approval, and who is proven.

-- +goose Up

-- The sources taken from everybody but admins, also from those who come later,
-- separated by commas; and of a join those given back to it all the same.
ALTER TABLE rooms ADD COLUMN locked_for_all TEXT NOT NULL DEFAULT '';
ALTER TABLE joins ADD COLUMN unlocked TEXT NOT NULL DEFAULT '';
CREATE INDEX joins_unlocked ON joins (room_id, person) WHERE unlocked <> '';

-- The identity that an approval has let in, empty as long as it is unused.
ALTER TABLE join_requests ADD COLUMN admitted TEXT NOT NULL DEFAULT '';
UPDATE join_requests SET admitted = COALESCE((SELECT MIN(identity) FROM joins WHERE joins.request_id = join_requests.id), '')
WHERE state = 'approved';

-- The label of the code that somebody came by, and whether a block is on
-- somebody whose access token proved who they are.
ALTER TABLE joins ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE join_requests ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE blocks ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE blocks ADD COLUMN verified INTEGER NOT NULL DEFAULT 0 CHECK (verified IN (0, 1));
UPDATE joins SET label = (SELECT label FROM codes WHERE codes.code = joins.code)
WHERE code IN (SELECT code FROM codes WHERE label <> '');
UPDATE join_requests SET label = (SELECT label FROM codes WHERE codes.code = join_requests.code)
WHERE code IN (SELECT code FROM codes WHERE label <> '');
UPDATE blocks SET label = COALESCE((SELECT label FROM codes WHERE codes.code = blocks.code), ''),
	verified = EXISTS (SELECT 1 FROM joins WHERE joins.identity = blocks.identity AND vouched = 0 AND joins.subject <> '');
