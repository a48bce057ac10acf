package web_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"roomkey/auth"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/web"
	"roomkey/web/openapitest"
)

// testServer is a web server on real parts, on a port of its own. Only MCP is a
// stand-in: it echoes who asked and what.
type testServer struct {
	*meettest.System
	config web.Config
	listen netip.AddrPort
	url    string // http://127.0.0.1:port
	auth   *auth.Authority
	logs   *logs
	client *http.Client
}

// setup gives a server whose public URL is https://meet.example.com and which
// trusts the X-Forwarded-For of this machine, so that tests choose addresses.
func setup(tb testing.TB, changes ...func(*web.Config)) *testServer {
	tb.Helper()
	return setupService(tb, func(*meet.Config) {}, changes...)
}

// setupService is setup with another configuration of the service.
func setupService(tb testing.TB, option meettest.Option, changes ...func(*web.Config)) *testServer {
	tb.Helper()
	log := new(logs)
	return serve(tb, meettest.New(tb, log.of, option), log, changes...)
}

// setupOn is setup with the LiveKit at url.
func setupOn(tb testing.TB, url string) *testServer {
	tb.Helper()
	log := new(logs)
	return serve(tb, meettest.NewOn(tb, url, log.of), log)
}

func serve(tb testing.TB, system *meettest.System, log *logs, changes ...func(*web.Config)) *testServer {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("listen: %v", err)
	}
	address := l.Addr().String()
	s := &testServer{System: system, logs: log, url: "http://" + address, listen: netip.MustParseAddrPort(address)}
	if s.auth, err = auth.NewAuthority([]byte(strings.Repeat("s", auth.MinSecret)), system.Clock.Now); err != nil {
		tb.Fatalf("NewAuthority: %v", err)
	}
	s.config = web.Config{
		Service: system.Service, Enforcer: system.Enforcer, MCP: http.HandlerFunc(echo), Authenticate: s.auth.Verify,
		Ready:     map[string]func(context.Context) error{"database": system.Store.Ping, "livekit": system.Media.Ping},
		PublicURL: mustURL("https://meet.example.com"), LiveKit: mustURL(system.URL), ReadWebhook: system.Media.ReadWebhook,
		AllowedHosts: []string{"Other.example.com"}, AllowedOrigins: []string{"https://app.example.com"},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Version:        web.Version{Name: "roomkey", Version: "v1.2.3", Commit: "abc", Go: "go1.26"},
		Metrics:        prometheus.NewRegistry(), Log: log.logger(),
	}
	for _, change := range changes {
		change(&s.config)
	}
	server := web.New(s.config, s.listen).HTTPServer()
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

// echoed is what the stand-in for MCP answers.
type echoed struct {
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
	_ = json.NewEncoder(w).Encode(echoed{
		Subject: p.ID, Role: p.Role, Length: len(body), RequestID: meet.RequestIDFrom(r.Context())})
}

// handler makes another handler of the same parts, as if served on listen.
func (s *testServer) handler(listen netip.AddrPort, changes ...func(*web.Config)) *web.Server {
	c := s.config
	c.Metrics = prometheus.NewRegistry()
	for _, change := range changes {
		change(&c)
	}
	return web.New(c, listen)
}

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

// token makes an access token of p that is good for an hour.
func (s *testServer) token(tb testing.TB, p meet.Principal) string {
	tb.Helper()
	token, err := s.auth.Sign(p, time.Hour)
	if err != nil {
		tb.Fatalf("Sign: %v", err)
	}
	return token
}

// logs keeps every line that is logged, down to debug.
type logs struct{ livekittest.Output }

func (l *logs) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (l *logs) of(c *meet.Config) { c.Log = l.logger() }
