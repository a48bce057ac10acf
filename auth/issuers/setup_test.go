package issuers

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/auth/issuers/issuerstest"
	"roomkey/meet"
)

var start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// clock is a clock that tests advance.
type clock struct{ passed atomic.Int64 }

func (c *clock) Now() time.Time          { return start.Add(time.Duration(c.passed.Load())) }
func (c *clock) advance(d time.Duration) { c.passed.Add(int64(d)) }

// setup makes a set of issuers.
func setup(t *testing.T, all ...Issuer) (*Set, *clock, *logged) {
	t.Helper()
	c, log := new(clock), new(logged)
	s := New(Config{Issuers: all, Version: "test", Now: c.Now, Log: slog.New(slog.NewTextHandler(log, nil))})
	t.Cleanup(s.Close)
	return s, c, log
}

// logged is a log that tests read.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

var signed = issuerstest.Signed

// of is a server as an issuer.
func of(s *issuerstest.Server) Issuer { return Issuer{URL: s.URL, Audience: issuerstest.Audience} }

func good(t *testing.T, s *Set, what, token string) Token {
	t.Helper()
	got, err := s.Verify(token)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return got
}

func refused(t *testing.T, s *Set, what, token string) {
	t.Helper()
	if got, err := s.Verify(token); err == nil || meet.IsCode(err, meet.CodeUnavailable) {
		t.Errorf("%s: got %+v, %v; want it refused", what, got, err)
	}
}

func unavailable(t *testing.T, s *Set, what, token string) {
	t.Helper()
	if got, err := s.Verify(token); !meet.IsCode(err, meet.CodeUnavailable) {
		t.Errorf("%s: got %+v, %v; want unavailable", what, got, err)
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"https://login.example.com": true, "https://login.example.com/realms/a": true, "http://127.0.0.1:8080": true,
		"http://[::1]/x": true, "http://localhost:1": true, "https://login.example.com/keys?p=one": true,
		"http://login.example.com": false, "http://10.0.0.1": false, "ftp://login.example.com": false, "": false,
		"login.example.com": false, "https://": false, "https://a:b@login.example.com": false, "https://a.example#x": false,
		"file:///etc/passwd": false, "http://localhost.example.com": false, "http://127.0.0.1.example.com": false,
		"https://" + strings.Repeat("a", 2000): false,
	} {
		if err := CheckURL(text); (err == nil) != ok {
			t.Errorf("%.60q: %v; want it accepted: %t", text, err, ok)
		}
	}
	want := fmt.Sprint([]string{"https://a.example:8443/.well-known/oauth-authorization-server/realms/x",
		"https://a.example:8443/realms/x/.well-known/openid-configuration",
		"https://a.example:8443/.well-known/openid-configuration/realms/x"})
	if got := fmt.Sprint(metadataURLs("https://a.example:8443/realms/x/")); got != want {
		t.Errorf("metadata: got %s, want %s", got, want)
	}
}
