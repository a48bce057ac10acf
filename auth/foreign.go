package auth

import (
	"context"
	"time"

	"roomkey/auth/issuers"
	"roomkey/meet"
)

// Foreign is about access tokens that other authorization servers have signed. Its zero
// value accepts none.
type Foreign struct {
	Issuers *issuers.Set

	// SignIn puts the user of an issuer on record, and gives who they are here. It
	// refuses those who may not come in.
	SignIn func(ctx context.Context, issuer, sub, name string, role meet.PrincipalRole) (meet.Principal, error)
}

const (
	// readAgainAfter is how long a foreign token is remembered. After that it is read
	// anew, so that it ends with a key that its issuer has withdrawn.
	readAgainAfter = 5 * time.Minute

	signInWithin = 5 * time.Second
)

// readForeign checks a token of another issuer, and puts its user on record.
func (a *Authority) readForeign(token string, secrets secretSet, now time.Time) (verified, error) {
	t, err := a.Foreign.Issuers.Verify(token)
	switch {
	case meet.IsCode(err, meet.CodeUnavailable):
		return verified{}, err
	case err != nil:
		return verified{}, withoutToken(err)
	case t.ExpiresAt.Sub(t.IssuedAt) > a.MaxTTL+time.Second:
		return verified{}, ErrTooLong
	}
	ctx, cancel := context.WithTimeout(context.Background(), signInWithin)
	defer cancel()
	p, err := a.Foreign.SignIn(ctx, t.Issuer, t.Subject, t.Name, t.Role)
	if err != nil {
		return verified{}, err
	}
	p.Scopes = t.Scopes
	v := verified{id: t.ID, signed: p, principal: p, issued: t.IssuedAt, expires: t.ExpiresAt,
		generation: secrets.generation}
	if again := now.Add(readAgainAfter); again.Before(v.expires) {
		v.expires = again
	}
	return v, nil
}
