package main

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

// app is the running program: the parts, and the order in which they stop.
type app struct {
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

// newApp starts every part but serves nobody yet. The address is taken first:
// the process that has it is the roomkey of this configuration. command is the
// one that the program was started with.
func newApp(ctx context.Context, c config.Config, log *slog.Logger, command string) (_ *app, err error) {
	instance := web.NewInstance()
	metrics := newMetrics(instance)
	a := &app{log: log, instance: instance, metrics: metrics}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	at := c.ListenAddress()
	a.listeners, err = listen(ctx, at, log)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s %w", c.Listen, bridge.ErrAddressInUse)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	listened := a.listeners[0].Addr().(*net.TCPAddr).AddrPort()
	a.holder = datafolder.NewHolder(config.Reachable(listened), command)
	at = netip.AddrPortFrom(at.Addr(), listened.Port())
	a.public = c.PublicAddress(at)

	if a.lock, err = datafolder.Claim(c.Data); err != nil {
		return nil, err
	}
	if a.metricsListener, err = listenForMetrics(ctx, c); err != nil {
		return nil, err
	}
	keyring, err := tokens.OpenKeyring(c)
	if err != nil {
		return nil, err
	}
	if a.store, err = database.Open(ctx, c, instance); err != nil {
		return nil, databaseError(c, err)
	}
	if a.store.Shared() {
		log = log.With("instance", instance)
		a.log = log
		if err := tokens.Agree(ctx, keyring, a.store); err != nil {
			return nil, databaseError(c, err)
		}
	}
	a.housekeeping = newLease(a.store, "housekeeping")
	a.issuers = a.newIssuers(c)
	a.auth = tokens.ServerAuthority(c, keyring, a.store, a.resource(c), a.foreign(), &a.used, log)
	lk, err := a.startLiveKit(ctx, c, keyring, at)
	if err != nil {
		return nil, err
	}
	media := livekit.New(livekit.Config{URL: lk.api, APIKey: lk.key, APISecret: lk.secret, OtherKey: lk.otherKey,
		EmptyTimeout: c.LiveKit.EmptyTimeout, SingleNode: a.embedded != nil, LockRoom: a.store.LockRoom,
		AdminSeats: lk.adminSeats, Now: a.store.Now})
	a.media = media
	service, enforcer := meet.New(meet.Config{
		Store: a.store, Media: media, Roles: c.MediaRoles(), Defaults: c.Rooms.Defaults,
		MediaOnJoin: c.Rooms.CreateMedia == config.MediaOnJoin, KeepEvents: c.Events.Keep,
		KeepName: c.Rooms.KeepName, Limits: &c.Limits.Callers,
		Links: meet.Links{Public: a.public.String(), LiveKit: lk.public}, Log: log, OnLimit: metrics.onLimit,
		Connections: c.Limits.Connections, Now: a.store.Now, HearsAll: a.embedded != nil,
		CountSpeaking: c.LiveKit.CountSpeaking && a.embedded == nil, Examine: examineItself(c, at),
	})
	a.service = service
	a.enforcer.Store(enforcer)
	version := build.Version()
	if err := a.prepareWebhooks(ctx, c, version.Version); err != nil {
		return nil, databaseError(c, err)
	}
	toolsConfig := tools.Config{Service: service, Selection: c.Selection(), Version: version.Version,
		Log: log, Observe: metrics.observe}
	resource := a.protectedResource(c)
	if resource != nil {
		toolsConfig.Challenge = resource.InsufficientScope
	}
	server := tools.NewServer(toolsConfig)
	a.web = web.New(web.Config{
		SignIn: a.signIn(c, keyring, version.Version), Resource: resource,
		Service: service, Enforcer: enforcer, MCP: server.HTTPHandler(), Authenticate: a.auth.Verify,
		ReadOnly: c.ReadOnly, DisableDestructive: c.DisableDestructive,
		Ready:     map[string]func(context.Context) error{"database": a.store.Ping, "livekit": media.Ping},
		PublicURL: a.public, AllowedHosts: c.HTTP.AllowedHosts, AllowedOrigins: c.HTTP.AllowedOrigins,
		TrustedProxies: c.HTTP.Proxies(),
		LiveKit:        lk.proxied, ReadWebhook: media.ReadWebhook, Version: version,
		Instance: instance, Shared: a.store.Shared(),
		Log: log, Metrics: metrics.registry, MetricsToken: c.Metrics.Token, MetricsElsewhere: c.Metrics.Listen != "",
		OnLimit: metrics.onLimit,
	}, at)
	a.server = a.web.HTTPServer()
	a.server.Handler = a.holder.AnswerChallenges(a.server.Handler)
	a.server.ConnState = a.silent.watch
	a.metricsServer = a.web.HTTPServer()
	a.metricsServer.Handler = a.web.MetricsHandler()
	if err := a.lock.Announce(a.holder); err != nil {
		return nil, err
	}
	return a, nil
}

// examineItself gives what checks a server of the configuration that listens at an address.
func examineItself(c config.Config, at netip.AddrPort) func(context.Context) []meet.Finding {
	c.Listen = at.String()
	return func(ctx context.Context) []meet.Finding { return (&doctor.Doctor{Config: c}).ExamineItself(ctx) }
}

// prepareWebhooks makes the sender, which is woken by events of all instances.
func (a *app) prepareWebhooks(ctx context.Context, c config.Config, version string) error {
	if err := a.store.ConfigureWebhooks(ctx, c.Webhooks.Meet(a.store.Now()), a.store.Now()); err != nil {
		return fmt.Errorf("configure webhooks: %w", err)
	}
	a.webhooks = webhooks.New(webhooks.Config{Store: a.store, AllowPrivate: c.Webhooks.AllowPrivate, Version: version,
		Now: a.store.Now, Log: a.log, Observe: a.metrics.onWebhook, ObserveWaiting: a.metrics.onWebhooksWaiting})
	a.store.Subscribe(func(context.Context, meet.Event) { a.webhooks.Wake() })
	a.store.SubscribeElsewhere(func(meet.Event) { a.webhooks.Wake() })
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

func (a *app) startLiveKit(
	ctx context.Context, c config.Config, keyring *auth.Keyring, at netip.AddrPort,
) (liveKitAccess, error) {
	if c.LiveKit.Foreign() {
		base := config.WebSocketURL(c.LiveKit.URL)
		return liveKitAccess{api: base, key: c.LiveKit.APIKey, secret: c.LiveKit.APISecret, public: base,
			adminSeats: adminSeats}, nil
	}
	a.inside = newLease(a.store, "livekit-inside")
	if err := a.claimLiveKitInside(ctx); err != nil {
		return liveKitAccess{}, err
	}
	apiKey, apiSecret, err := auth.LiveKitKey(keyring.Accepted()[0])
	if err != nil {
		return liveKitAccess{}, err
	}
	e, otherKey := c.LiveKit.Embedded, otherInsideKey(keyring)
	a.embedded, err = embedded.Start(ctx, embedded.Config{APIKey: apiKey, APISecret: apiSecret, OtherKey: otherKey,
		Port: e.Port, UDPPort: e.UDPPort, TCPPort: mediaTCPPort(e.TCPPort), NodeIP: c.NodeIP(at), MachineIP: c.MachineIP(at),
		Webhook:   a.holder.URL() + webhookPath,
		Authorize: a.authorizeSession,
		Log:       a.log, OnLimit: a.metrics.onLimit, Limits: c.Limits.Participants})
	if err != nil {
		return liveKitAccess{}, fmt.Errorf("start LiveKit: %w", err)
	}
	a.log.Info("LiveKit runs inside", "media_udp_port", a.embedded.UDPPort(), "media_tcp_port", a.embedded.TCPPort())
	if ip := a.embedded.MachineIP(); ip != "" {
		a.log.Info("media is received at this machine's own address beside loopback, because Firefox sends none "+
			"to loopback; livekit.embedded.node_ip: 127.0.0.1 turns that off", "address", ip)
	}
	if c.PublicURL != "" || !at.Addr().IsLoopback() {
		a.warnOfPort("UDP", "livekit.embedded.udp_port", e.UDPPort, embedded.PreferredUDPPort, a.embedded.UDPPort())
		a.warnOfPort("TCP", "livekit.embedded.tcp_port", e.TCPPort, embedded.PreferredTCPPort, a.embedded.TCPPort())
	}
	proxied, err := url.Parse(a.embedded.URL())
	if err != nil {
		return liveKitAccess{}, fmt.Errorf("read LiveKit's URL: %w", err)
	}
	return liveKitAccess{api: a.embedded.URL(), key: apiKey, secret: apiSecret, otherKey: otherKey,
		public: config.WebSocketURL(a.public.String()), proxied: proxied}, nil
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
func (a *app) warnOfPort(protocol, setting string, configured, usual, port int) {
	if configured == 0 && port != usual {
		a.log.Warn("the usual "+protocol+" port is taken, so media goes through another, which a firewall may not know: "+
			"set "+setting, "usual", usual, "media_port", port)
	}
}

// authorizeSession asks the enforcer about a person who connects to the LiveKit
// inside. LiveKit starts first, because the enforcer needs its address; until
// the enforcer is there, everybody is refused.
func (a *app) authorizeSession(ctx context.Context, roomID, identity string) (meet.Authorized, error) {
	enforcer := a.enforcer.Load()
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
