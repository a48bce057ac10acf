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

-- +goose Down
ALTER TABLE rooms ADD COLUMN allow_chat INTEGER NOT NULL DEFAULT 1 CHECK (allow_chat IN (0, 1));
ALTER TABLE rooms ADD COLUMN allow_video INTEGER NOT NULL DEFAULT 1 CHECK (allow_video IN (0, 1));
ALTER TABLE rooms ADD COLUMN allow_audio INTEGER NOT NULL DEFAULT 1 CHECK (allow_audio IN (0, 1));
ALTER TABLE rooms ADD COLUMN e2ee INTEGER NOT NULL DEFAULT 0 CHECK (e2ee IN (0, 1));
ALTER TABLE rooms ADD COLUMN require_approval INTEGER NOT NULL DEFAULT 0 CHECK (require_approval IN (0, 1));
UPDATE rooms SET allow_chat = settings ->> 'allow_chat', allow_video = settings ->> 'allow_video',
	allow_audio = settings ->> 'allow_audio', e2ee = settings ->> 'e2ee', require_approval = settings ->> 'require_approval';
ALTER TABLE rooms DROP COLUMN settings;

DROP INDEX join_requests_room;
CREATE INDEX join_requests_room ON join_requests (room_id, state, created_at, id);

-- After the last admission that does not count any more.
ALTER TABLE rooms ADD COLUMN opened_at INTEGER NOT NULL DEFAULT 0;
UPDATE rooms SET opened_at = COALESCE(
	(SELECT MAX(joins.created_at) + 1 FROM joins WHERE joins.room_id = rooms.id AND joins.session < rooms.session), created_at);
ALTER TABLE join_requests DROP COLUMN session;
ALTER TABLE joins DROP COLUMN session;
ALTER TABLE rooms DROP COLUMN session;
