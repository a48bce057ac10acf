package pagetest

import (
	"context"
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
	"roomkey/meet/meettest"
	"roomkey/web"
)

// site is a whole Roomkey but for MCP, served on a port of its own.
type site struct {
	*meettest.System
	t    *testing.T
	url  string // http://127.0.0.1:port
	auth *auth.Authority
	line *line // through which browsers reach it

	serve func(net.Listener) // on another address, too
}

func setup(t *testing.T, options ...meettest.Option) *site {
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

// setupOn puts a site on the system that make makes with the links. Pages of
// the allowed origins may call it.
func setupOn(t *testing.T, makeSystem func(links meettest.Option) *meettest.System, allowedOrigins ...string) *site {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	s := &site{t: t, url: "http://" + l.Addr().String(), line: &line{Listener: l}}
	s.System = makeSystem(func(c *meet.Config) {
		c.Links = meet.Links{Public: s.url, LiveKit: "ws" + strings.TrimPrefix(s.url, "http")}
		c.Now = time.Now // the page's clock is the world's
	})
	if s.auth, err = auth.NewAuthority([]byte(strings.Repeat("s", auth.MinSecret)), time.Now); err != nil {
		t.Fatalf("NewAuthority: %v", err)
	}
	server := web.New(web.Config{
		Service: s.Service, Enforcer: s.Enforcer, MCP: http.NotFoundHandler(), Authenticate: s.auth.Verify, Ready: map[string]func(context.Context) error{},
		PublicURL: mustURL(s.url), AllowedOrigins: allowedOrigins, LiveKit: mustURL(s.URL), ReadWebhook: s.Media.ReadWebhook, Version: web.Version{Name: "roomkey"},
		Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	}, netip.MustParseAddrPort(l.Addr().String())).HTTPServer()
	var serving sync.WaitGroup
	s.serve = func(l net.Listener) { serving.Go(func() { _ = server.Serve(l) }) }
	s.serve(s.line)
	t.Cleanup(func() { _ = server.Close(); serving.Wait() })
	return s
}

// alsoOnIPv6 has the site answer at [::1], too; false where there is none.
func (s *site) alsoOnIPv6(port string) bool {
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

// room makes a room of Ada's and a code for every role.
func (s *site) room(change meet.RoomChange) (room meet.Room, codes map[string]string) {
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
func (s *site) exchange(code, name string) meet.JoinResult {
	s.t.Helper()
	a, err := s.Exchange(s.t.Context(), "192.0.2.1", meet.JoinCall{Code: &code, Name: name})
	if err != nil {
		s.t.Fatalf("Exchange: %v", err)
	}
	return a
}

// identity is that of the participant with the name.
func (s *site) identity(room meet.Room, name string) string {
	s.t.Helper()
	for _, p := range s.people(room) {
		if p.Name == name {
			return p.Identity
		}
	}
	s.t.Fatalf("nobody in the room is called %q", name)
	return ""
}

func (s *site) people(room meet.Room) []meet.Person {
	s.t.Helper()
	roster, err := s.Roster(s.t.Context(), meettest.Ada, room.ID)
	people := roster.Participants
	if err != nil {
		s.t.Fatalf("Participants: %v", err)
	}
	return people
}

// names are those of the people inside.
func (s *site) names(room meet.Room) []string {
	s.t.Helper()
	names := []string{}
	for _, p := range s.people(room) {
		names = append(names, p.Name)
	}
	return names
}
