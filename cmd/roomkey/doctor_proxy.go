package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/web"
)

const checkProxies = "trusted_proxies"

// passUpgrade is what a proxy needs that leaves WebSockets out.
const passUpgrade = "Let the proxy pass on WebSockets. In nginx, beside proxy_pass:\n" +
	"proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection \"upgrade\";"

// upgradeWithin is how long a WebSocket may take to come about.
const upgradeWithin = 5 * time.Second

// tryUpgrade opens a WebSocket as a browser does. It gives the status of the
// answer, 101 where it came about, and waits until the other side has closed it
// where it is to close it.
func tryUpgrade(ctx context.Context, base, path string, closes bool) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, upgradeWithin)
	defer cancel()
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment}
	conn, resp, err := dialer.DialContext(ctx, config.WebSocketURL(base)+path, http.Header{doctorHeader: {doctorPass}})
	if resp != nil {
		_ = resp.Body.Close()
		status = resp.StatusCode
	}
	if errors.Is(err, websocket.ErrBadHandshake) && status != http.StatusSwitchingProtocols {
		return status, nil
	}
	if err != nil {
		return status, err
	}
	defer func() { _ = conn.Close() }()
	if !closes {
		return status, nil
	}
	deadline, _ := ctx.Deadline()
	if err := conn.SetReadDeadline(deadline); err != nil {
		return status, err
	}
	if _, _, err = conn.ReadMessage(); websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		err = nil
	}
	return status, err
}

// checkUpgrade opens a WebSocket where people's browsers do, and says whether
// that works.
func (d *doctor) checkUpgrade(ctx context.Context, public *url.URL) bool {
	base := strings.TrimSuffix(public.String(), "/")
	status, err := tryUpgrade(ctx, base, web.UpgradePath, true)
	switch {
	case status != 0 && status != http.StatusSwitchingProtocols:
		d.fail(checkSignalling, fmt.Sprintf("nobody can join: a WebSocket to %s is answered with %d", config.WebSocketURL(base), status), passUpgrade)
	case err != nil:
		d.fail(checkSignalling, "nobody can join: a WebSocket to "+config.WebSocketURL(base)+" fails: "+trouble(err), passUpgrade)
	default:
		return true
	}
	return false
}

// checkForwarders looks for proxies that are not trusted. The one at public_url
// has just passed on a request of the doctor's.
func (d *doctor) checkForwarders(ctx context.Context, p *patient) {
	r, err := p.observations(ctx)
	if err != nil {
		d.warn(checkProxies, "roomkey does not say who sends it X-Forwarded-For", "Is it an older version? Restart it.")
		return
	}
	if len(r.Forwarders) == 0 {
		return
	}
	some := strings.Join(r.Forwarders, ", ")
	d.warn(checkProxies, "X-Forwarded-For comes from "+some+", which is not in http.trusted_proxies: everybody behind it counts as one, and one who guesses codes has all of them wait",
		"If that is your proxy, set http.trusted_proxies: ["+some+"]. If none of your proxies is there, somebody made it up, and all is well.")
}
