package web

import (
	"net/http"
	"path"
	"strings"

	"roomkey/meet"
)

// route is an address that answers.
type route struct {
	pattern string // of http.ServeMux, for every method
	access  access
	serve   http.HandlerFunc
}

// What routes ask of a request. See [access].
var (
	open             = access{}
	readOnly         = access{methods: []string{http.MethodGet, http.MethodHead}}
	pageCall         = access{methods: []string{http.MethodPost}, origin: true, via: meet.ViaPage}
	apiPost          = access{methods: []string{http.MethodPost}, origin: true, token: true, via: meet.ViaREST, changes: true}
	apiPutOut        = access{methods: []string{http.MethodPost}, origin: true, token: true, via: meet.ViaREST, changes: true, destructive: true}
	apiGet           = access{methods: []string{http.MethodGet, http.MethodHead}, origin: true, token: true, via: meet.ViaREST}
	apiBoth          = access{methods: []string{http.MethodGet, http.MethodHead, http.MethodPost}, origin: true, token: true, via: meet.ViaREST, changes: true}
	mcpCall          = access{methods: []string{http.MethodPost}, origin: true, token: true, via: meet.ViaMCP}
	exchangeCall     = access{methods: []string{http.MethodPost}, origin: true, via: meet.ViaExchange}
	webhookCall      = access{methods: []string{http.MethodPost}, via: meet.ViaWebhook}
	signallingAccess = access{methods: []string{http.MethodGet, http.MethodHead, http.MethodOptions}}
)

// routes are all there are. What has an API of its own is described in
// openapi.json; a test compares.
func (s *Server) routes() []route {
	all := []route{
		{"/mcp", mcpCall, s.MCP.ServeHTTP},
		{"/mcp/{$}", mcpCall, s.MCP.ServeHTTP}, // as some people, and clients, write the address
		{"/livekit/webhook", webhookCall, s.webhook},

		{"/api/room/create", apiPost, s.apiCreate},
		{"/api/room/join", apiPost, s.apiJoin},
		{"/api/room/list", apiGet, s.apiList},
		{"/api/room/{roomId}/kick/{identity}", apiPutOut, s.apiKick},
		{"/api/room/{roomId}/mute/{identity}", apiPost, s.apiMute},
		{"/api/room/{roomId}/video/{identity}/off", apiPost, s.apiVideoOff},

		{"/v2/token", exchangeCall, s.exchange},
		{"/v2/room-codes/room/{room_id}", apiBoth, s.roomCodes},
		{"/v2/room-codes/room/{room_id}/role/{role}", apiPost, s.roleCode},
		{"/v2/room-codes/code", apiPost, s.updateCode},
		{"/v2/room-codes/code/{code}", apiPost, s.updateThisCode},

		{"/openapi.json", readOnly, s.openAPIDocument},
		{"/docs/api", readOnly, s.docsDocument},
		{"/healthz", readOnly, s.healthz},
		{"/readyz", readOnly, s.readyz},
		{"/version", readOnly, s.version},
		{"/metrics", readOnly, s.metrics},

		{"/join/{code}", readOnly, s.pageDocument},
		{"/join/{code}/qr.svg", readOnly, s.qrCode},
		{"/m/{name}", readOnly, s.pageDocument},
		{"/page/assets/{file}", readOnly, s.pageAsset},
		{"/page/invitation", pageCall, s.pageInvitation},
		{"/page/join", pageCall, s.pageJoin},
		{"/page/requests", pageCall, s.pageRequests},
		{"/page/requests/answer", pageCall, s.pageAnswer},

		{"/{$}", readOnly, s.front},
		{"/", open, s.notFound},
	}
	if s.LiveKit != nil {
		proxy := s.signalling(s.LiveKit).ServeHTTP
		all = append(all, route{"/rtc", signallingAccess, proxy}, route{"/rtc/", signallingAccess, proxy},
			route{UpgradePath, signallingAccess, s.upgrade})
	}
	return all
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
		if strings.HasPrefix(path.Clean("/"+r.URL.Path)+"/", api) {
			elsewhere.Path = api
		}
	}
	r = r.WithContext(r.Context())
	r.URL, r.RequestURI = &elsewhere, elsewhere.Path // of *, the mux makes an answer of its own
	return r
}
