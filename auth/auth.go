// Package auth makes and reads access tokens: who is asking, signed. It knows
// JWT and nothing of how a token travels or what its bearer may do.
package auth

import (
	"crypto/rand"
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

	Local bool `json:"local,omitempty"` // made for the local owner, by this program
}

// Validate is called by the parser after the registered claims have passed.
func (c claims) Validate() error {
	if c.Subject == "" || c.Subject != meet.CleanText(c.Subject, meet.MaxUserID) {
		return errors.New("sub is missing or not clean")
	}
	if !c.mayBear() {
		return errors.New("sub is reserved")
	}
	if !c.Role.Valid() {
		return errors.New("role is not superadmin, user or guest")
	}
	return nil
}

// DefaultMaxTTL is the longest life of an access token unless another is set.
const DefaultMaxTTL = 90 * 24 * time.Hour

// Errors that a caller may be told of: the token was signed with our secret.
var (
	ErrRevoked = &meet.Error{Code: meet.CodeUnauthenticated, Message: "The access token has been revoked",
		Hint: "Make a new one with roomkey token."}
	ErrTooLong = &meet.Error{Code: meet.CodeUnauthenticated,
		Message: "The access token was made for a longer time than this server allows",
		Hint:    "Make a new one with roomkey token."}
)

// Config is what an [Authority] goes by.
type Config struct {
	Keyring *Keyring
	MaxTTL  time.Duration // the longest life of a token; 0 is DefaultMaxTTL

	// Revoked says whether the token with an id was taken back. It is asked
	// again half a second later for each token that is shown. Nil is never.
	Revoked func(id string) (bool, error)

	// OnRevoked is told once when a token that was taken before is found to be
	// revoked. Nil is nobody.
	OnRevoked func(id string, p meet.Principal)

	Now func() time.Time // nil is time.Now
}

// Authority signs and verifies access tokens (HS256). It is safe for concurrent
// use.
type Authority struct {
	Config
	parser *jwt.Parser
	seen   *cache
}

// New makes an authority.
func New(c Config) *Authority {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.MaxTTL == 0 {
		c.MaxTTL = DefaultMaxTTL
	}
	return &Authority{
		Config: c, seen: newCache(),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), // never what the token asks for
			jwt.WithIssuer(Issuer), jwt.WithAudience(Audience),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway),
			jwt.WithTimeFunc(c.Now), jwt.WithStrictDecoding()),
	}
}

// NewAuthority makes an authority with one secret, which nothing revokes. It
// fails if the secret is shorter than [MinSecret]. A nil now is time.Now.
func NewAuthority(secret []byte, now func() time.Time) (*Authority, error) {
	keyring, err := NewKeyring(secret)
	if err != nil {
		return nil, err
	}
	return New(Config{Keyring: keyring, Now: now}), nil
}

// Issued is an access token, and what is known of it.
type Issued struct {
	Token     string
	ID        string
	Principal meet.Principal
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// Sign is [Authority.Issue] for who needs no more than the token.
func (a *Authority) Sign(p meet.Principal, ttl time.Duration) (string, error) {
	issued, err := a.Issue(p, ttl)
	return issued.Token, err
}

// Issue makes an access token for p that is good for ttl.
func (a *Authority) Issue(p meet.Principal, ttl time.Duration) (Issued, error) {
	now := a.Now()
	p.Name = meet.CleanText(p.Name, meet.MaxDisplayName)
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{
			ID: newID(), Subject: p.ID, Issuer: Issuer, Audience: jwt.ClaimStrings{Audience},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
		},
		Name: p.Name, Role: p.Role, Local: isOwner(p),
	}
	if err := c.Validate(); err != nil {
		return Issued{}, err
	}
	if ttl <= 0 {
		return Issued{}, errors.New("the time to live must be positive")
	}
	if ttl > a.MaxTTL {
		return Issued{}, fmt.Errorf("the time to live must be at most %s", a.MaxTTL)
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(a.Keyring.signing(now))
	if err != nil {
		return Issued{}, fmt.Errorf("sign access token: %w", err)
	}
	return Issued{Token: token, ID: c.ID, Principal: p, IssuedAt: now, ExpiresAt: c.ExpiresAt.Time}, nil
}

// newID is the id of a new token: 16 letters and digits, 80 bits.
func newID() string { return strings.ToLower(rand.Text()[:16]) }

// Verify tells who bears the token. The error is for the log and never holds
// the token; a [meet.Error] is for the caller as well.
func (a *Authority) Verify(token string) (meet.Principal, error) {
	if len(token) > maxToken {
		return meet.Principal{}, errors.New("the token is too long")
	}
	if strings.ContainsAny(token, "\r\n") { // the decoder would pass over them: many texts for one token
		return meet.Principal{}, jwt.ErrTokenMalformed
	}
	now := a.Now()
	key := keyOf(token)
	v, known := a.seen.get(key, a.Keyring.generationAt(now), now)
	if !known {
		var err error
		if v, err = a.readAnew(token, now); err != nil {
			return meet.Principal{}, err
		}
	}
	if known && withinLook(v.looked, now) {
		return v.principal, nil
	}
	if err := a.checkRevoked(v); err != nil {
		if known && errors.Is(err, ErrRevoked) && a.seen.drop(key) && a.OnRevoked != nil {
			a.OnRevoked(v.id, v.principal)
		}
		return meet.Principal{}, err
	}
	v.looked = now
	a.seen.put(key, v)
	return v.principal, nil
}

// checkRevoked asks whether the token was taken back. Where nobody can tell, it
// is not let through.
func (a *Authority) checkRevoked(v verified) error {
	if a.Revoked == nil || v.id == "" {
		return nil
	}
	switch revoked, err := a.Revoked(v.id); {
	case err != nil:
		return &meet.Error{Code: meet.CodeUnavailable,
			Message: "The database cannot say now whether the access token was revoked",
			Hint:    "Try again in a few seconds.", Err: err}
	case revoked:
		return ErrRevoked
	}
	return nil
}

// readAnew is read. A token whose signature is wrong may be of a secret that is
// newer than the last look at the files.
func (a *Authority) readAnew(token string, now time.Time) (verified, error) {
	before := a.Keyring.generationAt(now)
	v, err := a.read(token, now)
	if errors.Is(err, jwt.ErrTokenSignatureInvalid) && a.Keyring.look(now) != before {
		return a.read(token, now)
	}
	return v, err
}

// read checks the token itself: signature, claims and times.
func (a *Authority) read(token string, now time.Time) (verified, error) {
	secrets, generation := a.Keyring.accepted(now)
	var c claims
	var err error
	var until time.Time // what the secret counts until; zero is for good
	for _, s := range secrets {
		c, until = claims{}, s.Until
		_, err = a.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return s.Secret, nil })
		if !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
			break
		}
	}
	if err != nil {
		return verified{}, kind(err)
	}
	switch {
	case !now.Before(c.ExpiresAt.Time):
		return verified{}, jwt.ErrTokenExpired // what the parser has let pass for the leeway
	case c.IssuedAt == nil:
		return verified{}, jwt.ErrTokenRequiredClaimMissing
	case c.ExpiresAt.Sub(c.IssuedAt.Time) > a.MaxTTL+time.Second: // both times were cut to seconds
		return verified{}, ErrTooLong
	}
	expires := c.ExpiresAt.Time
	if !until.IsZero() && until.Before(expires) {
		expires = until
	}
	return verified{
		id:         c.ID,
		principal:  meet.Principal{ID: c.Subject, Name: meet.CleanText(c.Name, meet.MaxDisplayName), Role: c.Role},
		expires:    expires,
		generation: generation,
	}, nil
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
