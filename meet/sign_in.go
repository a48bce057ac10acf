package meet

import (
	"context"
	"time"
)

// OAuthClient is a program that has registered itself to ask people for access.
type OAuthClient struct {
	ID           string
	SecretHash   string // empty of a client without a secret
	Name         string // as it calls itself
	RedirectURIs []string
	Address      string // from where it was registered
	CreatedAt    time.Time
	UsedAt       time.Time // when somebody allowed it something first; zero until then
	ExpiresAt    time.Time // it is forgotten then; each grant moves this on
}

// SignInGrant is what a person has allowed a client: to make access tokens for them.
// It begins with a code, which the client redeems once. From then on each refresh token
// replaces the one before.
type SignInGrant struct {
	ID          string // part of the code and of the refresh tokens
	ClientID    string
	ClientName  string
	Subject     string // of the person
	Scope       string // words with a space between them
	RedirectURI string // where the code was sent
	Challenge   string // S256 of the code's verifier (PKCE)
	CodeHash    string
	RefreshHash string // of the refresh token that counts; empty until the code is redeemed
	CreatedAt   time.Time
	ExpiresAt   time.Time // of the code, then of the refresh token

	// Ended is set by a change that ends the grant: it is deleted, and its access tokens
	// are revoked.
	Ended bool
}

// SignInToken is an access token that was made for a grant, as it goes on record.
type SignInToken struct {
	ID        string
	Principal Principal
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// SignInWay is an identity provider by which people may sign in.
type SignInWay struct {
	Issuer string // its URL
	Name   string // as people know it
}

// ClientLimits bound how many clients there may be that nobody has allowed anything.
type ClientLimits struct {
	Most          int       // in all; the oldest makes room for a new one
	MostOfAddress int       // from one address
	Since         time.Time // those of one address count that were registered later
}

// SignInStore keeps which programs people have allowed to act for them. Of secrets,
// codes and refresh tokens it has hashes. [EventStore].Forget deletes what has expired.
type SignInStore interface {
	// RegisterClient stores a new client. ErrLimitReached if its address has
	// registered too many.
	RegisterClient(ctx context.Context, c OAuthClient, limits ClientLimits) error

	// OAuthClient finds a client by its id. ErrNotFound.
	OAuthClient(ctx context.Context, id string) (OAuthClient, error)

	// SignInGrant finds a grant by its id. ErrNotFound.
	SignInGrant(ctx context.Context, id string) (SignInGrant, error)

	// AddSignInGrant stores a new grant. A registered client of that id counts as used
	// then, and is kept for at least as long as until.
	AddSignInGrant(ctx context.Context, g SignInGrant, until time.Time) error

	// UpdateSignInGrant reads a grant, lets change alter its hashes and its end, and
	// stores it; the token that change gives is put on record with it. A registered
	// client of that id is kept for at least as long as until. ErrNotFound.
	UpdateSignInGrant(ctx context.Context, id string, now, until time.Time,
		change func(*SignInGrant) (*SignInToken, error)) error

	// SignInGrantOf finds the grant for which an access token was made. ErrNotFound.
	SignInGrantOf(ctx context.Context, tokenID string) (SignInGrant, error)
}
