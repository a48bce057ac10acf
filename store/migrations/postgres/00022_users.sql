-- The people whom the operator or an identity provider has made known, and what access
-- tokens are limited to.

-- +goose Up

CREATE TABLE users (
	subject       TEXT    COLLATE "C" NOT NULL PRIMARY KEY CHECK (subject <> ''),
	name          TEXT    COLLATE "C" NOT NULL,
	role          TEXT    COLLATE "C" NOT NULL CHECK (role IN ('superadmin', 'user', 'guest')),
	-- Whether the operator has given the role; else it is as the source said it last.
	role_set      BIGINT  NOT NULL CHECK (role_set IN (0, 1)),
	-- local, or the URL of the issuer who proves them.
	source        TEXT    COLLATE "C" NOT NULL,
	-- Empty where there is no passcode.
	passcode_hash TEXT    COLLATE "C" NOT NULL DEFAULT '',
	created_at    BIGINT  NOT NULL,
	last_seen_at  BIGINT,
	-- NULL while they may come in.
	disabled_at   BIGINT,
	-- Tokens and admissions from before it do not count, NULL where all do.
	tokens_from   BIGINT,
	-- Whether people inside may still have to be removed, because they were disabled.
	ending        BIGINT  NOT NULL DEFAULT 0 CHECK (ending IN (0, 1))
);
CREATE INDEX users_ending ON users (subject) WHERE ending = 1;
CREATE INDEX users_unseen ON users (last_seen_at) WHERE role_set = 0 AND disabled_at IS NULL;

-- Scopes with spaces between, empty for all; ids of rooms with spaces between, empty for all.
ALTER TABLE tokens ADD COLUMN scope TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN rooms TEXT COLLATE "C" NOT NULL DEFAULT '';
