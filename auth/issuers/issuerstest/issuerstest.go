// Package issuerstest gives tests an authorization server of somebody else, as those who
// accept its access tokens see it: its metadata and its keys, on loopback.
package issuerstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Audience is what tokens are for.
const Audience = "https://meet.example.com/mcp"

// NewKey makes a key for ES256.
func NewKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // the curve is a good one
	}
	return key
}

// Encoded is a number as keys have it.
func Encoded(number []byte) string { return base64.RawURLEncoding.EncodeToString(number) }

// Answer answers with JSON.
func Answer(w http.ResponseWriter, body any) { _ = json.NewEncoder(w).Encode(body) }

// Server is an authorization server of somebody else, as its clients see it.
type Server struct {
	*httptest.Server
	Asked atomic.Int64 // how often its keys were fetched

	mu sync.Mutex

	// These are changed by Set.
	Keys       map[string]*ecdsa.PrivateKey // by kid
	KeysAnswer http.HandlerFunc             // in place of the keys; nil is the keys
	Metadata   http.HandlerFunc             // in place of its metadata; nil is that of OpenID
}

// New starts a server.
func New(t *testing.T) *Server {
	t.Helper()
	s := &Server{Keys: map[string]*ecdsa.PrivateKey{"one": NewKey()}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	keys, meta := s.KeysAnswer, s.Metadata
	s.mu.Unlock()
	switch {
	case r.URL.Path == "/keys":
		s.Asked.Add(1)
		if keys == nil {
			keys = s.writeKeys
		}
		keys(w, r)
	case meta != nil:
		meta(w, r)
	case r.URL.Path == "/.well-known/openid-configuration":
		Answer(w, map[string]string{"issuer": s.URL, "jwks_uri": s.URL + "/keys"})
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) writeKeys(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := []map[string]string{{"kty": "OKP", "crv": "Ed448", "kid": "of another kind", "x": "AA"}}
	for kid, key := range s.Keys {
		set = append(set, map[string]string{"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256",
			"x": Encoded(key.X.FillBytes(make([]byte, 32))), "y": Encoded(key.Y.FillBytes(make([]byte, 32)))})
	}
	Answer(w, map[string]any{"keys": set})
}

// Set changes how the server answers.
func (s *Server) Set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// Claims are those of a good token of the server, but for some changes. A nil value takes
// a claim away.
func (s *Server) Claims(now time.Time, changes ...any) jwt.MapClaims {
	c := jwt.MapClaims{"iss": s.URL, "aud": Audience, "sub": "ada", "iat": now.Unix(), "exp": now.Unix() + 3600}
	for i := 0; i < len(changes); i += 2 {
		name := changes[i].(string)
		if c[name] = changes[i+1]; changes[i+1] == nil {
			delete(c, name)
		}
	}
	return c
}

// Token signs claims with the key of an id.
func (s *Server) Token(t *testing.T, kid string, c jwt.MapClaims) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	return Signed(t, jwt.SigningMethodES256, s.Keys[kid], map[string]any{"kid": kid}, c)
}

// Signed signs a token.
func Signed(t *testing.T, m jwt.SigningMethod, key crypto.PrivateKey, header map[string]any, c jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(m, c)
	for name, value := range header {
		token.Header[name] = value
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
