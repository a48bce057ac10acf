// Package embedded runs a LiveKit server inside this process: signalling and
// API on 127.0.0.1, media on one UDP port. It is the only package that knows
// livekit-server; everybody else talks to the running server by its URL.
//
// It refuses to know what a room means to the product, and it never reaches
// for the internet: no STUN, no TURN, no discovery of an external address.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/livekit/livekit-server/pkg/config"
	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/telemetry/prometheus"
	"github.com/livekit/protocol/livekit"

	"roomkey/meet"
)

// AuthorizeFunc is asked about a person who connects with a good join token. An
// error refuses them. With known, the profile counts in place of the token's;
// without, the token counts.
type AuthorizeFunc = func(ctx context.Context, roomID, identity string) (profile meet.Profile, known bool, err error)

// PreferredUDPPort is the media port unless the configuration names one or it
// is taken.
const PreferredUDPPort = 7882

// minSecret is as much secret as HS256 needs; LiveKit itself only warns.
const minSecret = 32

// Config says how to run the server. Only the keys are required.
type Config struct {
	APIKey    string
	APISecret string // at least 32 characters

	// OtherKey gives the secret of a further key whose tokens are taken, empty
	// for one whose are not. Nothing is signed with it. Nil is none.
	OtherKey func(name string) (secret string)

	Port    int // of signalling and API, on 127.0.0.1 only; 0 is a free one
	UDPPort int // of media; 0 is 7882, or a free one if that is taken
	TCPPort int // of media where UDP is blocked; 0 is off

	// NodeIP is the address that participants are told to send media to;
	// empty is 127.0.0.1, for participants on this machine.
	NodeIP string

	// BindAddress is the address of this machine that media is received on.
	// Empty is the loopback address if NodeIP is one, else every address of
	// NodeIP's family.
	BindAddress string

	// MachineIP is a second address for a NodeIP that is loopback: this
	// machine's own, where media is received as well and which participants are
	// told too. Firefox sends nothing to a loopback address. Empty is none; an
	// address that cannot be listened on is left out.
	MachineIP string

	// Webhook is where LiveKit tells what happens, signed with the keys; empty
	// is nowhere.
	Webhook string

	// Authorize is asked about everybody who connects with a good join token. Nil
	// lets the token decide.
	Authorize AuthorizeFunc

	// Limits bound what one participant can make the server do.
	Limits Limits

	// OnLimit is told each time a limit on what participants may send stops
	// something; nil is nowhere.
	OnLimit func(limit string)

	// Log gets LiveKit's lines if it takes debug lines, else none. LiveKit
	// has one logger for the whole process: of several servers in it, the one
	// started last gets the lines of all.
	Log *slog.Logger

	// assemble is another way to build the server, for a test.
	assemble func(*config.Config, routing.LocalNode, Config) (liveKit, func(), error)
}

// PortError says that a port cannot be had.
type PortError struct {
	Network string // "TCP" or "UDP"
	Port    int
	Setting string // the Config field that chooses the port, in configuration spelling
	Err     error
}

// Error names the port and the setting to change.
func (e *PortError) Error() string {
	return fmt.Sprintf("%s port %d cannot be used: %v; free it or choose another one with %s", e.Network, e.Port, e.Err, e.Setting)
}

// Unwrap gives the operating system's error.
func (e *PortError) Unwrap() error { return e.Err }

// Server is a running LiveKit. It must be stopped.
type Server struct {
	lk       liveKit
	stopRest func() // what lk leaves running
	url      string
	udpPort  int
	machine  string // the machine's own address beside loopback, or ""
	lines    *lines

	stopOnce sync.Once
	stopped  chan struct{} // closed when a Stop has done its work
	done     chan struct{} // closed when LiveKit has ended; err is set before
	err      error

	mu       sync.Mutex
	stopping bool
}

// processWide is done once however many servers there are: LiveKit keeps its
// metrics and its logger in global variables.
var processWide = sync.OnceValue(func() error {
	useLog()
	// Every server in this process counts under the first one's node id.
	if err := prometheus.Init("roomkey", livekit.NodeType_SERVER); err != nil {
		return fmt.Errorf("prepare LiveKit's metrics: %w", err)
	}
	return nil
})

// Start runs a LiveKit server and returns when it answers. A port that cannot
// be had is a *[PortError]. ctx bounds the start alone.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if err := processWide(); err != nil {
		return nil, err
	}
	const attempts = 5
	for n := 1; ; n++ {
		s, err := start(ctx, cfg)
		var port *PortError
		if n < attempts && errors.As(err, &port) && cfg.chooses(port.Setting) {
			continue // a port that was free a moment ago has been taken since
		}
		return s, err
	}
}

// choosing is held from the choice of free ports until the media port is
// bound, so that servers of one process do not choose the same.
var choosing sync.Mutex

func start(ctx context.Context, cfg Config) (*Server, error) {
	s := &Server{
		lines:   newLines(cfg),
		stopped: make(chan struct{}),
		done:    make(chan struct{}),
	}
	if err := s.initialize(ctx, cfg); err != nil {
		return nil, err
	}
	go s.run()
	if err := s.ready(ctx); err != nil {
		_ = s.Stop(context.WithoutCancel(ctx))
		return nil, listenError(err, s.lk.HTTPPort(), s.udpPort)
	}
	return s, nil
}

// initialize builds the server. It binds the ports of media; the HTTP port
// follows when it runs.
func (s *Server) initialize(ctx context.Context, cfg Config) error {
	choosing.Lock()
	defer choosing.Unlock()

	port, err := freeTCP(ctx, cfg.Port)
	if err != nil {
		return err
	}
	if cfg.MachineIP != "" && !listenable(ctx, cfg.MachineIP) {
		cfg.MachineIP = ""
	}
	if s.udpPort, err = freeUDP(ctx, cfg); err != nil {
		return err
	}
	s.machine = cfg.MachineIP
	conf, err := cfg.livekit(port, s.udpPort)
	if err != nil {
		return fmt.Errorf("configure LiveKit: %w", err)
	}
	node, err := routing.NewLocalNode(conf)
	if err != nil {
		return fmt.Errorf("make LiveKit's node: %w", err)
	}
	tcp, err := listenTCP(ctx, cfg)
	if err != nil {
		return err
	}
	s.lines.take()
	if s.lk, s.stopRest, err = cfg.assemble(conf, node, cfg); err != nil {
		s.lines.leave()
		if tcp != nil {
			_ = tcp.Close()
		}
		return listenError(fmt.Errorf("assemble LiveKit: %w", err), port, s.udpPort)
	}
	if tcp != nil {
		if err := useTCP(s.lk.RoomManager(), tcp); err != nil {
			s.lk.RoomManager().Stop()
			s.stopRest()
			s.lines.leave()
			return errors.Join(err, tcp.Close())
		}
	}
	s.url = "http://" + net.JoinHostPort(httpAddress, strconv.Itoa(port))
	return nil
}

// run is LiveKit's own goroutine.
func (s *Server) run() {
	err := s.lk.Start()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		s.err = fmt.Errorf("run LiveKit: %w", err)
		s.lk.RoomManager().Stop() // which holds the ports of media, and LiveKit leaves it running
	case !s.stopping:
		s.err = errors.New("LiveKit's HTTP server failed") // nothing else ends it
	}
	close(s.done)
}

// ready waits until LiveKit runs and answers. Its HTTP answers 0.1 s before it
// runs, and in that gap it cannot be stopped.
func (s *Server) ready(ctx context.Context) error {
	if err := s.running(ctx); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("ask LiveKit whether it is ready: %w", err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("LiveKit says it is not ready: %s", resp.Status)
	}
	return nil
}

// running waits until LiveKit runs. LiveKit offers nothing to wait on.
func (s *Server) running(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !s.lk.IsRunning() {
		select {
		case <-s.done:
			return s.err
		case <-ctx.Done():
			return fmt.Errorf("wait for LiveKit: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
	return nil
}

// URL is where signalling and API are: http://127.0.0.1 and the port.
func (s *Server) URL() string { return s.url }

// UDPPort is the port of media.
func (s *Server) UDPPort() int { return s.udpPort }

// MachineIP is where media is received beside the loopback address, or "".
func (s *Server) MachineIP() string { return s.machine }

// Done is closed when LiveKit has ended, whether or not it was asked to.
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

// stopWithin is a little more than LiveKit's own patience, which is 5 s and
// for HTTP connections that have not asked for anything yet. Usually it stops
// in a few milliseconds.
const stopWithin = 6 * time.Second

// Stop ends the server: everybody is disconnected at once. It returns when the
// ports are free, or an error after 6 s or when ctx ends. It can be
// called again, and from several goroutines.
func (s *Server) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, stopWithin, errors.New("it takes too long"))
	defer cancel()
	s.stopOnce.Do(func() { go s.stop(context.WithoutCancel(ctx)) })
	select {
	case <-s.stopped:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-s.stopped:
		return nil
	default:
		return fmt.Errorf("stop LiveKit: %w", context.Cause(ctx))
	}
}

func (s *Server) stop(ctx context.Context) {
	defer close(s.stopped)
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	// A stop before it runs would be ignored; one that has ended needs none.
	if s.running(ctx) == nil {
		s.lk.Stop(true)
		<-s.done
	}
	s.stopRest()
	s.lines.leave()
}
