package livekit

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/twitchtv/twirp"
)

// LiveKit takes no token from more than a minute in its future, and the SDK knows no
// clock but this machine's. Where that is wrong by so little, nothing is done.
const toleratedSkew = 10 * time.Second

// skew is how far the service's clock is ahead of this machine's.
func (s *Server) skew() time.Duration {
	skew := time.Until(s.now())
	if skew.Abs() < toleratedSkew {
		return 0
	}
	return skew
}

// shift moves the times of a token that is signed with one of our keys, and signs it
// again. Whether its time is over is not looked at.
func (s *Server) shift(token string, by time.Duration) (string, error) {
	if by == 0 {
		return token, nil
	}
	claims := jwt.MapClaims{}
	key := func(*jwt.Token) (any, error) {
		issuer, _ := claims.GetIssuer()
		return s.secretOf(issuer)
	}
	parsed, err := joinTokenParser.ParseWithClaims(token, claims, key)
	if err != nil {
		return "", fmt.Errorf("livekit: read the times of a token: %w", err)
	}
	for _, name := range []string{"iat", "nbf", "exp"} {
		if at, ok := claims[name].(float64); ok {
			claims[name] = int64(at) + int64(by/time.Second)
		}
	}
	secret, err := key(parsed)
	if err != nil {
		return "", err
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(secret)
}

// showServiceTime signs the token of a call anew, by LiveKit's clock.
func (s *Server) showServiceTime(r *http.Request) error {
	const bearer = "Bearer "
	header := r.Header.Get("Authorization")
	token, err := s.shift(strings.TrimPrefix(header, bearer), s.skew())
	if err != nil {
		return twirp.InternalErrorWith(err)
	}
	r.Header.Set("Authorization", bearer+token)
	return nil
}
