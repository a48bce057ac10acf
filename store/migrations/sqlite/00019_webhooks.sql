-- Events that are told to programs elsewhere, over HTTP.

-- +goose Up

-- Where events are told. kinds is empty for every kind, else like ,room,code, with a
-- comma around each. last_event is the last event that was looked at for it. After
-- removed_at nothing is sent there, and its rows are deleted.
CREATE TABLE webhook_endpoints (
	id         TEXT    NOT NULL PRIMARY KEY,
	url        TEXT    NOT NULL,
	secret     TEXT    NOT NULL,
	kinds      TEXT    NOT NULL,
	configured INTEGER NOT NULL CHECK (configured IN (0, 1)),
	created_at INTEGER NOT NULL,
	last_event INTEGER NOT NULL,
	removed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_endpoints_open ON webhook_endpoints (created_at, id) WHERE removed_at IS NULL;
CREATE INDEX webhook_endpoints_removed ON webhook_endpoints (removed_at) WHERE removed_at IS NOT NULL;

-- One event for one endpoint. taken_at is when it was found, or replayed. status and
-- problem are of the last attempt; status is 0 where there was no answer.
CREATE TABLE webhook_deliveries (
	endpoint_id TEXT    NOT NULL,
	event_id    INTEGER NOT NULL,
	room_id     TEXT    NOT NULL,
	state       TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
	taken_at    INTEGER NOT NULL,
	attempts    INTEGER NOT NULL,
	status      INTEGER NOT NULL,
	problem     TEXT    NOT NULL,
	done_at     INTEGER,
	PRIMARY KEY (endpoint_id, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (endpoint_id, room_id, event_id, taken_at)
	WHERE state = 'pending';
CREATE INDEX webhook_deliveries_done ON webhook_deliveries (done_at) WHERE done_at IS NOT NULL;

-- The rooms of which an endpoint has pending deliveries: event_id is the one whose turn
-- it is, since its taken_at, and next_at when it is sent.
CREATE TABLE webhook_queues (
	endpoint_id TEXT    NOT NULL,
	room_id     TEXT    NOT NULL,
	event_id    INTEGER NOT NULL,
	since       INTEGER NOT NULL,
	next_at     INTEGER NOT NULL,
	PRIMARY KEY (endpoint_id, room_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_queues_due ON webhook_queues (endpoint_id, next_at, event_id);
