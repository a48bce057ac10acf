// Package auth makes and reads access tokens: who is asking, signed. It knows
// JWT and nothing of how a token travels or what its bearer may do.
package auth

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"roomkey/meet"
)

// What every access token says of itself, so that no other token signed with
// the same secret (a LiveKit join token, say) passes for one.
const (
	Issuer   = "roomkey"
	Audience = "roomkey"
)

// MinSecret is the shortest secret that is taken, in bytes: as long as the
// hash of HS256 (RFC 7518, section 3.2).
const MinSecret = 32

// maxToken bounds what is parsed, in bytes. Our own tokens have some 300.
const maxToken = 4096

// leeway is how far ahead the clock of whoever issued a token may be. It moves
// a token's beginning (iat, nbf), never its end.
const leeway = 30 * time.Second

// claims are what an access token says.
type claims struct {
	jwt.RegisteredClaims
	Name string             `json:"name,omitempty"`
	Role meet.PrincipalRole `json:"role"`
}

// Validate is called by the parser after the registered claims have passed.
func (c claims) Validate() error {
	if c.Subject == "" || c.Subject != meet.CleanText(c.Subject, meet.MaxUserID) {
		return errors.New("sub is missing or not clean")
	}
	if !c.Role.Valid() {
		return errors.New("role is not superadmin, user or guest")
	}
	return nil
}

// Authority signs and verifies access tokens with one secret (HS256). It is
// safe for concurrent use.
type Authority struct {
	secret []byte
	now    func() time.Time
	parser *jwt.Parser
	seen   *cache
}

// NewAuthority fails if the secret is shorter than [MinSecret]. A nil now is
// time.Now.
func NewAuthority(secret []byte, now func() time.Time) (*Authority, error) {
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("the signing secret has %d bytes, at least %d are needed", len(secret), MinSecret)
	}
	if now == nil {
		now = time.Now
	}
	return &Authority{
		secret: secret, now: now, seen: newCache(),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), // never what the token asks for
			jwt.WithIssuer(Issuer), jwt.WithAudience(Audience),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway),
			jwt.WithTimeFunc(now), jwt.WithStrictDecoding()),
	}, nil
}

// Sign makes an access token for p that is good for ttl.
func (a *Authority) Sign(p meet.Principal, ttl time.Duration) (string, error) {
	now := a.now()
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: p.ID, Issuer: Issuer, Audience: jwt.ClaimStrings{Audience},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
		},
		Name: meet.CleanText(p.Name, meet.MaxDisplayName), Role: p.Role,
	}
	if err := c.Validate(); err != nil {
		return "", err
	}
	if ttl <= 0 {
		return "", errors.New("the time to live must be positive")
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(a.secret)
	if err != nil {
		return "", fmt.Errorf("sign access token: %w", err)
	}
	return token, nil
}

// Verify tells who bears the token. The error is for the log; it never holds
// the token.
func (a *Authority) Verify(token string) (meet.Principal, error) {
	if len(token) > maxToken {
		return meet.Principal{}, errors.New("the token is too long")
	}
	if strings.ContainsAny(token, "\r\n") { // the decoder would pass over them: many texts for one token
		return meet.Principal{}, jwt.ErrTokenMalformed
	}
	if p, ok := a.seen.get(token, a.now()); ok {
		return p, nil
	}
	var c claims
	_, err := a.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return a.secret, nil })
	if err != nil {
		return meet.Principal{}, kind(err)
	}
	if !a.now().Before(c.ExpiresAt.Time) {
		return meet.Principal{}, jwt.ErrTokenExpired // what the parser has let pass for the leeway
	}
	p := meet.Principal{ID: c.Subject, Name: meet.CleanText(c.Name, meet.MaxDisplayName), Role: c.Role}
	a.seen.put(token, p, c.ExpiresAt.Time)
	return p, nil
}

// kind reduces the parser's error to one of its sentinels: its full text can
// hold parts of the token.
func kind(err error) error {
	for _, known := range []error{
		jwt.ErrTokenMalformed, jwt.ErrTokenSignatureInvalid, jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenInvalidAudience,
		jwt.ErrTokenInvalidIssuer, jwt.ErrTokenExpired, jwt.ErrTokenUsedBeforeIssued, jwt.ErrTokenNotValidYet, jwt.ErrTokenUnverifiable,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	return jwt.ErrTokenInvalidClaims
}
