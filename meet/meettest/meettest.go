// Package meettest gives tests a whole [meet.Service] on its real parts: an
// SQLite file of its own, a LiveKit server in this process, and a clock that
// the test moves.
package meettest

import (
	"context"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"roomkey/livekit"
	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest/offline"
	"roomkey/store"
)

// The people of a test. Ada creates the rooms.
var (
	Root  = meet.Principal{ID: "root", Name: "Root", Role: meet.Superadmin}
	Ada   = meet.Principal{ID: "ada", Name: "Ada", Role: meet.User}
	Bob   = meet.Principal{ID: "bob", Name: "Bob", Role: meet.User}
	Gus   = meet.Principal{ID: "gus", Name: "Gus", Role: meet.Guest}
	Anon  = meet.Principal{Role: meet.Anonymous, Address: "192.0.2.1"}
	Zero  = meet.Principal{}
	Links = meet.Links{Public: "https://meet.example.com", LiveKit: "wss://meet.example.com"}
)

// System is a service, its enforcer, and the parts below them.
type System struct {
	*meet.Service
	*meet.Enforcer
	Store *store.DB
	Media *livekit.Server
	URL   string // where participants connect to LiveKit
	Path  string // of the database file
	Clock *Clock
}

// shared is the LiveKit that all tests of a process use. Rooms go by ids that
// no two tests share, and it ends with the process.
var shared = sync.OnceValues(func() (*embedded.Server, error) {
	keys := embedded.Config{APIKey: livekittest.APIKey, APISecret: livekittest.APISecret}
	return embedded.Start(context.Background(), keys)
})

// Option changes how the service is made.
type Option func(*meet.Config)

// New gives a fresh system that ends with the test. Nothing is limited but
// guessing, unless an option says so.
func New(tb testing.TB, options ...Option) *System {
	tb.Helper()
	lk, err := shared()
	if err != nil {
		tb.Fatalf("start LiveKit: %v", err)
	}
	return newOn(tb, livekit.Config{URL: lk.URL(), SingleNode: true}, options)
}

// NewOn is [New] on another LiveKit server, such as one that hangs.
func NewOn(tb testing.TB, url string, options ...Option) *System {
	tb.Helper()
	return newOn(tb, livekit.Config{URL: url}, options)
}

func newOn(tb testing.TB, lk livekit.Config, options []Option) *System {
	tb.Helper()
	db, path := offline.OpenStore(tb)
	lk.APIKey, lk.APISecret = livekittest.APIKey, livekittest.APISecret
	media := livekit.New(lk)
	tb.Cleanup(media.Close)
	s := &System{Store: db, Media: media, URL: lk.URL, Path: path, Clock: &Clock{now: time.Now()}}
	c := meet.Config{Store: db, Media: media, Links: Links, Now: s.Clock.Now, Limits: &meet.Limits{},
		Defaults: meet.Defaults{Settings: meet.DefaultSettings()}}
	for _, option := range options {
		option(&c)
	}
	s.Service, s.Enforcer = meet.New(c)
	return s
}

// LiveKitToLose gives the address of a LiveKit server that can be reached until
// lose is called.
func LiveKitToLose(tb testing.TB) (address string, lose func()) {
	tb.Helper()
	lk, err := shared()
	if err != nil {
		tb.Fatalf("start LiveKit: %v", err)
	}
	target, err := url.Parse("http" + strings.TrimPrefix(strings.TrimPrefix(lk.URL(), "http"), "ws"))
	if err != nil {
		tb.Fatal(err)
	}
	relay := httptest.NewServer(httputil.NewSingleHostReverseProxy(target))
	tb.Cleanup(relay.Close)
	return relay.URL, func() {
		relay.CloseClientConnections()
		relay.Close()
	}
}

// NewRoom makes a room of Ada's.
func (s *System) NewRoom(tb testing.TB, change meet.RoomChange) meet.Room {
	tb.Helper()
	room, _, err := s.CreateRoom(tb.Context(), Ada, change, false)
	if err != nil {
		tb.Fatalf("CreateRoom: %v", err)
	}
	return room
}

// NewCode makes a code for one role of a room of Ada's.
func (s *System) NewCode(tb testing.TB, room meet.Room, role string, change meet.CodeChange) meet.RoomCode {
	tb.Helper()
	made, err := s.CreateCodes(tb.Context(), Ada, room.ID, meet.CodeRequest{Role: &role, Change: change})
	if err != nil {
		tb.Fatalf("CreateCodes: %v", err)
	}
	return made.Codes[0]
}

// Admit joins a room by name, without connecting.
func (s *System) Admit(tb testing.TB, p meet.Principal, room meet.Room) meet.JoinResult {
	tb.Helper()
	a, err := s.Join(tb.Context(), p, meet.JoinCall{RoomID: &room.ID})
	if err != nil {
		tb.Fatalf("Join as %s: %v", p.ID, err)
	}
	return a
}

// Enter joins a room by name and connects a real participant.
func (s *System) Enter(tb testing.TB, p meet.Principal, room meet.Room) *livekittest.Person {
	tb.Helper()
	return livekittest.Join(tb, s.URL, s.Admit(tb, p, room).Token)
}

// EnterByCode redeems a code and connects a real participant.
func (s *System) EnterByCode(tb testing.TB, code meet.RoomCode, name string) *livekittest.Person {
	tb.Helper()
	a, err := s.Exchange(tb.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, Name: name})
	if err != nil {
		tb.Fatalf("Exchange: %v", err)
	}
	return livekittest.Join(tb, s.URL, a.Token)
}

// EnterWith connects a real participant with an admission.
func (s *System) EnterWith(tb testing.TB, a meet.JoinResult) *livekittest.Person {
	tb.Helper()
	return livekittest.Join(tb, s.URL, a.Token)
}

// Clock is a clock that runs only when it is told to.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Of gives a pointer to a value, for optional fields.
func Of[T any](v T) *T { return &v }
