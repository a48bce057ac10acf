// Package auth makes and reads access tokens, which prove who makes a call. It
// knows JWT, but not how a token is sent or what its bearer may do.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	lru "github.com/hashicorp/golang-lru/v2"

	"roomkey/auth/issuers"
	"roomkey/meet"
)

// What every access token says of itself. Another token that is signed with the
// same secret, such as a LiveKit join token, is therefore no access token.
const (
	Issuer   = "roomkey"
	Audience = "roomkey"
)

// MinSecret is the length of the shortest accepted secret, in bytes: that of the
// hash of HS256 (RFC 7518, section 3.2).
const MinSecret = 32

// maxToken bounds what is parsed of our own tokens, in bytes. They have some 300.
const maxToken = 4096

// leeway is how far ahead the clock of a token's issuer may be. It is for the
// token's beginning (iat, nbf), never for its end.
const leeway = 30 * time.Second

// claims are what an access token says.
type claims struct {
	jwt.RegisteredClaims
	Name string             `json:"name,omitempty"`
	Role meet.PrincipalRole `json:"role"`

	// What the token is limited to. Without them it may do all that its role may.
	Scope *string  `json:"scope,omitempty"` // as RFC 9068 has it: words with spaces between
	Rooms []string `json:"rooms,omitempty"` // ids

	Local bool `json:"local,omitempty"` // made for the local owner, by this program
}

// Validate is called by the parser after the registered claims have passed.
func (c claims) Validate() error {
	if c.Subject == "" || c.Subject != meet.CleanText(c.Subject, meet.MaxUserID) {
		return errors.New("sub is missing or not clean")
	}
	if !c.isSubjectAllowed() {
		return errors.New("sub is reserved")
	}
	if !c.Role.Valid() {
		return errors.New("role is not superadmin, user or guest")
	}
	return c.checkRooms()
}

// DefaultMaxTTL is the longest life of an access token unless another is set.
const DefaultMaxTTL = 90 * 24 * time.Hour

// Errors that the caller may see, because the token was signed with our secret.
var (
	ErrRevoked  = unauthenticated("The access token has been revoked")
	ErrDisabled = &meet.Error{Code: meet.CodeUnauthenticated, Message: "The user of this access token has been disabled",
		Hint: "Ask the operator: roomkey user list shows the users."}
	ErrTooLong = unauthenticated("The access token was made for a longer time than this server allows")
)

func unauthenticated(message string) *meet.Error {
	return &meet.Error{Code: meet.CodeUnauthenticated, Message: message, Hint: "Make a new one with roomkey token."}
}

// Config is what an [Authority] needs.
type Config struct {
	Keyring *Keyring
	MaxTTL  time.Duration // the longest life of a token; 0 is DefaultMaxTTL

	// Resource is what the tokens of sign-in are for: the URL of MCP. Empty is none: such
	// tokens are refused then.
	Resource string

	// Foreign reads the tokens of other issuers.
	Foreign Foreign

	// State gives what has become of the token with an id, and of the user who is its
	// subject. It is asked at most every half second for each token. Nil is nothing.
	State func(id, subject string) (State, error)

	// OnRevoked is called once when a token that was accepted before turns out
	// to be revoked, or its user disabled. It may be nil.
	OnRevoked func(id string, p meet.Principal)

	// Now is the clock of tokens; nil is time.Now. The owner's own tokens, which are
	// made on this machine, are good by this machine's clock, too.
	Now func() time.Time
}

// Authority signs and verifies access tokens (HS256). It is safe for concurrent
// use.
type Authority struct {
	Config
	parser       *jwt.Parser
	ownersParser *jwt.Parser // by this machine's clock

	verified *lru.Cache[tokenKey, verified]
}

// maxVerified bounds how many verified tokens are remembered.
const maxVerified = 4096

// tokenKey is a token's hash.
type tokenKey [sha256.Size]byte

// verified is a token that was accepted. It is remembered, so that the next
// call with it costs a hash and not a signature check and two JSON documents.
// Its end is checked every time, and whether it was revoked every [lookEvery].
type verified struct {
	id         string         // empty in tokens without one
	signed     meet.Principal // as the token has it
	principal  meet.Principal // no more than the user may by now
	issued     time.Time
	expires    time.Time // the token, or the secret that has signed it
	generation int       // of the secrets that it was read with
	looked     time.Time // when it was last known not to be revoked
}

// New makes an authority.
func New(c Config) *Authority {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.MaxTTL == 0 {
		c.MaxTTL = DefaultMaxTTL
	}
	cache, err := lru.New[tokenKey, verified](maxVerified)
	if err != nil {
		panic("auth: " + err.Error()) // the size is not positive
	}
	return &Authority{Config: c, verified: cache, parser: c.newParser(c.Now), ownersParser: c.newParser(time.Now)}
}

func (c Config) newParser(now func() time.Time) *jwt.Parser {
	audiences := []string{Audience}
	if c.Resource != "" {
		audiences = append(audiences, c.Resource)
	}
	return jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), // never what the token asks for
		jwt.WithIssuer(Issuer), jwt.WithAudience(audiences...),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(now), jwt.WithStrictDecoding())
}

// NewAuthority makes an authority with one secret and without revocation. It
// fails if the secret is shorter than [MinSecret]. A nil now is time.Now.
func NewAuthority(secret []byte, now func() time.Time) (*Authority, error) {
	keyring, err := NewKeyring(secret)
	if err != nil {
		return nil, err
	}
	return New(Config{Keyring: keyring, Now: now}), nil
}

// Issued is an access token and what it says.
type Issued struct {
	Token     string
	ID        string
	Principal meet.Principal
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// Sign is [Authority.Issue] for callers who need only the token.
func (a *Authority) Sign(p meet.Principal, ttl time.Duration) (string, error) {
	issued, err := a.Issue(p, ttl)
	return issued.Token, err
}

// Issue makes an access token for p that lives for ttl.
func (a *Authority) Issue(p meet.Principal, ttl time.Duration) (Issued, error) {
	return a.issue(p, Audience, ttl)
}

// IssueForResource is [Authority.Issue] for sign-in: the token is for the resource, so
// that it opens no other roomkey, even one with the same secret.
func (a *Authority) IssueForResource(p meet.Principal, ttl time.Duration) (Issued, error) {
	return a.issue(p, a.Resource, min(ttl, a.MaxTTL))
}

func (a *Authority) issue(p meet.Principal, audience string, ttl time.Duration) (Issued, error) {
	now := a.Now()
	p.Name = meet.CleanText(p.Name, meet.MaxDisplayName)
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{
			ID: newID(), Subject: p.ID, Issuer: Issuer, Audience: jwt.ClaimStrings{audience},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
		},
		Name: p.Name, Role: p.Role, Local: isOwner(p),
	}
	c.limit(p)
	if err := c.Validate(); err != nil {
		return Issued{}, err
	}
	if ttl <= 0 {
		return Issued{}, errors.New("the time to live must be positive")
	}
	if ttl > a.MaxTTL {
		return Issued{}, fmt.Errorf("the time to live must be at most %s", a.MaxTTL)
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(a.Keyring.at(now).current)
	if err != nil {
		return Issued{}, fmt.Errorf("sign access token: %w", err)
	}
	return Issued{Token: token, ID: c.ID, Principal: p, IssuedAt: now, ExpiresAt: c.ExpiresAt.Time}, nil
}

// newID is the id of a new token: 16 letters and digits, 80 bits.
func newID() string { return strings.ToLower(rand.Text()[:16]) }

// Verify tells whose token it is. The error is for the log and never contains
// the token. If it is a [meet.Error], the caller may see it, too.
func (a *Authority) Verify(token string) (meet.Principal, error) {
	if len(token) > issuers.MaxToken {
		return meet.Principal{}, errTooLong
	}
	if strings.ContainsAny(token, "\r\n") { // the decoder ignores them: there would be many texts for one token
		return meet.Principal{}, jwt.ErrTokenMalformed
	}
	now, key := a.Now(), tokenKey(sha256.Sum256([]byte(token)))
	v, known := a.verified.Get(key)
	known = known && v.generation == a.Keyring.at(now).generation && now.Before(v.expires)
	if !known {
		var err error
		if v, err = a.readAny(token, now); err != nil {
			return meet.Principal{}, err
		}
	}
	if known && isRecent(v.looked, now) {
		return v.principal, nil
	}
	if err := a.look(&v); err != nil {
		isOver := errors.Is(err, ErrRevoked) || errors.Is(err, ErrDisabled)
		if known && isOver && a.verified.Remove(key) && a.OnRevoked != nil {
			a.OnRevoked(v.id, v.principal)
		}
		return meet.Principal{}, err
	}
	v.looked = now
	a.verified.Add(key, v)
	return v.principal, nil
}

// TokenID gives the id of a token that was signed here, also of one that has expired.
func (a *Authority) TokenID(token string) (string, error) {
	if len(token) > maxToken {
		return "", jwt.ErrTokenMalformed
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithoutClaimsValidation(),
		jwt.WithStrictDecoding())
	var c jwt.RegisteredClaims
	var err error
	now := a.Now()
	for _, s := range a.Keyring.at(now).accepted(now) {
		c = jwt.RegisteredClaims{}
		if _, err = parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return s.Secret, nil }); err == nil {
			return c.ID, nil
		}
	}
	return "", withoutToken(err)
}

// errTooLong is about the text of a token; ErrTooLong about its life.
var errTooLong = errors.New("the token is too long")

// readAny checks a token that this server or another issuer has signed.
func (a *Authority) readAny(token string, now time.Time) (verified, error) {
	secrets := a.Keyring.at(now)
	switch {
	case a.Foreign.Issuers.Knows(token):
		return a.readForeign(token, secrets, now)
	case len(token) > maxToken:
		return verified{}, errTooLong
	}
	return a.read(token, secrets, now)
}

// read checks a token of our own: signature, claims and times. If the signature
// is wrong, the token may be of a secret that is newer than these.
func (a *Authority) read(token string, secrets secretSet, now time.Time) (verified, error) {
	var c claims
	var err error
	var until time.Time // the end of the secret; zero is none
	present := now      // by the clock of the token
	for _, s := range secrets.accepted(now) {
		c, until = claims{}, s.Until
		secret := func(*jwt.Token) (any, error) { return s.Secret, nil }
		_, err = a.parser.ParseWithClaims(token, &c, secret)
		if c.Local && (errors.Is(err, jwt.ErrTokenExpired) || errors.Is(err, jwt.ErrTokenUsedBeforeIssued)) {
			c, present = claims{}, time.Now() // it was made on this machine, by its clock
			_, err = a.ownersParser.ParseWithClaims(token, &c, secret)
		}
		if !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
			break
		}
	}
	if errors.Is(err, jwt.ErrTokenSignatureInvalid) {
		if newer := a.Keyring.atOnce(now); newer.generation != secrets.generation {
			return a.read(token, newer, now)
		}
	}
	if err != nil {
		return verified{}, withoutToken(err)
	}
	switch {
	case !present.Before(c.ExpiresAt.Time):
		return verified{}, jwt.ErrTokenExpired // the parser accepts it within the leeway
	case c.IssuedAt == nil:
		return verified{}, jwt.ErrTokenRequiredClaimMissing
	case c.ExpiresAt.Sub(c.IssuedAt.Time) > a.MaxTTL+time.Second: // both times were cut to seconds
		return verified{}, ErrTooLong
	}
	expires := c.ExpiresAt.Time
	if !until.IsZero() && until.Before(expires) {
		expires = until
	}
	if !present.Equal(now) {
		expires = now // it is read anew each time
	}
	return verified{
		id:         c.ID,
		signed:     c.principal(),
		principal:  c.principal(),
		issued:     c.IssuedAt.Time,
		expires:    expires,
		generation: secrets.generation,
	}, nil
}

// withoutToken reduces the parser's error to one of its sentinels, because its
// full text can contain parts of the token.
func withoutToken(err error) error {
	for _, known := range []error{
		jwt.ErrTokenMalformed, jwt.ErrTokenSignatureInvalid, jwt.ErrTokenRequiredClaimMissing,
		jwt.ErrTokenInvalidAudience, jwt.ErrTokenInvalidIssuer, jwt.ErrTokenExpired, jwt.ErrTokenUsedBeforeIssued,
		jwt.ErrTokenNotValidYet, jwt.ErrTokenUnverifiable,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	return jwt.ErrTokenInvalidClaims
}
