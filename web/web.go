// Package web is Roomkey's HTTP side: who may reach what, the exchange of room
// codes for tokens, the way through to LiveKit's signalling, and the pages an
// operator's tools ask for. It is given MCP as a handler and access tokens as
// a function, and knows the inside of neither.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"roomkey/meet"
)

// Config is what the HTTP side is made of.
type Config struct {
	Service  *meet.Service
	Enforcer *meet.Enforcer // asked about webhooks and about people who connect to LiveKit
	MCP      http.Handler   // gets POST requests with a principal in their context

	// Authenticate turns an access token into who bears it. Its error is for the
	// log; the caller is only told that the token is no good, unless it is a
	// *meet.Error.
	Authenticate func(token string) (meet.Principal, error)

	// The operator's ceilings hold for the Rooms API and the Room Codes API as they
	// do for tools: what changes something, or puts somebody out, is refused.
	ReadOnly, DisableDestructive bool

	// Ready says which parts the program cannot work without; each gets two
	// seconds to answer.
	Ready map[string]func(context.Context) error

	PublicURL      *url.URL       // where people reach this server
	AllowedHosts   []string       // further values of Host, without port
	AllowedOrigins []string       // origins whose pages may call this server
	TrustedProxies []netip.Prefix // whose X-Forwarded-For counts

	// LiveKit is where /rtc leads; nil when clients connect to LiveKit
	// directly.
	LiveKit *url.URL

	// ReadWebhook reads what LiveKit tells, and refuses what LiveKit did not
	// sign.
	ReadWebhook func(*http.Request) (meet.MediaEvent, error)

	OnLimit func(limit string) // is told each time a limit stops somebody; nil is nowhere

	Version Version
	Metrics *prometheus.Registry // what /metrics shows beside Go's own; counters are added here

	// The metrics are shown on this machine, and elsewhere with MetricsToken if
	// there is one; MetricsElsewhere says that they have an address of their own
	// (see [Server.MetricsHandler]) and are not here.
	MetricsToken     string
	MetricsElsewhere bool

	Log *slog.Logger
}

// Version is the answer of /version.
type Version struct {
	Name    string `json:"name"` // always "roomkey": how a bridging stdio knows us
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

// MaxBody is the largest request body that is read, in bytes.
const MaxBody = 256 << 10

// Server answers HTTP. It is an http.Handler.
type Server struct {
	Config
	hosts    hostRule
	requests *prometheus.CounterVec
	webhooks *prometheus.CounterVec
	page     *page
	openAPI  []byte // the document, filled in

	showMetrics http.Handler

	handler http.Handler

	forwarders forwarders

	stopWaiting func() // calls that are held open answer at once
}

// New puts the HTTP side together. listen is the address it is served on.
func New(c Config, listen netip.AddrPort) *Server {
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
		s.webhooks.WithLabelValues(outcome) // zero is an answer too
	}
	c.Metrics.MustRegister(s.requests, s.webhooks)

	s.showMetrics = s.newMetricsHandler()
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		s.handle(mux, r)
	}
	s.handler = mux
	return s
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !isClean(r.URL.EscapedPath()) {
		r = atNoRoute(r)
	}
	s.handler.ServeHTTP(w, r)
}

// HTTPServer wraps the handler in a server whose every wait is bounded, to be
// served on a [Listener].
func (s *Server) HTTPServer() *http.Server {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second, // hijacked connections (/rtc) are free of it
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,

		DisableGeneralOptionsHandler: true, // OPTIONS * is answered like any other path
		ErrorLog:                     slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	server.RegisterOnShutdown(s.stopWaiting)
	return server
}
