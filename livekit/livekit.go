// Package livekit is the adapter to a LiveKit server, near or far, behind
// [meet.Media]: room service calls, grants and join tokens.
//
// It refuses to know who may do what and which rooms ought to exist. It keeps
// nothing but connections, and for seconds which of the people whom LiveKit lists
// are there no more (see liveness.go).
package livekit

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/twitchtv/twirp"

	"roomkey/meet"
)

// The defaults of Config.
const (
	DefaultTimeout      = 5 * time.Second
	DefaultEmptyTimeout = 20 * time.Minute
)

// Config says which LiveKit server to talk to.
type Config struct {
	URL       string // its scheme is ws, wss, http or https, in lower case
	APIKey    string
	APISecret string

	// OtherKey gives the secret of a further key whose join tokens count, empty
	// for one that does not. Nil is none.
	OtherKey func(name string) (secret string)

	// EmptyTimeout is how long LiveKit keeps a media room in which nobody is;
	// 0 is DefaultEmptyTimeout. With twice the life of a join token or more,
	// a token always finds its room: see [Server.EnsureRoom].
	EmptyTimeout time.Duration

	// LockRoom waits until no other instance of the program makes the same media
	// room anew. The name that it is given is no room's id: who calls EnsureRoom
	// may hold the lock of the room. Nil where there is no other instance.
	LockRoom func(ctx context.Context, name string) (unlock func(), err error)

	// AdminSeats is how many more than its limit lets in a media room can hold. A
	// LiveKit without the session gate cannot tell admins from others; others who
	// take these seats are removed (meet.Enforcer).
	AdminSeats int

	// Timeout bounds every method of Server; 0 is DefaultTimeout.
	Timeout time.Duration

	// SingleNode says that LiveKit is one process, whose lists are always true.
	// Otherwise it may be a cluster, and URL an address that balances over its nodes.
	SingleNode bool

	// Now is the clock by which tokens are signed and read, and which is to be right
	// as LiveKit's is. Nil is this machine's.
	Now func() time.Time
}

// Server is a LiveKit server. It implements [meet.Media].
type Server struct {
	rooms        *lksdk.RoomServiceClient
	dispatches   *lksdk.AgentDispatchClient
	url          string
	key, secret  string
	otherKey     func(name string) (secret string)
	emptyTimeout time.Duration
	timeout      time.Duration
	adminSeats   int
	now          func() time.Time

	recreating chan struct{} // held while an empty media room is made anew
	lockRoom   func(ctx context.Context, name string) (unlock func(), err error)

	singleNode bool
	liveness   *liveness
	writers    writers
	listeners  listeners
}

var _ meet.Media = (*Server)(nil)

// New makes the adapter. It does not connect yet: see [Server.Ping]. It is to be
// closed after its last call.
func New(cfg Config) *Server {
	s := &Server{
		url:          cfg.URL,
		key:          cfg.APIKey,
		secret:       cfg.APISecret,
		otherKey:     cfg.OtherKey,
		emptyTimeout: cmp.Or(cfg.EmptyTimeout, DefaultEmptyTimeout),
		timeout:      cmp.Or(cfg.Timeout, DefaultTimeout),
		adminSeats:   max(cfg.AdminSeats, 0),
		now:          cfg.Now,
		recreating:   make(chan struct{}, 1),
		lockRoom:     cfg.LockRoom,
		singleNode:   cfg.SingleNode,
		liveness:     newLiveness(),
		writers:      writers{rooms: map[string]*writer{}},
	}
	if s.now == nil {
		s.now = time.Now
	}
	// Its connections are those of http.DefaultTransport, kept and shared.
	hooks := twirp.WithClientHooks(&twirp.ClientHooks{RequestPrepared: s.prepare})
	s.rooms = lksdk.NewRoomServiceClient(cfg.URL, cfg.APIKey, cfg.APISecret, hooks)
	s.dispatches = lksdk.NewAgentDispatchServiceClient(cfg.URL, cfg.APIKey, cfg.APISecret, hooks)
	return s
}

// prepare is called before each call of LiveKit's API.
func (s *Server) prepare(ctx context.Context, r *http.Request) (context.Context, error) {
	makeRepeatable(r)
	return ctx, s.showServiceTime(r)
}

// Close ends what goes on in the background, and waits for it.
func (s *Server) Close() {
	s.writers.close()
	s.liveness.close()
}

// withTimeout puts the deadline on ctx.
func (s *Server) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	// The SDK would take the deadline off again, to have its full length for
	// each of three attempts on LiveKit Cloud.
	return context.WithTimeout(lksdk.WithFailover(ctx, false), s.timeout)
}

// Ping says whether the server answers, and takes our key.
func (s *Server) Ping(ctx context.Context) error {
	ctx, cancel := s.withTimeout(ctx)
	defer cancel()
	_, err := s.rooms.ListRooms(ctx, &livekit.ListRoomsRequest{Names: []string{"no such room"}})
	if err != nil {
		return callError("ping", err)
	}
	return nil
}

// seconds is d in LiveKit's unit, at least 1: it takes 0 for "as before".
func seconds(d time.Duration) uint32 {
	return uint32(max(d, time.Second) / time.Second) //nolint:gosec // of a configured time span
}
