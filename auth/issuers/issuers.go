// Package issuers reads access tokens that other authorization servers have signed. It
// fetches the keys of those servers, and knows what their tokens say; not what the
// bearer of a token may do.
package issuers

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"roomkey/meet"
)

// MaxIssuers bounds how many issuers there can be.
const MaxIssuers = 16

// MaxToken bounds what is read of a token, in bytes. Some issuers list the groups of a
// user in it.
const MaxToken = 16 << 10

// leeway is how far ahead the clock of an issuer may be. It is for the beginning of a
// token (iat, nbf), never for its end.
const leeway = 30 * time.Second

// Issuer is an authorization server of somebody else.
type Issuer struct {
	URL       string // as its tokens have it in iss, to the letter
	Audience  string // what has to be in aud
	JWKSURL   string // where its keys are; empty is what its metadata says
	RoleClaim string // the claim with the role; empty makes everybody a user

	// AllowPrivate lets the issuer be at an address that is not public.
	AllowPrivate bool
}

// Config is what a [Set] needs.
type Config struct {
	Issuers []Issuer
	Version string           // of the program
	Now     func() time.Time // nil is time.Now
	Log     *slog.Logger     // nil is nowhere
}

// Token is what a good access token says.
type Token struct {
	Issuer  string
	Subject string // what the issuer calls the user; another issuer may call another user so
	Name    string
	ID      string // empty in tokens without one
	Role    meet.PrincipalRole
	Scopes  meet.TokenScopes

	IssuedAt, ExpiresAt time.Time
}

// issuer is an Issuer with its keys.
type issuer struct {
	Issuer
	keys   *keys
	parser *jwt.Parser
	now    func() time.Time
}

// Set is all issuers. It is safe for concurrent use.
type Set struct {
	issuers map[string]*issuer // by URL
	stop    context.CancelFunc
	running sync.WaitGroup
}

// New makes a set, and begins to fetch the keys of all issuers. Nobody waits for that.
// The caller closes the set.
func New(c Config) *Set {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Set{issuers: map[string]*issuer{}, stop: stop}
	for _, i := range c.Issuers {
		s.issuers[i.URL] = &issuer{
			Issuer: i,
			keys: &keys{ctx: ctx, now: c.Now, log: c.Log.With("issuer", i.URL), running: &s.running,
				fetch: newFetcher(i, c.Version).keys},
			parser: jwt.NewParser(
				jwt.WithValidMethods(methods), jwt.WithIssuer(i.URL), jwt.WithAudience(i.Audience),
				jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway),
				jwt.WithTimeFunc(c.Now), jwt.WithStrictDecoding()),
			now: c.Now,
		}
		s.issuers[i.URL].keys.begin()
	}
	return s
}

// methods are the algorithms that a token may be signed with. None of them takes a
// secret, so nobody can sign with a key that is public.
var methods = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// Close ends everything that is being fetched, and waits for it.
func (s *Set) Close() {
	s.stop()
	for _, i := range s.issuers {
		i.keys.end()
	}
	s.running.Wait()
}

// Knows says whether a token claims to be of one of the issuers.
func (s *Set) Knows(token string) bool { return s != nil && s.of(token) != nil }

// of gives the issuer that a token claims to be of; nil if there is no such issuer.
func (s *Set) of(token string) *issuer {
	if len(s.issuers) == 0 || len(token) > MaxToken {
		return nil
	}
	var c jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &c); err != nil {
		return nil
	}
	return s.issuers[c.Issuer]
}

// errUnavailable says that nobody can tell whether a token is good.
var errUnavailable = &meet.Error{
	Code: meet.CodeUnavailable, Message: "The keys of the access token's issuer cannot be fetched now",
	Hint: "Try again in a few seconds. The operator finds the reason in the log, and with roomkey doctor.",
}

// Verify reads a token of one of the issuers. The error may contain parts of the token,
// unless it is a [meet.Error].
func (s *Set) Verify(token string) (Token, error) {
	i := s.of(token)
	if i == nil {
		return Token{}, jwt.ErrTokenInvalidIssuer
	}
	keys, ok := i.keys.ready()
	if !ok {
		return Token{}, errUnavailable
	}
	t, err := i.read(token, keys)
	if errors.Is(err, jwkset.ErrKeyNotFound) || errors.Is(err, jwt.ErrTokenSignatureInvalid) {
		if newer, ok := i.keys.newer(keys); ok { // the issuer may have new keys
			return i.read(token, newer)
		}
	}
	return t, err
}

// read checks a token with some keys.
func (i *issuer) read(token string, keys *keySet) (Token, error) {
	claims := jwt.MapClaims{}
	parsed, err := i.parser.ParseWithClaims(token, claims, keys.find)
	if err != nil {
		return Token{}, err
	}
	if err := checkHeader(parsed.Header); err != nil {
		return Token{}, err
	}
	t, err := i.token(claims)
	if err == nil && !i.now().Before(t.ExpiresAt) {
		return Token{}, jwt.ErrTokenExpired // the parser accepts it within the leeway
	}
	return t, err
}

// checkHeader refuses tokens that are no access tokens, and those that say that there is
// more to check than is checked here.
func checkHeader(header map[string]any) error {
	if _, ok := header["crit"]; ok {
		return errors.New("the token needs an extension (crit)")
	}
	kind, _ := header["typ"].(string)
	switch strings.TrimPrefix(strings.ToLower(kind), "application/") {
	case "", "jwt", "at+jwt":
		return nil
	}
	return errors.New("the token is no access token (typ)")
}
