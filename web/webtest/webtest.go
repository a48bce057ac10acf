// Package webtest gives tests a web server on a port of its own, and reads its
// answers. What stands behind the server is for each test to say; MCP is a
// stand-in that echoes who asked and what.
package webtest

import (
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"roomkey/auth"
	"roomkey/meet"
	"roomkey/web"
	"roomkey/web/openapitest"
)

// Server is a web server whose public URL is https://meet.example.com and which
// trusts the X-Forwarded-For of this machine, so that tests choose addresses.
type Server struct {
	Config web.Config
	Listen netip.AddrPort
	Origin string // http://127.0.0.1:port
	Auth   *auth.Authority
	Logs   *Logs

	client *http.Client
}

// New serves what stands behind c until the end of the test; the rest of c is
// filled in, and then changed. Access tokens live by the clock now.
func New(tb testing.TB, c web.Config, now func() time.Time, log *Logs, changes ...func(*web.Config)) *Server {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is here at once
	if err != nil {
		tb.Fatalf("listen: %v", err)
	}
	address := l.Addr().String()
	s := &Server{Config: c, Listen: netip.MustParseAddrPort(address), Origin: "http://" + address, Logs: log}
	if s.Auth, err = auth.NewAuthority([]byte(strings.Repeat("s", auth.MinSecret)), now); err != nil {
		tb.Fatalf("NewAuthority: %v", err)
	}
	s.Config.MCP, s.Config.Authenticate = http.HandlerFunc(echo), s.Auth.Verify
	s.Config.PublicURL = MustURL("https://meet.example.com")
	s.Config.AllowedHosts = []string{"Other.example.com"}
	s.Config.AllowedOrigins = []string{"https://app.example.com"}
	s.Config.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	s.Config.Version = web.Version{Name: "roomkey", Version: "v1.2.3", Commit: "abc", Go: "go1.26"}
	s.Config.Metrics, s.Config.Log = prometheus.NewRegistry(), log.Logger()
	for _, change := range changes {
		change(&s.Config)
	}
	server := web.New(s.Config, s.Listen).HTTPServer()
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	transport := &http.Transport{DisableCompression: true}
	s.client = &http.Client{Transport: openapitest.Transport(tb, transport), Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		<-done
	})
	return s
}

// Handler makes another handler of the same parts, as if served on listen.
func (s *Server) Handler(listen netip.AddrPort, changes ...func(*web.Config)) *web.Server {
	c := s.Config
	c.Metrics = prometheus.NewRegistry()
	for _, change := range changes {
		change(&c)
	}
	return web.New(c, listen)
}

// Signal is where people connect through the server.
func (s *Server) Signal() string { return "ws" + strings.TrimPrefix(s.Origin, "http") }

// Token makes an access token of p that is good for an hour.
func (s *Server) Token(tb testing.TB, p meet.Principal) string {
	tb.Helper()
	token, err := s.Auth.Sign(p, time.Hour)
	if err != nil {
		tb.Fatalf("Sign: %v", err)
	}
	return token
}

// Echoed is what the stand-in for MCP answers.
type Echoed struct {
	Subject   string             `json:"subject"`
	Role      meet.PrincipalRole `json:"role"`
	Length    int                `json:"length"` // of the body
	RequestID string             `json:"request_id"`
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	p := meet.PrincipalFrom(r.Context())
	_ = json.NewEncoder(w).Encode(Echoed{
		Subject: p.ID, Role: p.Role, Length: len(body), RequestID: meet.RequestIDFrom(r.Context())})
}

// MustURL reads a URL of a test.
func MustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

// Logs keeps every line that is logged, down to debug.
type Logs struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements [io.Writer].
func (l *Logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is all of it.
func (l *Logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Logger logs into it.
func (l *Logs) Logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
