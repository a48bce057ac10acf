// Package web is Roomkey's HTTP server: the checks of each request, the exchange
// of room codes for join tokens, the Rooms API and the Room Codes API, the join
// page, the proxy to LiveKit's signalling, health and metrics. MCP is a handler
// that it is given, and the check of access tokens a function.
package web

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"roomkey/meet"
)

// Config is what a [Server] needs.
type Config struct {
	Service  *meet.Service
	Enforcer *meet.Enforcer // asked about webhooks and about people who connect to LiveKit
	MCP      http.Handler   // gets POST requests with a principal in their context

	// Authenticate verifies an access token and gives its bearer. The caller sees an
	// error only if it is a *meet.Error; any other goes to the log.
	Authenticate func(token string) (meet.Principal, error)

	SignIn   SignIn            // nil where it is off
	Resource ProtectedResource // nil where no authorization server gives access tokens

	// The operator's ceilings hold for the Rooms API and the Room Codes API as for the
	// tools: ReadOnly refuses every change, DisableDestructive what removes people.
	ReadOnly, DisableDestructive bool

	// Ready has a check of each part that the program needs; each has two seconds
	// to answer.
	Ready map[string]func(context.Context) error

	PublicURL      *url.URL       // where people reach this server
	AllowedHosts   []string       // further values of Host, without port
	AllowedOrigins []string       // origins whose pages may call this server
	TrustedProxies []netip.Prefix // whose X-Forwarded-For counts

	// LiveKit is where /rtc leads; nil when clients connect to LiveKit
	// directly.
	LiveKit *url.URL

	// ReadWebhook reads an event of LiveKit, and refuses what LiveKit did not sign.
	ReadWebhook func(*http.Request) (meet.MediaEvent, error)

	OnLimit func(limit string) // is called each time that a limit stops somebody; may be nil

	// Instance is the name of this process, with which its request ids begin; empty
	// is a new one. With Shared there may be others at the same PublicURL: then the
	// answers about health name it, too.
	Instance string
	Shared   bool

	Version Version
	Metrics *prometheus.Registry // what /metrics shows beside Go's own; counters are added here

	// The metrics are shown to this machine, and to others only with MetricsToken.
	// MetricsElsewhere says that they are not shown here, but at an address of their
	// own (see [Server.MetricsHandler]).
	MetricsToken     string
	MetricsElsewhere bool

	Log *slog.Logger
}

// Version is the answer of /version.
type Version struct {
	Name    string `json:"name"` // always "roomkey", so that a stdio bridge recognizes us
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

// MaxBody is the largest request body that is read, in bytes.
const MaxBody = 256 << 10

// Server answers HTTP. It is an http.Handler.
type Server struct {
	Config
	hosts     hostRule
	requests  *prometheus.CounterVec
	webhooks  *prometheus.CounterVec
	untrusted *prometheus.GaugeVec // 1 for each of forwarders
	page      *page
	openAPI   []byte // the document with our URL and version

	showMetrics http.Handler

	requestCount atomic.Uint64

	mux         *http.ServeMux
	noSuchRoute http.HandlerFunc

	forwarders forwarders

	stopWaiting func() // makes calls that are held open answer at once
}

// New makes a server that will be served at the address listen.
func New(c Config, listen netip.AddrPort) *Server {
	c.Instance = cmp.Or(c.Instance, NewInstance())
	if c.OnLimit == nil {
		c.OnLimit = func(string) {}
	}
	s := &Server{Config: c, hosts: newHostRule(listen, c.PublicURL, c.AllowedHosts), page: newPage(),
		openAPI: OpenAPI(c.PublicURL, c.Version.Version), stopWaiting: sync.OnceFunc(c.Service.StopWaiting)}
	s.requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "roomkey_http_requests_total", Help: "HTTP requests by route and status."}, []string{"route", "status"})
	s.webhooks = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "roomkey_webhooks_total", Help: "Webhooks of LiveKit by what became of them."}, []string{"outcome"})
	for _, outcome := range []string{webhookAccepted, webhookRepeated, webhookRefused, webhookFailed} {
		s.webhooks.WithLabelValues(outcome) // so that /metrics shows it with 0
	}
	s.untrusted = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: ForwardersMetric, Help: "Addresses that have sent X-Forwarded-For and are not in http.trusted_proxies.",
	}, []string{"address"})
	c.Metrics.MustRegister(s.requests, s.webhooks, s.untrusted)

	gatherers := prometheus.Gatherers{c.Metrics, prometheus.DefaultGatherer}
	s.showMetrics = promhttp.HandlerFor(gatherers, promhttp.HandlerOpts{})
	s.noSuchRoute = s.chain(route{"/", anyMethod, s.notFound})
	s.mux = http.NewServeMux()
	for _, r := range s.routes() {
		s.mux.HandleFunc(r.pattern, s.chain(r))
	}
	return s
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !isClean(r.URL.EscapedPath()) {
		s.noSuchRoute(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// HTTPServer wraps the handler in a server with a timeout for each wait. What
// net/http cannot read as a request it refuses itself, in plain text.
func (s *Server) HTTPServer() *http.Server {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second, // does not hold for hijacked connections (/rtc)
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,

		DisableGeneralOptionsHandler: true, // OPTIONS * gets 404 like any other unknown path
		ErrorLog:                     slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	server.RegisterOnShutdown(s.stopWaiting)
	return server
}
