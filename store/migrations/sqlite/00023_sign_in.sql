-- Sign-in: programs that ask people for access, and what people have allowed them.

-- +goose Up

-- Programs that have registered themselves. redirect_uris has a line for each. used_at is
-- NULL until somebody has allowed the client something.
CREATE TABLE oauth_clients (
	id            TEXT    NOT NULL PRIMARY KEY,
	secret_hash   TEXT    NOT NULL,
	name          TEXT    NOT NULL,
	redirect_uris TEXT    NOT NULL,
	address       TEXT    NOT NULL,
	created_at    INTEGER NOT NULL,
	used_at       INTEGER,
	expires_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_clients_address ON oauth_clients (address, created_at) WHERE used_at IS NULL;
CREATE INDEX oauth_clients_unused ON oauth_clients (created_at) WHERE used_at IS NULL;
CREATE INDEX oauth_clients_expires ON oauth_clients (expires_at);

-- What people have allowed clients. refresh_hash is empty until the code was redeemed;
-- expires_at is the end of the code, then of the refresh token.
CREATE TABLE sign_in_grants (
	id           TEXT    NOT NULL PRIMARY KEY,
	client_id    TEXT    NOT NULL,
	client_name  TEXT    NOT NULL,
	subject      TEXT    NOT NULL,
	scope        TEXT    NOT NULL,
	redirect_uri TEXT    NOT NULL,
	challenge    TEXT    NOT NULL,
	code_hash    TEXT    NOT NULL,
	refresh_hash TEXT    NOT NULL,
	created_at   INTEGER NOT NULL,
	expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_grants_expires ON sign_in_grants (expires_at);

-- The grant for which an access token was made; empty of one that a command has made.
ALTER TABLE tokens ADD COLUMN grant_id TEXT NOT NULL DEFAULT '';
CREATE INDEX tokens_grant ON tokens (grant_id) WHERE grant_id <> '';
CREATE INDEX tokens_of_grants ON tokens (expires_at) WHERE grant_id <> '';
