// Package server is the running program: it makes every part, joins them, and stops
// them in order.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"

	"roomkey/auth"
	"roomkey/auth/issuers"
	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/build"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/database"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/doctor"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/livekit"
	"roomkey/livekit/embedded"
	"roomkey/meet"
	"roomkey/signin"
	"roomkey/store"
	"roomkey/tools"
	"roomkey/web"
	"roomkey/webhooks"
)

// Server is the running program: the parts, and the order in which they stop.
type Server struct {
	log       *slog.Logger
	instance  string // the name of this process
	metrics   metrics
	listeners []net.Listener // the first has the address that was asked for
	lock      *datafolder.Lock
	holder    datafolder.Holder // as the lock names it
	public    *url.URL
	store     *store.DB
	embedded  *embedded.Server // nil with a foreign LiveKit
	media     *livekit.Server
	service   *meet.Service
	enforcer  atomic.Pointer[meet.Enforcer] // nil until LiveKit's address is known
	web       *web.Server
	server    *http.Server
	silent    silentConns
	auth      *auth.Authority
	used      tokens.Used    // access tokens
	people    *signin.Server // lets people sign in for clients; nil where that is off
	issuers   *issuers.Set   // other authorization servers, whose access tokens count; may be nil

	webhooks     *webhooks.Sender
	housekeeping *lease // to sweep, to reconcile and to send webhooks
	inside       *lease // to run the LiveKit inside; nil with a foreign one

	metricsListener net.Listener // nil where metrics have no address of their own
	metricsServer   *http.Server
}

const webhookPath = "/livekit/webhook"

// New starts every part but serves nobody yet. The address is taken first:
// the process that has it is the roomkey of this configuration. command is the
// one that the program was started with.
func New(ctx context.Context, c config.Config, log *slog.Logger, command string) (_ *Server, err error) {
	instance := web.NewInstance()
	metrics := newMetrics(instance)
	s := &Server{log: log, instance: instance, metrics: metrics}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	at := c.ListenAddress()
	s.listeners, err = listen(ctx, at, log)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s %w", c.Listen, bridge.ErrAddressInUse)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	listened := s.listeners[0].Addr().(*net.TCPAddr).AddrPort()
	s.holder = datafolder.NewHolder(config.Reachable(listened), command)
	at = netip.AddrPortFrom(at.Addr(), listened.Port())
	s.public = c.PublicAddress(at)

	if s.lock, err = datafolder.Claim(c.Data); err != nil {
		return nil, err
	}
	if s.metricsListener, err = listenForMetrics(ctx, c); err != nil {
		return nil, err
	}
	keyring, err := tokens.OpenKeyring(c)
	if err != nil {
		return nil, err
	}
	if s.store, err = database.Open(ctx, c, instance); err != nil {
		return nil, database.Explain(c, err)
	}
	if s.store.Shared() {
		log = log.With("instance", instance)
		s.log = log
		if err := tokens.Agree(ctx, keyring, s.store); err != nil {
			return nil, database.Explain(c, err)
		}
	}
	s.housekeeping = newLease(s.store, "housekeeping")
	s.issuers = s.newIssuers(c)
	s.auth = tokens.ServerAuthority(c, keyring, s.store, s.resource(c), s.foreign(), &s.used, log)
	lk, err := s.startLiveKit(ctx, c, keyring, at)
	if err != nil {
		return nil, err
	}
	media := livekit.New(livekit.Config{URL: lk.api, APIKey: lk.key, APISecret: lk.secret, OtherKey: lk.otherKey,
		EmptyTimeout: c.LiveKit.EmptyTimeout, SingleNode: s.embedded != nil, LockRoom: s.store.LockRoom,
		AdminSeats: lk.adminSeats, Now: s.store.Now})
	s.media = media
	service, enforcer := meet.New(meet.Config{
		Store: s.store, Media: media, Roles: c.MediaRoles(), Defaults: c.Rooms.Defaults,
		MediaOnJoin: c.Rooms.CreateMedia == config.MediaOnJoin, KeepEvents: c.Events.Keep,
		KeepName: c.Rooms.KeepName, Limits: &c.Limits.Callers,
		Links: meet.Links{Public: s.public.String(), LiveKit: lk.public}, Log: log, OnLimit: metrics.onLimit,
		Connections: c.Limits.Connections, Now: s.store.Now, HearsAll: s.embedded != nil,
		CountSpeaking: c.LiveKit.CountSpeaking && s.embedded == nil, Examine: examineItself(c, at),
	})
	s.service = service
	s.enforcer.Store(enforcer)
	version := build.Version()
	if err := s.prepareWebhooks(ctx, c, version.Version); err != nil {
		return nil, database.Explain(c, err)
	}
	toolsConfig := tools.Config{Service: service, Selection: c.Selection(), Version: version.Version,
		Log: log, Observe: metrics.observe}
	resource := s.protectedResource(c)
	if resource != nil {
		toolsConfig.Challenge = resource.InsufficientScope
	}
	mcp := tools.NewServer(toolsConfig)
	s.web = web.New(web.Config{
		SignIn: s.signIn(c, keyring, version.Version), Resource: resource,
		Service: service, Enforcer: enforcer, MCP: mcp.HTTPHandler(), Authenticate: s.auth.Verify,
		ReadOnly: c.ReadOnly, DisableDestructive: c.DisableDestructive,
		Ready:     map[string]func(context.Context) error{"database": s.store.Ping, "livekit": media.Ping},
		PublicURL: s.public, AllowedHosts: c.HTTP.AllowedHosts, AllowedOrigins: c.HTTP.AllowedOrigins,
		TrustedProxies: c.HTTP.Proxies(),
		LiveKit:        lk.proxied, ReadWebhook: media.ReadWebhook, Version: version,
		Instance: instance, Shared: s.store.Shared(),
		Log: log, Metrics: metrics.registry, MetricsToken: c.Metrics.Token, MetricsElsewhere: c.Metrics.Listen != "",
		OnLimit: metrics.onLimit,
	}, at)
	s.server = s.web.HTTPServer()
	s.server.Handler = s.holder.AnswerChallenges(s.server.Handler)
	s.server.ConnState = s.silent.watch
	s.metricsServer = s.web.HTTPServer()
	s.metricsServer.Handler = s.web.MetricsHandler()
	if err := s.lock.Announce(s.holder); err != nil {
		return nil, err
	}
	return s, nil
}

// NewForServe is [New] for roomkey serve. It tells a stdio that has the data folder that a
// serve waits for it, and the stdio leaves it.
func NewForServe(ctx context.Context, c config.Config, log *slog.Logger) (*Server, error) {
	inUse := func(err error) bool {
		return errors.Is(err, bridge.ErrAddressInUse) || errors.Is(err, datafolder.ErrInUse)
	}
	s, err := New(ctx, c, log, datafolder.CommandServe)
	if !inUse(err) {
		return s, err
	}
	if h, holderErr := datafolder.ReadHolder(c.Data); holderErr != nil || h.Command != datafolder.CommandStdio {
		return nil, err
	}
	done, waitErr := datafolder.Wait(c.Data)
	if waitErr != nil {
		return nil, err // another serve waits already
	}
	defer func() { _ = done() }()
	log.Info("waiting for a roomkey stdio to leave the data folder")
	for deadline := time.Now().Add(bridge.StartWithin); ; {
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(bridge.PollEvery):
		}
		s, err = New(ctx, c, log, datafolder.CommandServe)
		if !inUse(err) || time.Now().After(deadline) {
			return s, err
		}
	}
}

// examineItself gives what checks a server of the configuration that listens at an address.
func examineItself(c config.Config, at netip.AddrPort) func(context.Context) []meet.Finding {
	c.Listen = at.String()
	return func(ctx context.Context) []meet.Finding { return (&doctor.Doctor{Config: c}).ExamineItself(ctx) }
}

// prepareWebhooks makes the sender, which is woken by events of all instances.
func (s *Server) prepareWebhooks(ctx context.Context, c config.Config, version string) error {
	if err := s.store.ConfigureWebhooks(ctx, c.Webhooks.Meet(s.store.Now()), s.store.Now()); err != nil {
		return fmt.Errorf("configure webhooks: %w", err)
	}
	s.webhooks = webhooks.New(webhooks.Config{Store: s.store, AllowPrivate: c.Webhooks.AllowPrivate, Version: version,
		Now: s.store.Now, Log: s.log, Observe: s.metrics.onWebhook, ObserveWaiting: s.metrics.onWebhooksWaiting})
	s.store.Subscribe(func(context.Context, meet.Event) { s.webhooks.Wake() })
	s.store.SubscribeElsewhere(func(meet.Event) { s.webhooks.Wake() })
	return nil
}

type liveKitAccess struct {
	api, key, secret string
	otherKey         func(name string) string // see livekit.Config
	public           string                   // where clients connect
	proxied          *url.URL                 // where /rtc leads; nil for a foreign server
	adminSeats       int                      // see livekit.Config
}

// adminSeats are for the admins of a full room on a foreign LiveKit: an admin on a
// few devices, and superadmins.
const adminSeats = 10

func (s *Server) startLiveKit(
	ctx context.Context, c config.Config, keyring *auth.Keyring, at netip.AddrPort,
) (liveKitAccess, error) {
	if c.LiveKit.Foreign() {
		base := config.WebSocketURL(c.LiveKit.URL)
		return liveKitAccess{api: base, key: c.LiveKit.APIKey, secret: c.LiveKit.APISecret, public: base,
			adminSeats: adminSeats}, nil
	}
	s.inside = newLease(s.store, "livekit-inside")
	if err := s.claimLiveKitInside(ctx); err != nil {
		return liveKitAccess{}, err
	}
	apiKey, apiSecret, err := auth.LiveKitKey(keyring.Accepted()[0])
	if err != nil {
		return liveKitAccess{}, err
	}
	e, otherKey := c.LiveKit.Embedded, otherInsideKey(keyring)
	s.embedded, err = embedded.Start(ctx, embedded.Config{APIKey: apiKey, APISecret: apiSecret, OtherKey: otherKey,
		Port: e.Port, UDPPort: e.UDPPort, TCPPort: mediaTCPPort(e.TCPPort), NodeIP: c.NodeIP(at), MachineIP: c.MachineIP(at),
		Webhook:   s.holder.URL() + webhookPath,
		Authorize: s.authorizeSession,
		Log:       s.log, OnLimit: s.metrics.onLimit, Limits: c.Limits.Participants})
	if err != nil {
		return liveKitAccess{}, fmt.Errorf("start LiveKit: %w", err)
	}
	s.log.Info("LiveKit runs inside", "media_udp_port", s.embedded.UDPPort(), "media_tcp_port", s.embedded.TCPPort())
	if ip := s.embedded.MachineIP(); ip != "" {
		s.log.Info("media is received at this machine's own address beside loopback, because Firefox sends none "+
			"to loopback; livekit.embedded.node_ip: 127.0.0.1 turns that off", "address", ip)
	}
	if c.PublicURL != "" || !at.Addr().IsLoopback() {
		s.warnOfPort("UDP", "livekit.embedded.udp_port", e.UDPPort, embedded.PreferredUDPPort, s.embedded.UDPPort())
		s.warnOfPort("TCP", "livekit.embedded.tcp_port", e.TCPPort, embedded.PreferredTCPPort, s.embedded.TCPPort())
	}
	proxied, err := url.Parse(s.embedded.URL())
	if err != nil {
		return liveKitAccess{}, fmt.Errorf("read LiveKit's URL: %w", err)
	}
	return liveKitAccess{api: s.embedded.URL(), key: apiKey, secret: apiSecret, otherKey: otherKey,
		public: config.WebSocketURL(s.public.String()), proxied: proxied}, nil
}

// mediaTCPPort gives the port of media over TCP as the LiveKit inside takes it.
func mediaTCPPort(configured int) int {
	switch configured {
	case 0:
		return embedded.AnyTCPPort
	case config.NoTCPPort:
		return 0
	}
	return configured
}

// warnOfPort warns where media goes through another port than the usual one that
// nobody has chosen.
func (s *Server) warnOfPort(protocol, setting string, configured, usual, port int) {
	if configured == 0 && port != usual {
		s.log.Warn("the usual "+protocol+" port is taken, so media goes through another, which a firewall may not know: "+
			"set "+setting, "usual", usual, "media_port", port)
	}
}

// connsKept is how many connections to LiveKit are kept open between calls. Go
// keeps two by default: rooms that are made at the same time would dial anew.
const connsKept = 32

// KeepConns makes a transport keep 32 connections open between calls. LiveKit's SDK
// uses the default one.
func KeepConns(transport http.RoundTripper) {
	if t, ok := transport.(*http.Transport); ok {
		t.MaxIdleConnsPerHost = connsKept
	}
}

// authorizeSession asks the enforcer about a person who connects to the LiveKit
// inside. LiveKit starts first, because the enforcer needs its address; until
// the enforcer is there, everybody is refused.
func (s *Server) authorizeSession(ctx context.Context, roomID, identity string) (meet.Authorized, error) {
	enforcer := s.enforcer.Load()
	if enforcer == nil {
		return meet.Authorized{}, errors.New("the program is still starting")
	}
	return enforcer.AuthorizeConnection(ctx, roomID, identity)
}

// otherInsideKey gives the API secrets of those keys of the LiveKit inside that it
// was not started with: of signing secrets before or after a rotation. An unknown
// key has an empty one.
func otherInsideKey(keyring *auth.Keyring) func(name string) string {
	return func(name string) string {
		for _, secret := range keyring.Accepted() {
			if key, apiSecret, err := auth.LiveKitKey(secret); err == nil && name == key {
				return apiSecret
			}
		}
		return ""
	}
}
