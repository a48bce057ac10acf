-- Events that are told to programs elsewhere, over HTTP.

-- +goose Up

-- Where events are told. kinds is empty for every kind, else like ,room,code, with a
-- comma around each. last_event is the last event that was looked at for it. After
-- removed_at nothing is sent there, and its rows are deleted.
CREATE TABLE webhook_endpoints (
	id         TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	url        TEXT   COLLATE "C" NOT NULL,
	secret     TEXT   COLLATE "C" NOT NULL,
	kinds      TEXT   COLLATE "C" NOT NULL,
	configured BIGINT NOT NULL CHECK (configured IN (0, 1)),
	created_at BIGINT NOT NULL,
	last_event BIGINT NOT NULL,
	removed_at BIGINT
);
CREATE INDEX webhook_endpoints_open ON webhook_endpoints (created_at, id) WHERE removed_at IS NULL;
CREATE INDEX webhook_endpoints_removed ON webhook_endpoints (removed_at) WHERE removed_at IS NOT NULL;

-- One event for one endpoint. taken_at is when it was found, or replayed. status and
-- problem are of the last attempt; status is 0 where there was no answer.
CREATE TABLE webhook_deliveries (
	endpoint_id TEXT   COLLATE "C" NOT NULL,
	event_id    BIGINT NOT NULL,
	room_id     TEXT   COLLATE "C" NOT NULL,
	state       TEXT   COLLATE "C" NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
	taken_at    BIGINT NOT NULL,
	attempts    BIGINT NOT NULL,
	status      BIGINT NOT NULL,
	problem     TEXT   COLLATE "C" NOT NULL,
	done_at     BIGINT,
	PRIMARY KEY (endpoint_id, event_id)
);
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (endpoint_id, room_id, event_id, taken_at)
	WHERE state = 'pending';
CREATE INDEX webhook_deliveries_done ON webhook_deliveries (done_at) WHERE done_at IS NOT NULL;

-- The rooms of which an endpoint has pending deliveries: event_id is the one whose turn
-- it is, since its taken_at, and next_at when it is sent.
CREATE TABLE webhook_queues (
	endpoint_id TEXT   COLLATE "C" NOT NULL,
	room_id     TEXT   COLLATE "C" NOT NULL,
	event_id    BIGINT NOT NULL,
	since       BIGINT NOT NULL,
	next_at     BIGINT NOT NULL,
	PRIMARY KEY (endpoint_id, room_id)
);
CREATE INDEX webhook_queues_due ON webhook_queues (endpoint_id, next_at, event_id);
