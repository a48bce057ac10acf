package e2e_test

import (
	"strings"
	"sync"
	"time"

	"roomkey/meet"
)

// secrets are what must never be in the output of a roomkey.
type secrets struct {
	mu     sync.Mutex
	given  []string
	access map[string]string // access tokens by subject
}

func newSecrets() *secrets { return &secrets{access: map[string]string{}} }

// keepSecret remembers what must never be in roomkey's output, and gives it.
func (s *system) keepSecret(secret string) string {
	s.secrets.mu.Lock()
	defer s.secrets.mu.Unlock()
	s.secrets.given = append(s.secrets.given, secret)
	return secret
}

// accessToken gives the access token of a subject, who is a user.
func (s *system) accessToken(subject string) (string, error) {
	s.secrets.mu.Lock()
	defer s.secrets.mu.Unlock()
	if token, made := s.secrets.access[subject]; made {
		return token, nil
	}
	token, err := s.authority.Sign(meet.Principal{ID: subject, Name: subject, Role: meet.User}, time.Hour)
	if err == nil {
		s.secrets.access[subject], s.secrets.given = token, append(s.secrets.given, token)
	}
	return token, err
}

// checkSecrets looks for every secret of the run in roomkey's output.
func (s *system) checkSecrets() {
	said := s.output.String()
	for _, secret := range append(s.secrets.given, signingSecret, s.secret) {
		if secret != "" && strings.Contains(said, secret) {
			s.t.Errorf("a secret of %d characters is in roomkey's output (%s)", len(secret), s.mode)
		}
	}
}
