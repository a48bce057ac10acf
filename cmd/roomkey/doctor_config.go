package main

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"runtime"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/config"
)

// checkConfiguration looks at what the loader lets pass: it has to make sense,
// and hold no secret that others can read.
func (d *doctor) checkConfiguration() {
	const check = "configuration"
	if d.file == "" {
		d.ok(check, "defaults, environment and flags; there is no "+config.DefaultFile+" here")
		return
	}
	info, err := os.Stat(d.file)
	secrets := d.config.Auth.Secret != "" || len(d.config.Auth.PreviousSecrets) > 0 || d.config.LiveKit.APISecret != "" || d.config.Metrics.Token != ""
	if err == nil && secrets && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		d.warn(check, fmt.Sprintf("%s can be read by others (mode %04o), and roomkey is given secrets", d.file, info.Mode().Perm()),
			"Run chmod 600 on it, or move the secrets into the environment.")
		return
	}
	d.ok(check, "every value in "+d.file+" can be used")
}

// checkPublicURL looks at where people are sent.
func (d *doctor) checkPublicURL(ctx context.Context, p *patient) {
	const check = "public_url"
	const noCamera = "browsers give camera and microphone to https pages alone, but for those of the same machine"
	const setIt = "Put TLS in front of roomkey and set public_url to the https address that people reach."
	public := p.public.String()
	p.reached = d.config.PublicURL == "" || bridge.NewClient(public, nil).IsRoomkey(ctx)
	switch local := isLoopback(p.public); {
	case d.config.PublicURL == "" && local:
		d.ok(check, "none, so links are for this machine alone: "+public)
	case d.config.PublicURL == "":
		d.warn(check, "none while listening on "+d.config.Listen+", so links lead to "+public+": "+noCamera, setIt)
	case p.public.Scheme == "http" && !local:
		d.warn(check, public+" is plain http: "+noCamera, setIt)
	case !p.reached:
		d.warn(check, "no roomkey answers at "+public+", as seen from this machine",
			"Let the proxy there pass everything on to "+p.url+". If only this machine cannot reach it, all is well.")
	case p.public.Scheme == "https" && len(d.config.HTTP.TrustedProxies) == 0:
		d.warn(check, public+" leads here, but http.trusted_proxies is empty: everybody seems to come from the proxy, and one who guesses codes has all of them wait",
			"Set http.trusted_proxies to the address of the proxy before roomkey, such as 127.0.0.1.")
	default:
		d.ok(check, public+" leads here")
	}
}

func isLoopback(u *url.URL) bool {
	address, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && address.IsLoopback()
}

// checkNode looks at where participants send media to the LiveKit inside. Port
// is 0 where the roomkey that runs has chosen one by itself.
func (d *doctor) checkNode(p *patient, port int) {
	node, err := netip.ParseAddr(d.config.NodeIP(p.listen))
	outside, public := netip.ParseAddr(p.public.Hostname())
	named := public != nil && !isLoopback(p.public)
	if err == nil && (node.IsPrivate() || node.IsLoopback()) && (named || outside.IsGlobalUnicast() && !outside.IsPrivate()) {
		d.warn(checkPorts, fmt.Sprintf("media goes to %s, which the internet does not reach", node),
			"If people come from other networks, set livekit.embedded.node_ip to the address they reach, and open that port.")
		return
	}
	where := fmt.Sprint(node)
	if machine := d.config.MachineIP(p.listen); machine != "" {
		where += " and " + machine
	}
	media := fmt.Sprintf("UDP port %d of %s", port, where)
	if port == 0 {
		media = where + ", UDP port as its log says"
	}
	d.ok(checkPorts, fmt.Sprintf("TCP %s, media on %s", d.config.Listen, media))
}
