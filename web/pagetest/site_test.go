package pagetest

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"roomkey/auth"
	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/tools"
	"roomkey/web"
)

// testServer is a Roomkey on a port of its own.
type testServer struct {
	*meettest.System
	t    *testing.T
	url  string // http://127.0.0.1:port
	auth *auth.Authority
	line *line // through which browsers reach the server

	revoked *atomic.Bool // whether access tokens are

	serve func(net.Listener) // on another address as well
}

func setup(t *testing.T, options ...meettest.Option) *testServer {
	t.Helper()
	needsBrowser(t)
	return setupOn(t, func(links meettest.Option) *meettest.System {
		return newSystem(t, append([]meettest.Option{links}, options...)...)
	})
}

func needsBrowser(t *testing.T) {
	t.Helper()
	if browserPath() == "" {
		t.Skip("there is no Chromium on this machine: install it, or name it in ROOMKEY_CHROMIUM")
	}
}

// setupOn makes a server on the system that makeSystem makes with the links.
// Pages of the allowed origins may call it.
func setupOn(
	t *testing.T, makeSystem func(links meettest.Option) *meettest.System, allowedOrigins ...string,
) *testServer {
	t.Helper()
	return setupWith(t, makeSystem, func(c *web.Config) { c.AllowedOrigins = allowedOrigins })
}

// setupElsewhere makes a server whose LiveKit is another one, with its API at
// address. Browsers reach that at public.
func setupElsewhere(t *testing.T, address, public string) *testServer {
	t.Helper()
	needsBrowser(t)
	return setupWith(t, func(links meettest.Option) *meettest.System {
		return meettest.NewOn(t, address, links, func(c *meet.Config) { c.Links.LiveKit = public })
	}, func(c *web.Config) { c.LiveKit = nil })
}

func setupWith(
	t *testing.T, makeSystem func(links meettest.Option) *meettest.System, change func(*web.Config),
) *testServer {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	s := &testServer{
		t: t, url: "http://" + l.Addr().String(), line: &line{Listener: l}, revoked: new(atomic.Bool),
	}
	s.System = makeSystem(func(c *meet.Config) {
		c.Links = meet.Links{Public: s.url, LiveKit: "ws" + strings.TrimPrefix(s.url, "http")}
		c.Now = time.Now // browsers use the real time
	})
	if s.auth, err = auth.NewAuthority([]byte(strings.Repeat("s", auth.MinSecret)), time.Now); err != nil {
		t.Fatalf("NewAuthority: %v", err)
	}
	s.auth.State = func(string, string) (auth.State, error) { return auth.State{Revoked: s.revoked.Load()}, nil }
	mcp := tools.NewServer(tools.Config{
		Service: s.Service, Log: slog.New(slog.DiscardHandler)})
	config := web.Config{
		Service: s.Service, Enforcer: s.Enforcer, MCP: mcp.HTTPHandler(), Authenticate: s.auth.Verify,
		SignIn: s.signIn(),
		Ready:  map[string]func(context.Context) error{}, PublicURL: mustURL(s.url),
		LiveKit: mustURL(s.URL), ReadWebhook: s.Media.ReadWebhook, Version: web.Version{Name: "roomkey"},
		Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	}
	change(&config)
	server := web.New(config, netip.MustParseAddrPort(l.Addr().String())).HTTPServer()
	var serving sync.WaitGroup
	s.serve = func(l net.Listener) { serving.Go(func() { _ = server.Serve(l) }) }
	s.serve(s.line)
	t.Cleanup(func() { _ = server.Close(); serving.Wait() })
	return s
}

// alsoOnIPv6 lets the server answer at [::1] as well; false if the machine has none.
func (s *testServer) alsoOnIPv6(port string) bool {
	s.t.Helper()
	l, err := new(net.ListenConfig).Listen(s.t.Context(), "tcp", "[::1]:"+port)
	if err != nil {
		return false
	}
	s.serve(l)
	return true
}

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *testServer) end(room meet.Room) {
	s.t.Helper()
	_, _, err := s.EndRoom(s.t.Context(), meettest.Ada, room.ID, room.Name)
	must(s.t, err)
}

func (s *testServer) kick(room meet.Room, call meet.KickCall) {
	s.t.Helper()
	_, err := s.Kick(s.t.Context(), meettest.Ada, room.ID, call)
	must(s.t, err)
}

func (s *testServer) updateRoom(room meet.Room, change meet.RoomChange) {
	s.t.Helper()
	_, err := s.UpdateRoom(s.t.Context(), meettest.Ada, room.ID, change, false)
	must(s.t, err)
}

// updateCode changes a code. People are removed if it is disabled.
func (s *testServer) updateCode(code string, change meet.CodeChange) {
	s.t.Helper()
	_, err := s.UpdateCode(s.t.Context(), meettest.Ada, code, change, change.Enabled != nil)
	must(s.t, err)
}

// room makes a room of Ada and a code for every role.
func (s *testServer) room(change meet.RoomChange) (room meet.Room, codes map[string]string) {
	s.t.Helper()
	room, made, err := s.CreateRoom(s.t.Context(), meettest.Ada, change, true)
	if err != nil {
		s.t.Fatalf("CreateRoom: %v", err)
	}
	codes = map[string]string{}
	for _, code := range made {
		codes[code.Role] = code.Code
	}
	return room, codes
}

// exchange gets a token by code, without a browser.
func (s *testServer) exchange(code, name string) meet.JoinResult {
	s.t.Helper()
	a, err := s.Exchange(s.t.Context(), "192.0.2.1", meet.JoinCall{Code: &code, Name: name})
	if err != nil {
		s.t.Fatalf("Exchange: %v", err)
	}
	return a
}

// identity gives the identity of the participant with that name.
func (s *testServer) identity(room meet.Room, name string) string {
	s.t.Helper()
	for _, p := range s.people(room) {
		if p.Name == name {
			return p.Identity
		}
	}
	s.t.Fatalf("nobody in the room is called %q", name)
	return ""
}

func (s *testServer) people(room meet.Room) []meet.Person {
	s.t.Helper()
	roster, err := s.Roster(s.t.Context(), meettest.Ada, room.ID)
	people := roster.Participants
	if err != nil {
		s.t.Fatalf("Participants: %v", err)
	}
	return people
}

// names gives the names of the people inside.
func (s *testServer) names(room meet.Room) []string {
	s.t.Helper()
	names := []string{}
	for _, p := range s.people(room) {
		names = append(names, p.Name)
	}
	return names
}
