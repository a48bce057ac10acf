package meet

import (
	"context"
	"time"
)

// TokenRecord is what is on record of an access token. The token itself is not.
type TokenRecord struct {
	ID        string
	Subject   string // empty of one made elsewhere, of which only the id is known
	Name      string
	Role      PrincipalRole
	IssuedAt  time.Time
	ExpiresAt time.Time
	RevokedAt time.Time // zero while it counts
	LastUsed  time.Time // to about a minute; zero if never
	Scope     string    // words with spaces between; empty is every scope
	Rooms     RoomIDs
	Client    string // the name of the client for which sign-in made it; empty if a command did
}

// TokenStore keeps which access tokens were made here.
type TokenStore interface {
	// TokenRecords lists at most limit access tokens that expire later than now, those
	// first that expire last. after is the expiry and id behind which it begins; nil is
	// the start.
	TokenRecords(ctx context.Context, now time.Time, after *Position, limit int) ([]TokenRecord, error)
}
