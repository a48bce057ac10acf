package web

import (
	"net/http"
	"path"
	"strings"
	"time"

	"roomkey/meet"
)

// route is a path with its handler.
type route struct {
	pattern string // of http.ServeMux, for every method
	access  access
	handle  handler
}

var (
	get     = []string{http.MethodGet, http.MethodHead}
	post    = []string{http.MethodPost}
	getPost = []string{http.MethodGet, http.MethodHead, http.MethodPost}
)

// What routes demand of a request. See [access].
var (
	anyMethod        = access{}
	openGet          = access{methods: get}
	pageCall         = access{methods: post, origin: true, via: meet.ViaPage}
	pageChange       = access{methods: post, origin: true, via: meet.ViaPage, changes: true}
	apiGet           = access{methods: get, origin: true, token: true, via: meet.ViaREST}
	apiPost          = access{methods: post, origin: true, token: true, via: meet.ViaREST, changes: true}
	apiGetPost       = access{methods: getPost, origin: true, token: true, via: meet.ViaREST, changes: true}
	mcpCall          = access{methods: post, origin: true, token: true, via: meet.ViaMCP}
	exchangeCall     = access{methods: post, origin: true, via: meet.ViaExchange}
	webhookCall      = access{methods: post, via: meet.ViaWebhook}
	signallingAccess = access{methods: []string{http.MethodGet, http.MethodHead, http.MethodOptions}}

	apiRemove = access{methods: post, origin: true, token: true, via: meet.ViaREST, changes: true, destructive: true}
)

// mcp has MCP answer. A call may be held open for longer than a request may take to
// arrive: without the deadline for reading, which would end it, the server notices
// all the same when the client hangs up.
func (s *Server) mcp(w http.ResponseWriter, r *http.Request) error {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a test's recorder has none
	s.MCP.ServeHTTP(w, r.WithContext(meet.WithTokenCheck(r.Context(), s.checkTokenAgain(r))))
	return nil
}

// routes gives all routes. A test compares those of the APIs with openapi.json.
func (s *Server) routes() []route {
	all := []route{
		{"/mcp", mcpCall, s.mcp},
		{"/mcp/{$}", mcpCall, s.mcp}, // some people, and some clients, write the address so
		{"/livekit/webhook", webhookCall, s.webhook},

		{"/api/room/create", apiPost, s.apiCreate},
		{"/api/room/join", apiPost, s.apiJoin},
		{"/api/room/list", apiGet, s.apiList},
		{"/api/room/{roomId}/kick/{identity}", apiRemove, s.apiKick},
		{"/api/room/{roomId}/mute/{identity}", apiPost, s.apiMute},
		{"/api/room/{roomId}/video/{identity}/off", apiPost, s.apiVideoOff},

		{"/v2/token", exchangeCall, slowRefusals(s.exchange)},
		{"/v2/room-codes/room/{room_id}", apiGetPost, s.roomCodes},
		{"/v2/room-codes/room/{room_id}/role/{role}", apiPost, s.createRoleCode},
		{"/v2/room-codes/code", apiPost, s.updateCodeInBody},
		{"/v2/room-codes/code/{code}", apiPost, s.updateCodeInPath},

		{ConsolePath, openGet, s.consolePage},
		{"/openapi.json", openGet, s.openAPIDocument},
		{"/docs/api", openGet, s.docsPage},
		{"/healthz", openGet, s.healthz},
		{"/readyz", openGet, s.readyz},
		{"/version", openGet, s.version},
		{"/metrics", openGet, s.metrics},

		{"/{$}", openGet, s.joinPage}, // asks for a code
		{"/join", openGet, s.joinPage},
		{"/join/{$}", openGet, s.joinPage},
		{"/join/{code}", openGet, s.joinPage},
		{"/join/{code}/qr.svg", openGet, slowRefusals(s.qrCode)},
		{"/join/{code}/event.ics", openGet, slowRefusals(s.calendarEntry)},
		{"/m/{name}", openGet, s.joinPage},
		{"/page/assets/{file...}", openGet, s.pageAsset},
		{"/page/invitation", pageCall, slowRefusals(s.pageInvitation)},
		{"/page/inside", pageCall, slowRefusals(s.pageInside)},
		{"/page/join", pageCall, slowRefusals(s.pageJoin)},
		{"/page/requests", pageCall, s.hostView},
		{"/page/requests/answer", pageCall, s.pageAnswer},
		{"/page/hand", pageCall, s.hand},
		{"/page/moderate", pageChange, s.moderate},
		{"/page/invite", pageChange, s.invite},

		{"/", anyMethod, s.notFound},
	}
	all = append(all, s.signInRoutes()...)
	if s.LiveKit != nil {
		signalling := s.signalling(s.LiveKit)
		all = append(all, route{"/rtc", signallingAccess, signalling}, route{"/rtc/", signallingAccess, signalling},
			route{UpgradePath, signallingAccess, s.upgrade})
	}
	return all
}

// isClean says whether a path has no empty, . or .. segment. Where it has one,
// http.ServeMux would redirect with an HTML page; an API answers 404.
func isClean(p string) bool {
	return strings.HasPrefix(p, "/") && (p == path.Clean(p) || p == path.Clean(p)+"/")
}
