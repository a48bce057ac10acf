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
	"path"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"roomkey/meet"
)

// Config is what the HTTP side is made of.
type Config struct {
	Service *meet.Service
	MCP     http.Handler // gets POST requests with a principal in their context

	// Authenticate turns an access token into who bears it. Its error is
	// for the log; the caller is only told that the token is no good.
	Authenticate func(token string) (meet.Principal, error)

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

	Version Version
	Metrics *prometheus.Registry // what /metrics shows beside Go's own; counters are added here
	Log     *slog.Logger
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
	handler  http.Handler

	stopWaiting func() // calls that are held open answer at once
}

// New puts the HTTP side together. listen is the address it is served on.
func New(c Config, listen netip.AddrPort) *Server {
	s := &Server{Config: c, hosts: newHostRule(listen, c.PublicURL, c.AllowedHosts), page: newPage(c.Service.Links()),
		openAPI: OpenAPI(c.PublicURL, c.Version.Version), stopWaiting: sync.OnceFunc(c.Service.StopWaiting)}
	s.requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "roomkey_http_requests_total", Help: "HTTP requests by route and status."}, []string{"route", "status"})
	s.webhooks = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "roomkey_webhooks_total", Help: "Webhooks of LiveKit by what became of them."}, []string{"outcome"})
	for _, outcome := range []string{webhookAccepted, webhookRepeated, webhookRefused, webhookFailed} {
		s.webhooks.WithLabelValues(outcome) // zero is an answer too
	}
	c.Metrics.MustRegister(s.requests, s.webhooks)

	mux := http.NewServeMux()
	s.route(mux, "/mcp", access{methods: []string{http.MethodPost}, origin: true, token: true, via: meet.ViaMCP}, c.MCP)
	s.route(mux, "/livekit/webhook", access{methods: []string{http.MethodPost}, via: meet.ViaWebhook}, http.HandlerFunc(s.webhook))
	s.route(mux, "/v2/token", access{methods: []string{http.MethodPost}, origin: true, via: meet.ViaExchange}, http.HandlerFunc(s.exchange))
	s.route(mux, "/api/room/create", apiPost, http.HandlerFunc(s.apiCreate))
	s.route(mux, "/api/room/join", apiPost, http.HandlerFunc(s.apiJoin))
	s.route(mux, "/api/room/list", apiGet, http.HandlerFunc(s.apiList))
	s.route(mux, "/api/room/{roomId}/kick/{identity}", apiPost, http.HandlerFunc(s.apiKick))
	s.route(mux, "/api/room/{roomId}/mute/{identity}", apiPost, http.HandlerFunc(s.apiMute))
	s.route(mux, "/api/room/{roomId}/video/{identity}/off", apiPost, http.HandlerFunc(s.apiVideoOff))
	s.route(mux, "/v2/room-codes/room/{room_id}", apiBoth, http.HandlerFunc(s.roomCodes))
	s.route(mux, "/v2/room-codes/room/{room_id}/role/{role}", apiPost, http.HandlerFunc(s.roleCode))
	s.route(mux, "/v2/room-codes/code", apiPost, http.HandlerFunc(s.updateCode))
	s.route(mux, "/v2/room-codes/code/{code}", apiPost, http.HandlerFunc(s.updateThisCode))
	s.route(mux, "/openapi.json", readOnly, http.HandlerFunc(s.openAPIDocument))
	s.route(mux, "/healthz", readOnly, http.HandlerFunc(s.healthz))
	s.route(mux, "/readyz", readOnly, http.HandlerFunc(s.readyz))
	s.route(mux, "/version", readOnly, http.HandlerFunc(s.version))
	s.route(mux, "/metrics", readOnly, s.metrics())
	s.route(mux, "/join/{code}", readOnly, http.HandlerFunc(s.pageDocument))
	s.route(mux, "/join/{code}/qr.svg", readOnly, http.HandlerFunc(s.qrCode))
	s.route(mux, "/m/{name}", readOnly, http.HandlerFunc(s.pageDocument))
	s.route(mux, "/page/assets/{file}", readOnly, http.HandlerFunc(s.pageAsset))
	s.route(mux, "/page/invitation", pageCall, http.HandlerFunc(s.pageInvitation))
	s.route(mux, "/page/join", pageCall, http.HandlerFunc(s.pageJoin))
	s.route(mux, "/page/requests", pageCall, http.HandlerFunc(s.pageRequests))
	s.route(mux, "/page/requests/answer", pageCall, http.HandlerFunc(s.pageAnswer))
	if c.LiveKit != nil {
		proxy := s.signalling(c.LiveKit)
		s.route(mux, "/rtc", signallingAccess, proxy)
		s.route(mux, "/rtc/", signallingAccess, proxy)
	}
	s.route(mux, "/{$}", readOnly, http.HandlerFunc(s.front))
	s.route(mux, "/", access{}, http.HandlerFunc(s.notFound))
	s.handler = mux
	return s
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p := r.URL.EscapedPath(); r.Method != http.MethodConnect && !isClean(p) {
		r = atNoRoute(r)
	}
	s.handler.ServeHTTP(w, r)
}

// isClean says whether a path has no empty, . or .. segment. The ServeMux would
// redirect to the path without, in HTML, which is no answer of an API's.
func isClean(p string) bool {
	return strings.HasPrefix(p, "/") && (p == path.Clean(p) || p == path.Clean(p)+"/")
}

// atNoRoute is the request at a path of the same API where there is nothing.
func atNoRoute(r *http.Request) *http.Request {
	elsewhere := *r.URL
	elsewhere.Path, elsewhere.RawPath = "/none/", ""
	for _, api := range []string{"/api/", "/v2/"} {
		if strings.HasPrefix(r.URL.Path, api) {
			elsewhere.Path = api
		}
	}
	r = r.WithContext(r.Context())
	r.URL = &elsewhere
	return r
}

// HTTPServer wraps the handler in a server whose every wait is bounded.
func (s *Server) HTTPServer() *http.Server {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second, // hijacked connections (/rtc) are free of it
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	server.RegisterOnShutdown(s.stopWaiting)
	return server
}
