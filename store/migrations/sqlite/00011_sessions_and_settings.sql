-- Sessions of rooms have numbers, and settings are one column.

-- +goose Up

-- 1 at first, one more each time the room is opened again. Admissions and join
-- requests count in the session that they were made in. Of rooms of before, the
-- present session is the second one if they were ever opened again.
ALTER TABLE rooms ADD COLUMN session INTEGER NOT NULL DEFAULT 1;
ALTER TABLE joins ADD COLUMN session INTEGER NOT NULL DEFAULT 0;
ALTER TABLE join_requests ADD COLUMN session INTEGER NOT NULL DEFAULT 0;
UPDATE rooms SET session = 2 WHERE opened_at > created_at;
UPDATE joins SET session =
	(SELECT rooms.session - (joins.created_at < rooms.opened_at) FROM rooms WHERE rooms.id = joins.room_id);
UPDATE join_requests SET session =
	(SELECT rooms.session - (join_requests.created_at < rooms.opened_at) FROM rooms WHERE rooms.id = join_requests.room_id);
ALTER TABLE rooms DROP COLUMN opened_at;

DROP INDEX join_requests_room;
CREATE INDEX join_requests_room ON join_requests (room_id, state, session, created_at, id);

-- A JSON object of booleans; a setting that is not in it is as it is by default.
ALTER TABLE rooms ADD COLUMN settings TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings));
UPDATE rooms SET settings = json_object(
	'allow_chat', json(iif(allow_chat, 'true', 'false')),
	'allow_video', json(iif(allow_video, 'true', 'false')),
	'allow_audio', json(iif(allow_audio, 'true', 'false')),
	'require_approval', json(iif(require_approval, 'true', 'false')),
	'e2ee', json(iif(e2ee, 'true', 'false')));
ALTER TABLE rooms DROP COLUMN allow_chat;
ALTER TABLE rooms DROP COLUMN allow_video;
ALTER TABLE rooms DROP COLUMN allow_audio;
ALTER TABLE rooms DROP COLUMN require_approval;
ALTER TABLE rooms DROP COLUMN e2ee;
