-- Who administers a room beside its creator, and as whom people have joined.

-- +goose Up
CREATE TABLE room_admins (
	room_id         TEXT   COLLATE "C" NOT NULL REFERENCES rooms (id),
	-- A co-admin, or the admin (rooms.admin_id) who is not the creator.
	subject         TEXT   COLLATE "C" NOT NULL,
	room_created_at BIGINT NOT NULL,
	PRIMARY KEY (room_id, subject)
);

CREATE INDEX room_admins_subject ON room_admins (subject, room_created_at, room_id);

-- The role of the access token of somebody who joined as themself, else empty.
-- Whether they are an admin follows from that and from the room as it is now.
ALTER TABLE joins ADD COLUMN principal TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE joins SET principal = CASE WHEN EXISTS
	(SELECT 1 FROM rooms WHERE rooms.id = joins.room_id AND rooms.admin_id = joins.subject)
	THEN 'user' ELSE 'superadmin' END
WHERE admin = 1;
ALTER TABLE joins DROP COLUMN admin;
