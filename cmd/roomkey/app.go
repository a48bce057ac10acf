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
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/build"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/doctor"
	"roomkey/cmd/roomkey/internal/listen"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/livekit"
	"roomkey/livekit/embedded"
	"roomkey/meet"
	"roomkey/store"
	"roomkey/tools"
	"roomkey/web"
)

// app is the running program: the parts, and the order in which they stop.
type app struct {
	log      *slog.Logger
	metrics  metrics
	listener net.Listener
	lock     *datafolder.Lock
	holder   datafolder.Holder // as the lock names it
	public   *url.URL
	store    *store.DB
	embedded *embedded.Server // nil with a foreign LiveKit
	service  *meet.Service
	enforcer atomic.Pointer[meet.Enforcer] // nil until LiveKit's address is known
	web      *web.Server
	server   *http.Server
	silent   silentConns
	auth     *auth.Authority

	metricsServer *metricsServer // nil where metrics have no address of their own
}

// sweepEvery is how often rooms whose time has come are looked for.
const sweepEvery = 2 * time.Second

// reconcileEvery is how often LiveKit is asked who is inside. What no webhook
// told is right after that and the five seconds by which LiveKit's own list of
// rooms may be late.
const reconcileEvery = 10 * time.Second

// webhookPath is where LiveKit tells what happens.
const webhookPath = "/livekit/webhook"

// newApp starts every part but serves nobody yet. The address is taken first:
// the process that has it is the roomkey of this configuration. command is the one that
// the program was started with.
func newApp(ctx context.Context, c config.Config, log *slog.Logger, command string) (_ *app, err error) {
	metrics := newMetrics()
	a := &app{log: log, metrics: metrics}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	at, err := config.ParseListen(c.Listen)
	if err != nil {
		return nil, err
	}
	a.listener, err = listen.TCP(ctx, at, log)
	switch {
	case errors.Is(err, listen.ErrInUse):
		return nil, fmt.Errorf("%s %w", c.Listen, err)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	if a.holder, err = datafolder.NewHolder(config.Reachable(a.listener.Addr().String()), command); err != nil {
		return nil, err
	}
	at = netip.AddrPortFrom(at.Addr(), a.holder.Address.Port())
	if a.public, err = c.PublicAddress(at); err != nil {
		return nil, err
	}

	if a.lock, err = datafolder.Claim(c.Data); err != nil {
		return nil, err
	}
	if a.metricsServer, err = listenForMetrics(ctx, c); err != nil {
		return nil, err
	}
	keyring, err := tokens.OpenKeyring(c)
	if err != nil {
		return nil, err
	}
	if a.store, err = store.Open(ctx, c.DatabaseFile()); err != nil {
		return nil, databaseError(c, err)
	}
	a.auth = tokens.ServerAuthority(c, keyring, a.store, log)
	lk, err := a.startLiveKit(ctx, c, keyring, at)
	if err != nil {
		return nil, err
	}
	media, err := livekit.New(livekit.Config{URL: lk.api, APIKey: lk.key, APISecret: lk.secret, OtherKey: lk.otherKey,
		EmptyTimeout: c.LiveKit.EmptyTimeout})
	if err != nil {
		return nil, err
	}
	limits := meet.Limits(c.Limits.Callers)
	service, enforcer := meet.New(meet.Config{
		Store: a.store, Media: media, Roles: c.MediaRoles(), Defaults: c.RoomDefaults(),
		MediaOnJoin: c.Rooms.CreateMedia == config.MediaOnJoin, KeepEvents: c.Events.Keep,
		KeepName: c.Rooms.KeepName, Limits: &limits,
		Links: meet.Links{Public: a.public.String(), LiveKit: lk.public}, Log: log, OnLimit: metrics.onLimit,
		Connections: meet.ConnectionLimits(c.Limits.Connections),
	})
	a.service = service
	a.enforcer.Store(enforcer)
	server := tools.NewServer(tools.Config{
		Service: service, Selection: c.Selection(), Version: build.Version().Version,
		Log: log, Observe: metrics.observe,
	})
	a.web = web.New(web.Config{
		Service: service, Enforcer: enforcer, MCP: server.HTTPHandler(), Authenticate: a.auth.Verify, ReadOnly: c.ReadOnly, DisableDestructive: c.DisableDestructive,
		Ready:     map[string]func(context.Context) error{"database": a.store.Ping, "livekit": media.Ping},
		PublicURL: a.public, AllowedHosts: c.HTTP.AllowedHosts, AllowedOrigins: c.HTTP.AllowedOrigins,
		TrustedProxies: c.HTTP.Proxies(),
		LiveKit:        lk.proxied, ReadWebhook: media.ReadWebhook, Version: build.Version(), Metrics: metrics.registry, Log: log,
		MetricsToken: c.Metrics.Token, MetricsElsewhere: c.Metrics.Listen != "",
		OnLimit: metrics.onLimit,
	}, at)
	a.server = a.web.HTTPServer()
	a.server.Handler = a.holder.AnswerChallenges(doctor.Reporting(a.report, a.auth.Verify, a.server.Handler))
	a.server.ConnState = a.silent.watch
	a.metricsServer.start(a.web.MetricsHandler())
	if err := a.lock.Announce(a.holder); err != nil {
		return nil, err
	}
	return a, nil
}

// report tells the doctor what the server has noticed.
func (a *app) report() doctor.Report { return doctor.Report{Forwarders: a.web.Forwarders()} }

// liveKitAccess is how the parts reach LiveKit.
type liveKitAccess struct {
	api, key, secret string
	otherKey         func(name string) string // see livekit.Config
	public           string                   // where clients connect
	proxied          *url.URL                 // where /rtc leads; nil for a foreign server
}

func (a *app) startLiveKit(ctx context.Context, c config.Config, keyring *auth.Keyring, at netip.AddrPort) (liveKitAccess, error) {
	if c.LiveKit.Foreign() {
		return liveKitAccess{api: c.LiveKit.URL, key: c.LiveKit.APIKey, secret: c.LiveKit.APISecret, public: config.WebSocketURL(c.LiveKit.URL)}, nil
	}
	apiKey, apiSecret, err := auth.LiveKitKey(keyring.Accepted()[0])
	if err != nil {
		return liveKitAccess{}, err
	}
	e, otherKey := c.LiveKit.Embedded, otherInsideKey(keyring)
	a.embedded, err = embedded.Start(ctx, embedded.Config{APIKey: apiKey, APISecret: apiSecret, OtherKey: otherKey,
		Port: e.Port, UDPPort: e.UDPPort, TCPPort: e.TCPPort, NodeIP: c.NodeIP(at), MachineIP: c.MachineIP(at),
		Webhook:   "http://" + config.Reachable(a.listener.Addr().String()) + webhookPath,
		Authorize: a.authorizeSession,
		Log:       a.log, OnLimit: a.metrics.onLimit, Limits: embedded.Limits(c.Limits.Participants)})
	if err != nil {
		return liveKitAccess{}, fmt.Errorf("start LiveKit: %w", err)
	}
	a.log.Info("LiveKit runs inside", "media_udp_port", a.embedded.UDPPort())
	if ip := a.embedded.MachineIP(); ip != "" {
		a.log.Info("media is received at this machine's own address beside loopback, because Firefox sends none to loopback; livekit.embedded.node_ip: 127.0.0.1 turns that off",
			"address", ip)
	}
	if e.UDPPort == 0 && a.embedded.UDPPort() != embedded.PreferredUDPPort && (c.PublicURL != "" || !at.Addr().IsLoopback()) {
		a.log.Warn("the usual UDP port is taken, so media goes through another, which a firewall may not know: set livekit.embedded.udp_port",
			"usual", embedded.PreferredUDPPort, "media_udp_port", a.embedded.UDPPort())
	}
	proxied, err := url.Parse(a.embedded.URL())
	if err != nil {
		return liveKitAccess{}, fmt.Errorf("read LiveKit's URL: %w", err)
	}
	return liveKitAccess{api: a.embedded.URL(), key: apiKey, secret: apiSecret, otherKey: otherKey,
		public: config.WebSocketURL(a.public.String()), proxied: proxied}, nil
}

// authorizeSession asks the enforcer about a person who connects to the LiveKit
// inside. LiveKit starts first, because the enforcer needs its address; until
// the enforcer is there, everybody is refused.
func (a *app) authorizeSession(ctx context.Context, roomID, identity string) (meet.Profile, bool, error) {
	enforcer := a.enforcer.Load()
	if enforcer == nil {
		return meet.Profile{}, false, errors.New("the program is still starting")
	}
	return enforcer.AuthorizeSession(ctx, roomID, identity)
}

// Run serves until ctx is done or a part dies, then stops everything in order:
// no new calls, running calls finish, the sweeper, LiveKit, the database.
func (a *app) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var sweeper sync.WaitGroup
	sweeper.Go(func() { a.every(ctx, sweepEvery, "sweep", a.enforcer.Load().Sweep) })
	sweeper.Go(func() { a.every(ctx, reconcileEvery, "reconciliation", a.enforcer.Load().Reconcile) })
	sweeper.Go(func() { a.checkDatabase(ctx) })
	served := make(chan error, 1)
	go func() { served <- a.server.Serve(a.listener) }()
	a.log.Info("serving", "address", a.listener.Addr().String(), "url", a.public.String())

	var err error
	select {
	case <-ctx.Done():
	case err = <-served:
		err = fmt.Errorf("serve HTTP: %w", err)
	case <-a.metricsServer.ended():
		err = fmt.Errorf("serve the metrics: %w", a.metricsServer.err)
	case <-a.livekitDone():
		err = fmt.Errorf("the LiveKit inside has ended: %w", a.embedded.Err())
	}
	a.log.Info("stopping")
	a.drain()
	cancel()
	sweeper.Wait()
	return errors.Join(err, a.Close())
}

func (a *app) livekitDone() <-chan struct{} {
	if a.embedded == nil {
		return nil
	}
	return a.embedded.Done()
}

// every does something at once and then again and again until ctx is done.
func (a *app) every(ctx context.Context, interval time.Duration, what string, do func(context.Context) error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn(what+" failed and will be repeated", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Holder is this process as the lock of the data folder names it.
func (a *app) Holder() datafolder.Holder { return a.holder }

// Close stops what newApp has started.
func (a *app) Close() error {
	errs := []error{a.metricsServer.stop()}
	if a.listener != nil {
		_ = a.listener.Close() // usually closed by the HTTP server already
	}
	if a.embedded != nil {
		http.DefaultClient.CloseIdleConnections() // ours to LiveKit: it waits 5 s for one that never spoke
		errs = append(errs, a.embedded.Stop(context.Background()))
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.lock != nil {
		errs = append(errs, a.lock.Close())
	}
	return errors.Join(errs...)
}

// newLogger writes structured lines to w.
func newLogger(c config.Config, w *os.File) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // checked with the configuration
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// metrics are the counters about tools.
type metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	limited  *prometheus.CounterVec
}

func newMetrics() metrics {
	m := metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roomkey_tool_calls_total", Help: "MCP tool calls by tool and outcome (ok or an error code)."}, []string{"tool", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "roomkey_tool_seconds", Help: "How long MCP tool calls took.", Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8)}, []string{"tool"}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roomkey_limited_total", Help: "What was refused, dropped or cut off because a limit was reached, by limit."}, []string{"limit"}),
	}
	m.registry.MustRegister(m.calls, m.seconds, m.limited)
	return m
}

// onLimit counts what a limit has stopped.
func (m metrics) onLimit(limit string) { m.limited.WithLabelValues(limit).Inc() }

func (m metrics) observe(tool, outcome string, took time.Duration) {
	m.calls.WithLabelValues(tool, outcome).Inc()
	m.seconds.WithLabelValues(tool).Observe(took.Seconds())
}
