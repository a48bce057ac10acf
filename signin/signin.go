// Package signin is an OAuth 2.1 authorization server for the people of this roomkey:
// programs (clients) ask a person for access, the person says who they are and allows
// it, and the client gets access tokens for itself. It knows how people are asked and
// what is said to clients; not how an access token is made, nor what it may do.
package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"log/slog"
	"strings"
	"time"

	"roomkey/meet"
)

// How long things live.
const (
	codeLife    = time.Minute // from "Allow" until the client has redeemed it
	consentLife = 15 * time.Minute
	tokenLife   = time.Hour           // of access tokens
	refreshLife = 30 * 24 * time.Hour // since the last refresh
	unusedLife  = 24 * time.Hour      // of clients that nobody has allowed anything, or not any more
)

// The paths of the server.
const (
	RegisterPath  = "/oauth/register"
	AuthorizePath = "/oauth/authorize"
	TokenPath     = "/oauth/token" //nolint:gosec // G101: a path
	RevokePath    = "/oauth/revoke"
	SignInPath    = "/sign-in"

	mcpPath = "/mcp"
)

// Config is what a [Server] needs.
type Config struct {
	Store  meet.SignInStore
	Issuer string // the public URL, without a slash at its end

	// SignIn gives the person whose user name and passcode these are. It refuses those
	// who guess.
	SignIn func(ctx context.Context, caller meet.Principal, user, passcode string) (meet.Principal, error)

	// Providers are those at which people may prove who they are, beside SignIn.
	Providers []Provider

	// SignInForeign puts somebody on record whom a provider has proved, and gives who they
	// are here. It refuses those who may not come in (unauthenticated).
	SignInForeign func(ctx context.Context, issuer, sub, name string, role meet.PrincipalRole) (meet.Principal, error)

	// UserOf gives the person of a subject as they are now. It refuses those who may not
	// come in any more, and what was granted before that was so (unauthenticated).
	UserOf func(ctx context.Context, subject string, granted time.Time) (meet.Principal, error)

	// Issue makes an access token.
	Issue func(p meet.Principal, life time.Duration) (string, meet.SignInToken, error)

	// TokenID gives the id of an access token of ours, whether it has expired or not.
	TokenID func(token string) (string, error)

	// Secrets are the signing secrets that count; the first one is the newest. The
	// consent page is sealed with a key made of them.
	Secrets func() [][]byte

	Version string             // of the program
	Now     func() time.Time   // nil is time.Now
	Log     *slog.Logger       // nil is nowhere
	OnLimit func(limit string) // is told each time a limit stops somebody; nil is nowhere
}

// Server is the authorization server. It keeps nothing in memory that decides
// anything, so any instance can go on with what another one began.
type Server struct {
	Config
	documents *documents
	providers []*provider
}

// New makes a server.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.OnLimit == nil {
		c.OnLimit = func(string) {}
	}
	s := &Server{Config: c, documents: newDocuments(c.Version)}
	for _, p := range c.Providers {
		s.providers = append(s.providers, newProvider(p, c.Now))
	}
	return s
}

// Resource is what the access tokens are for: the URL of MCP, as people type it.
func (s *Server) Resource() string { return Resource(s.Issuer) }

// Resource is the URL of MCP at a public URL.
func Resource(issuer string) string { return issuer + mcpPath }

// newSecret makes a secret of 130 bits.
func newSecret() string { return strings.ToLower(rand.Text()) }

// hash stands for a secret in the database. The secrets are long and random, so it
// needs no salt.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// isSecretOf compares in constant time. No secret has the empty hash.
func isSecretOf(secret, hashed string) bool {
	return hashed != "" && subtle.ConstantTimeCompare([]byte(hash(secret)), []byte(hashed)) == 1
}

// A code and a refresh token have the id of their grant and a secret of their own. So
// an old one is known as such, though only the hash of the newest is kept.
func joinSecret(grantID, secret string) string { return grantID + "." + secret }

func splitSecret(text string) (grantID, secret string, ok bool) {
	grantID, secret, ok = strings.Cut(text, ".")
	return grantID, secret, ok && len(grantID) == secretLength && len(secret) == secretLength
}

// secretLength is the length of what newSecret gives.
const secretLength = 26
