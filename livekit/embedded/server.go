package embedded

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/livekit/livekit-server/pkg/config"
	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/service"
	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/logger"
	"github.com/livekit/protocol/utils/xtwirp"
	"github.com/rs/cors"
	"github.com/twitchtv/twirp"
)

// liveKit is a LiveKit server as Server runs it: ours, or the stock one in a
// test.
type liveKit interface {
	Start() error // returns when the server has ended
	Stop(force bool)
	IsRunning() bool
	HTTPPort() int
	RoomManager() *service.RoomManager
}

var (
	_ liveKit = (*service.LivekitServer)(nil)
	_ liveKit = (*node)(nil)
)

// maxAPIBody is the largest request body of LiveKit's API, which only this
// program calls.
const maxAPIBody = 1 << 20

// node is LiveKit's parts behind an HTTP server of ours. LiveKit's own
// (service.LivekitServer) reads WebSocket messages and bodies of any size,
// waits for slow requests for ever, and offers no way in to change that. It
// also has doors that nobody here needs: WHIP, agents, ingress, egress, SIP.
type node struct {
	conf    *config.Config
	local   routing.LocalNode
	router  routing.Router
	rooms   *service.RoomManager
	signals *service.SignalServer
	rtc     *service.RTCService
	http    *http.Server

	running atomic.Bool
	once    sync.Once
	stop    chan struct{}
	stopped chan struct{}
}

// newNode gives the parts their HTTP server. Nothing listens yet.
func newNode(n *node, api livekit.RoomService, keys auth.KeyProvider, limits *limiter) *node {
	n.stop, n.stopped = make(chan struct{}), make(chan struct{})

	signalling := http.NewServeMux()
	n.rtc.SetupRoutes(signalling)
	options := []any{twirp.WithServerHooks(service.TwirpRequestStatusReporter())}
	for _, option := range xtwirp.DefaultServerOptions() {
		options = append(options, option)
	}
	calls := http.NewServeMux()
	xtwirp.RegisterServer(calls, livekit.NewRoomServiceServer(api, options...))

	mux := http.NewServeMux()
	mux.Handle("/rtc", limits.guard(signalling))
	mux.Handle("/rtc/", limits.guard(signalling))
	mux.Handle("/twirp/", http.MaxBytesHandler(withToken(calls), maxAPIBody))
	mux.HandleFunc("GET /{$}", n.health)

	proof := service.NewAPIKeyAuthMiddleware(keys)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		service.RemoveDoubleSlashes(w, r, func(w http.ResponseWriter, r *http.Request) { proof.ServeHTTP(w, r, mux.ServeHTTP) })
	})
	n.http = &http.Server{
		Handler: cors.New(cors.Options{ // any page may signal: a join token is what counts
			AllowOriginFunc: func(string) bool { return true },
			AllowedMethods:  []string{http.MethodOptions, http.MethodHead, http.MethodGet, http.MethodPost},
			AllowedHeaders:  []string{"*"},
			ExposedHeaders:  []string{"*"},
			MaxAge:          86400,
		}).Handler(handler),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second, // a WebSocket is free of it
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10, // twice what comes through our own port
	}
	return n
}

// withToken refuses who shows no token before their body is read.
func withToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if service.GetGrants(r.Context()) == nil {
			_ = twirp.WriteError(w, twirp.NewError(twirp.Unauthenticated, "permissions denied"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// health answers once LiveKit has measured itself, as the stock server does.
func (n *node) health(w http.ResponseWriter, _ *http.Request) {
	if stats := n.local.Clone().GetStats(); time.Since(time.Unix(stats.GetUpdatedAt(), 0)) > 4*time.Second {
		w.WriteHeader(http.StatusNotAcceptable)
		return
	}
	_, _ = w.Write([]byte("OK"))
}

// Start runs the server until Stop. It does what LiveKit's own does, in the
// same order.
func (n *node) Start() error {
	if err := n.router.RegisterNode(); err != nil {
		return err
	}
	defer func() { _ = n.router.UnregisterNode() }()
	if err := n.router.Start(); err != nil {
		return err
	}
	var listeners []net.Listener
	for _, address := range n.conf.BindAddresses {
		l, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(n.HTTPPort()))) //nolint:noctx // it does not wait
		if err != nil {
			return err
		}
		listeners = append(listeners, l)
	}
	logger.Infow("starting LiveKit server", "portHttp", n.conf.Port, "nodeID", n.local.NodeID(), "nodeIP", n.local.NodeIP(),
		"bindAddresses", strings.Join(n.conf.BindAddresses, " "), "rtc.portUDP", n.conf.RTC.UDPPort)
	if err := n.signals.Start(); err != nil {
		return err
	}
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- n.http.Serve(l) }()
	}
	n.running.Store(true)
	err := n.closeIdleRooms(failed)
	n.running.Store(false)

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = n.http.Shutdown(ctx)
	n.rooms.Stop()
	n.signals.Stop()
	close(n.stopped)
	return err
}

// closeIdleRooms does so every second, until the server is to stop or cannot
// be reached any more.
func (n *node) closeIdleRooms(failed <-chan error) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-n.stop:
			return nil
		case err := <-failed:
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return err
		case <-ticker.C:
			n.rooms.CloseIdleRooms()
		}
	}
}

// Stop ends the server, also with people inside; it returns when it has ended. One
// that does not run is left alone.
func (n *node) Stop(bool) {
	n.router.Drain()
	if !n.IsRunning() {
		return
	}
	n.once.Do(func() {
		n.router.Stop()
		close(n.stop)
	})
	<-n.stopped
}

// IsRunning says whether clients are served.
func (n *node) IsRunning() bool { return n.running.Load() }

// HTTPPort is the port of signalling and API.
func (n *node) HTTPPort() int { return int(n.conf.Port) }

// RoomManager has the rooms.
func (n *node) RoomManager() *service.RoomManager { return n.rooms }
