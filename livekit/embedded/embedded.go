// Package embedded runs a LiveKit server inside this process: signalling and
// API on 127.0.0.1, media on one UDP port. It is the only package that knows
// livekit-server; all others talk to the running server by its URL.
//
// It refuses to know what a room means to the product, and it never uses the
// internet: no STUN, no TURN, no discovery of an external address.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/livekit/livekit-server/pkg/service"
	"github.com/livekit/livekit-server/pkg/telemetry/prometheus"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/logger"

	"roomkey/meet"
)

// AuthorizeFunc is asked about a person who connects with a good join token. An
// error refuses them.
type AuthorizeFunc = func(ctx context.Context, roomID, identity string) (meet.Authorized, error)

// PreferredUDPPort is the media port unless the configuration names another or
// another program uses it.
const PreferredUDPPort = 7882

// PreferredTCPPort is the port of media over TCP if Config asks for AnyTCPPort and
// no other program uses it.
const PreferredTCPPort = 7881

// AnyTCPPort has media taken over PreferredTCPPort, or any free port if that is taken.
const AnyTCPPort = -1

// Config says how to run the server. Only APIKey and APISecret are required.
type Config struct {
	APIKey    string
	APISecret string // at least 32 characters

	// OtherKey gives the secret of another key that only verifies tokens, empty
	// for an unknown key. Nil is no other key.
	OtherKey func(name string) (secret string)

	Port    int // of signalling and API, on 127.0.0.1 only; 0 is any free port
	UDPPort int // of media; 0 is 7882, or any free port if 7882 is taken
	TCPPort int // of media where UDP is blocked; 0 is off, AnyTCPPort chooses one

	// NodeIP is the address to which participants send media. Empty is
	// 127.0.0.1, for participants on this machine.
	NodeIP string

	// MachineIP is this machine's own address, as a second one beside a NodeIP
	// that is loopback: Firefox sends nothing to a loopback address. Media is
	// received there too, and participants are told both. Empty is none; an
	// address that this machine does not have is left out.
	MachineIP string

	// Webhook is the URL that gets LiveKit's webhooks, signed with the key. Empty
	// is none.
	Webhook string

	// Authorize is asked about everybody who connects with a good join token. Nil
	// lets the token decide.
	Authorize AuthorizeFunc

	// Limits bound what one participant can make the server do. The zero value is
	// meet.DefaultParticipantLimits.
	Limits meet.ParticipantLimits

	// OnLimit is called each time a limit stops something. It may be nil.
	OnLimit func(limit string)

	// Log gets LiveKit's lines if it takes debug lines. LiveKit has one logger for
	// the whole process: of several servers in it, the one that was started last
	// gets the lines of all.
	Log *slog.Logger
}

// Server is a running LiveKit. It must be stopped.
type Server struct {
	url       string
	udpPort   int
	tcpPort   int
	machineIP string
	listener  net.Listener // of signalling and API
	http      *http.Server
	rooms     *service.RoomManager
	gate      *sessionGate
	closers   []func() // undo what the start did, called from the last to the first

	stopOnce sync.Once
	stop     chan struct{} // closed to stop the server
	done     chan struct{} // closed when the server has ended; err is set before
	err      error
}

// initProcess prepares LiveKit's global variables for its metrics and its
// logger, once for all servers of the process.
var initProcess = sync.OnceValue(func() error {
	if err := setLogger(); err != nil {
		return err
	}
	// Every server of this process counts under the node id of the first one.
	if err := prometheus.Init("roomkey", livekit.NodeType_SERVER); err != nil {
		return fmt.Errorf("prepare LiveKit's metrics: %w", err)
	}
	return nil
})

// Start runs a LiveKit server and returns when it answers. ctx bounds the start
// alone.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg.complete()
	if err := initProcess(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("start LiveKit: %w", context.Cause(ctx))
	}
	const attempts = 5
	for n := 1; ; n++ {
		s := &Server{stop: make(chan struct{}), done: make(chan struct{})}
		err := s.open(ctx, cfg)
		if err == nil {
			logger.Infow("starting LiveKit server", "url", s.url, "udpPort", s.udpPort, "nodeIP", cfg.NodeIP)
			go s.serve() //nolint:gosec // G118: it outlives the context that bounds the start
			return s, nil
		}
		s.close()
		// A media port that was free a moment ago may have been taken since.
		if n == attempts || cfg.UDPPort != 0 || !errors.As(err, new(udpPortError)) {
			return nil, err
		}
	}
}

// choosingPort is held from the choice of a free media port until LiveKit has
// bound it, so that two servers of one process do not choose the same.
var choosingPort sync.Mutex

func (s *Server) open(ctx context.Context, cfg Config) error {
	choosingPort.Lock()
	defer choosingPort.Unlock()

	listener, err := listenTCP(ctx, settingPort, httpAddress, cfg.Port)
	if err != nil {
		return err
	}
	s.onClose(func() { _ = listener.Close() })
	s.listener, s.url = listener, "http://"+listener.Addr().String()
	if cfg.MachineIP != "" {
		if _, err := probeUDP(ctx, cfg.MachineIP, 0); err != nil {
			cfg.MachineIP = ""
		}
	}
	s.machineIP = cfg.MachineIP
	if s.udpPort, err = freeUDP(ctx, cfg); err != nil {
		return err
	}
	conf, err := cfg.livekit(listener.Addr().(*net.TCPAddr).Port, s.udpPort)
	if err != nil {
		return fmt.Errorf("configure LiveKit: %w", err)
	}
	tcp, err := listenMediaTCP(ctx, cfg)
	if err != nil {
		return err
	}
	if tcp != nil {
		s.tcpPort = tcp.Addr().(*net.TCPAddr).Port
		s.onClose(func() { _ = tcp.Close() })
	}
	s.takeLog(cfg)
	if err := s.assemble(conf, cfg); err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "listen" { // it listens on the media port alone
			return newUDPPortError(s.udpPort, err)
		}
		return fmt.Errorf("assemble LiveKit: %w", err)
	}
	if tcp != nil {
		useTCP(s.rooms, tcp, &limiter{cfg.Limits, cfg.OnLimit})
	}
	return nil
}

func (s *Server) onClose(f func()) { s.closers = append(s.closers, f) }

func (s *Server) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
}

// serve answers requests and closes idle rooms every second, as LiveKit's own
// server does, until Stop or until nobody can connect any more.
func (s *Server) serve() {
	defer close(s.done)
	defer s.close()
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(s.listener) }()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case err := <-failed:
			s.err = fmt.Errorf("run LiveKit: %w", err)
			return
		case <-ticker.C:
			s.rooms.CloseIdleRooms()
			s.gate.expireRecorded()
		}
	}
}

// URL is where signalling and API are: http://127.0.0.1 and the port.
func (s *Server) URL() string { return s.url }

// UDPPort is the port of media.
func (s *Server) UDPPort() int { return s.udpPort }

// TCPPort is the port of media over TCP; 0 is none.
func (s *Server) TCPPort() int { return s.tcpPort }

// MachineIP is the address beside loopback at which media is received, or "".
func (s *Server) MachineIP() string { return s.machineIP }

// Done is closed when LiveKit has ended, after a Stop or by itself.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err says why LiveKit ended, once Done is closed; nil after a Stop.
func (s *Server) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Requests, and connections that have not sent one yet, are waited for so long.
// Usually a stop takes a few milliseconds.
const (
	requestsEndWithin = 2 * time.Second
	stopWithin        = 6 * time.Second
)

// Stop ends the server and disconnects everybody at once. It returns when the
// ports are free, or an error after 6 s. It can be called again, and from several
// goroutines.
func (s *Server) Stop() error {
	s.stopOnce.Do(func() { close(s.stop) })
	select {
	case <-s.done:
		return nil
	case <-time.After(stopWithin):
		return errors.New("stop LiveKit: it takes too long")
	}
}
