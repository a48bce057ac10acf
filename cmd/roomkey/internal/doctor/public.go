package doctor

import (
	"context"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/web"
)

func (d *Doctor) checkPublicURL(ctx context.Context, s *server) {
	const noCamera = "browsers give camera and microphone to https pages alone, but for those of the same machine"
	const setIt = "Put TLS in front of roomkey and set public_url to the https address that people reach."
	public, configured, local := d.public.String(), d.Config.PublicURL != "", isLoopback(d.public)
	if s != nil {
		s.reached = !configured || bridge.NewClient(public, nil).IsRoomkey(ctx)
	}
	switch {
	case !configured && local:
		d.ok(checkPublicURL, "none, so links are for this machine alone: "+public)
	case !configured:
		d.warn(checkPublicURL,
			"none while listening on "+d.Config.Listen+", so links lead to "+public+": "+noCamera, setIt)
	case d.public.Scheme == "http" && !local:
		d.warn(checkPublicURL, public+" is plain http: "+noCamera, setIt)
	case s == nil:
		d.notRunning(checkPublicURL)
	case !s.reached:
		d.warn(checkPublicURL, "no roomkey answers at "+public+", as seen from this machine",
			"Let the proxy there pass everything on to "+s.url+". If only this machine cannot reach it, all is well.")
	case d.public.Scheme == "https" && len(d.Config.HTTP.TrustedProxies) == 0:
		d.warn(checkPublicURL, public+" leads here, but http.trusted_proxies is empty: everybody seems to come from "+
			"the proxy, and if one of them guesses codes, all have to wait",
			"Set http.trusted_proxies to the address of the proxy before roomkey, such as 127.0.0.1.")
	default:
		d.ok(checkPublicURL, public+" leads here")
	}
}

func isLoopback(u *url.URL) bool {
	address, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && address.IsLoopback()
}

// checkForwarders looks for proxies that are not trusted. The one at public_url
// has just passed on a request of the doctor's.
func (d *Doctor) checkForwarders(ctx context.Context, s *server) {
	forwarders, err := d.metrics(ctx, s, web.ForwardersMetric)
	if err != nil {
		d.warn(checkProxies, "roomkey does not show its metrics: "+trouble(err), restartHint)
		return
	}
	if len(forwarders) == 0 {
		return
	}
	some := strings.Join(slices.Sorted(maps.Keys(forwarders)), ", ")
	d.warn(checkProxies, "X-Forwarded-For comes from "+some+", which is not in http.trusted_proxies: "+
		"everybody behind it counts as one caller, and if one of them guesses codes, all have to wait",
		"If that is your proxy, set http.trusted_proxies: ["+some+"]. "+
			"If none of your proxies is there, somebody made it up, and all is well.")
}

const refusedWebSocket = "nobody can join: a WebSocket to %s/rtc is answered with %d"

// upgradeHint is what a proxy needs that leaves WebSockets out.
const upgradeHint = "Let the proxy pass on WebSockets. In nginx, beside proxy_pass:\n" +
	"proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection \"upgrade\";"

const upgradeWithin = 5 * time.Second

// openWebSocket opens a WebSocket as a browser does. It gives the status of the
// answer, or 0 and why none came.
func openWebSocket(ctx context.Context, url string) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, upgradeWithin)
	defer cancel()
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment}
	conn, resp, err := dialer.DialContext(ctx, url, nil)
	if resp == nil {
		return 0, err
	}
	_ = resp.Body.Close()
	if err == nil {
		_ = conn.Close()
	}
	return resp.StatusCode, nil
}
