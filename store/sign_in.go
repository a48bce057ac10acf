package store

import (
	"cmp"
	"context"
	"strings"
	"time"

	"roomkey/meet"
)

//nolint:gosec // G101: statements, no credentials
const (
	clientColumns = `id, secret_hash, name, redirect_uris, address, created_at, used_at, expires_at`

	selectClient = `SELECT ` + clientColumns + ` FROM oauth_clients WHERE id = $1`

	insertClient = `INSERT INTO oauth_clients (id, secret_hash, name, redirect_uris, address, created_at, expires_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7)`

	countClientsOfAddress = `SELECT COUNT(*) FROM (SELECT 1 FROM oauth_clients
	WHERE address = $1 AND used_at IS NULL AND created_at > $2 LIMIT $3) AS found`

	countUnusedClients = `SELECT COUNT(*) FROM (SELECT 1 FROM oauth_clients WHERE used_at IS NULL LIMIT $1) AS found`

	deleteOldestClient = `DELETE FROM oauth_clients
	WHERE id = (SELECT id FROM oauth_clients WHERE used_at IS NULL ORDER BY created_at LIMIT 1)`

	useClient = `UPDATE oauth_clients
	SET used_at = COALESCE(used_at, $2), expires_at = CASE WHEN expires_at < $3 THEN $3 ELSE expires_at END WHERE id = $1`

	grantColumns = `sign_in_grants.id, sign_in_grants.client_id, sign_in_grants.client_name, sign_in_grants.subject,
	sign_in_grants.scope, sign_in_grants.redirect_uri, sign_in_grants.challenge, sign_in_grants.code_hash,
	sign_in_grants.refresh_hash, sign_in_grants.created_at, sign_in_grants.expires_at`

	selectGrant        = `SELECT ` + grantColumns + ` FROM sign_in_grants WHERE id = $1`
	selectGrantOfToken = `SELECT ` + grantColumns + ` FROM sign_in_grants
	JOIN tokens ON tokens.grant_id = sign_in_grants.id WHERE tokens.id = $1`

	insertGrant = `INSERT INTO sign_in_grants (id, client_id, client_name, subject, scope, redirect_uri, challenge,
		code_hash, refresh_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

	updateGrant = `UPDATE sign_in_grants SET code_hash = $2, refresh_hash = $3, expires_at = $4 WHERE id = $1`
	deleteGrant = `DELETE FROM sign_in_grants WHERE id = $1`

	insertGrantToken = `INSERT INTO tokens (id, subject, name, role, issued_at, expires_at, grant_id)
	VALUES ($1, $2, $3, $4, $5, $6, $7)`

	revokeGrantTokens = `UPDATE tokens SET revoked_at = $2 WHERE grant_id = $1 AND grant_id <> '' AND revoked_at IS NULL`

	selectExpiredClients = `SELECT id FROM oauth_clients WHERE expires_at <= $1 LIMIT $2`
	deleteExpiredClients = `DELETE FROM oauth_clients WHERE id IN (` + selectExpiredClients + `)`

	selectExpiredGrants = `SELECT id FROM sign_in_grants WHERE expires_at <= $1 LIMIT $2`
	deleteExpiredGrants = `DELETE FROM sign_in_grants WHERE id IN (` + selectExpiredGrants + `)`

	selectExpiredGrantTokens = `SELECT id FROM tokens WHERE grant_id <> '' AND expires_at <= $1 LIMIT $2`
	deleteExpiredGrantTokens = `DELETE FROM tokens WHERE id IN (` + selectExpiredGrantTokens + `)`
)

func clientPointers(c *meet.OAuthClient) []any {
	return []any{&c.ID, &c.SecretHash, &c.Name, (*lines)(&c.RedirectURIs), &c.Address, (*moment)(&c.CreatedAt),
		(*moment)(&c.UsedAt), (*moment)(&c.ExpiresAt)}
}

func grantPointers(g *meet.SignInGrant) []any {
	return []any{&g.ID, &g.ClientID, &g.ClientName, &g.Subject, &g.Scope, &g.RedirectURI, &g.Challenge, &g.CodeHash,
		&g.RefreshHash, (*moment)(&g.CreatedAt), (*moment)(&g.ExpiresAt)}
}

// RegisterClient implements [meet.SignInStore].
func (db *DB) RegisterClient(ctx context.Context, c meet.OAuthClient, limits meet.ClientLimits) error {
	return db.change(ctx, func(t *tx) error {
		ofAddress, err := queryOne(t, "count clients", countClientsOfAddress, intPointers, c.Address,
			limits.Since.UnixMilli(), limits.MostOfAddress)
		if err == nil && ofAddress >= limits.MostOfAddress {
			return meet.ErrLimitReached
		}
		unused, err2 := queryOne(t, "count clients", countUnusedClients, intPointers, limits.Most)
		if err = cmp.Or(err, err2); err == nil && unused >= limits.Most {
			err = t.exec("forget oldest client", deleteOldestClient)
		}
		return cmp.Or(err, t.exec("register client", insertClient, c.ID, c.SecretHash, c.Name,
			strings.Join(c.RedirectURIs, "\n"), c.Address, c.CreatedAt.UnixMilli(), c.ExpiresAt.UnixMilli()))
	})
}

// OAuthClient implements [meet.SignInStore].
func (db *DB) OAuthClient(ctx context.Context, id string) (meet.OAuthClient, error) {
	return readOne(ctx, db, "read client", selectClient, clientPointers, id)
}

// AddSignInGrant implements [meet.SignInStore].
func (db *DB) AddSignInGrant(ctx context.Context, g meet.SignInGrant, until time.Time) error {
	return db.change(ctx, func(t *tx) error {
		return cmp.Or(
			t.exec("add grant", insertGrant, g.ID, g.ClientID, g.ClientName, g.Subject, g.Scope, g.RedirectURI, g.Challenge,
				g.CodeHash, g.RefreshHash, g.CreatedAt.UnixMilli(), g.ExpiresAt.UnixMilli()),
			t.exec("keep client", useClient, g.ClientID, g.CreatedAt.UnixMilli(), until.UnixMilli()))
	})
}

// UpdateSignInGrant implements [meet.SignInStore].
func (db *DB) UpdateSignInGrant(ctx context.Context, id string, now, until time.Time,
	change func(*meet.SignInGrant) (*meet.SignInToken, error)) error {
	return db.change(ctx, func(t *tx) error {
		g, err := queryOne(t, "read grant", selectGrant, grantPointers, id)
		if err != nil {
			return err
		}
		token, err := change(&g)
		switch {
		case err != nil:
			return err
		case g.Ended:
			return cmp.Or(t.exec("end grant", deleteGrant, id), t.exec("revoke tokens", revokeGrantTokens, id, now.UnixMilli()))
		}
		err = cmp.Or(t.exec("update grant", updateGrant, id, g.CodeHash, g.RefreshHash, g.ExpiresAt.UnixMilli()),
			t.exec("keep client", useClient, g.ClientID, now.UnixMilli(), until.UnixMilli()))
		if token != nil {
			p := token.Principal
			err = cmp.Or(err, t.exec("record access token", insertGrantToken, token.ID, p.ID, p.Name, string(p.Role),
				token.IssuedAt.UnixMilli(), token.ExpiresAt.UnixMilli(), id))
		}
		return err
	})
}

// SignInGrant implements [meet.SignInStore].
func (db *DB) SignInGrant(ctx context.Context, id string) (meet.SignInGrant, error) {
	return readOne(ctx, db, "read grant", selectGrant, grantPointers, id)
}

// SignInGrantOf implements [meet.SignInStore].
func (db *DB) SignInGrantOf(ctx context.Context, tokenID string) (meet.SignInGrant, error) {
	return readOne(ctx, db, "read grant of access token", selectGrantOfToken, grantPointers, tokenID)
}
