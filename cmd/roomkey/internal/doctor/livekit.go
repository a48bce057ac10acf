package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/web"
)

// checkInsideLiveKit looks at the way of clients to the LiveKit inside, whose
// API nobody else reaches, and at its way to the server.
func (d *Doctor) checkInsideLiveKit(ctx context.Context, s *server) {
	base, clients := s.url, "clients on this machine"
	if s.reached {
		base, clients = d.public.String(), "clients"
	}
	base = config.WebSocketURL(base)
	switch status, err := openWebSocket(ctx, base+web.UpgradePath); {
	case err != nil:
		d.fail(checkSignalling, "nobody can join: a WebSocket to "+base+" fails: "+trouble(err), upgradeHint)
	case status == http.StatusNotFound && d.Config.PublicURL == "": // else a proxy may say so
		d.fail(checkSignalling, "the roomkey that runs has no LiveKit inside, as this configuration has",
			"Restart it with this configuration, or run the doctor with its --config and its environment.")
	case status != http.StatusSwitchingProtocols:
		d.fail(checkSignalling, fmt.Sprintf(refusedWebSocket, base, status), upgradeHint)
	default:
		d.ok(checkSignalling, clients+" reach the LiveKit inside through /rtc")
	}
	if webhooks, err := d.metrics(ctx, s, webhooksMetric); err != nil {
		d.fail(checkWebhook, "roomkey does not show its metrics: "+trouble(err), "Look at its log.")
	} else {
		d.ok(checkWebhook, fmt.Sprintf("the LiveKit inside is wired to roomkey by itself; so far: %.0f accepted",
			webhooks["accepted"]))
	}
	d.checkNode(true)
}

func (d *Doctor) checkPorts(ctx context.Context) {
	e := d.Config.LiveKit.Embedded
	for _, p := range []struct {
		network, setting string
		port             int
	}{
		{"tcp", "livekit.embedded.port", e.Port},
		{"udp", "livekit.embedded.udp_port", e.UDPPort},
		{"tcp", "livekit.embedded.tcp_port", e.TCPPort},
	} {
		if p.port == config.NoTCPPort {
			continue
		}
		at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(p.port))
		if err := tryListen(ctx, p.network, at); err != nil {
			d.fail(checkPorts, fmt.Sprintf("%s port %d cannot be used: %v", strings.ToUpper(p.network), p.port, err),
				"Free it, or choose another one with "+p.setting+".")
			return
		}
	}
	d.checkNode(false)
}

// checkNode looks at where participants send media to the LiveKit inside, which may
// be running.
func (d *Doctor) checkNode(running bool) {
	node, err := netip.ParseAddr(d.Config.NodeIP(d.listen))
	host, hostErr := netip.ParseAddr(d.public.Hostname())
	named := hostErr != nil && !isLoopback(d.public)
	if err == nil && (node.IsPrivate() || node.IsLoopback()) && (named || host.IsGlobalUnicast() && !host.IsPrivate()) {
		d.warn(checkPorts, fmt.Sprintf("media goes to %s, which the internet does not reach", node),
			"If people come from other networks, set livekit.embedded.node_ip to the address they reach, and open that port.")
		return
	}
	where := fmt.Sprint(node)
	if machine := d.Config.MachineIP(d.listen); machine != "" {
		where += " and " + machine
	}
	e := d.Config.LiveKit.Embedded
	d.ok(checkPorts, fmt.Sprintf("TCP %s, media on %s by %s and %s", d.Config.Listen, where,
		mediaPort("UDP", e.UDPPort, 7882, running),
		mediaPort("TCP", e.TCPPort, 7881, running)))
}

// mediaPort describes a port of media.
func mediaPort(protocol string, configured, usual int, running bool) string {
	switch {
	case configured == config.NoTCPPort:
		return "no " + protocol
	case configured != 0:
		return fmt.Sprintf("%s port %d", protocol, configured)
	case running:
		return protocol + " (its log names the port)"
	}
	return fmt.Sprintf("%s port %d or a free one", protocol, usual)
}

// trouble words why no answer came, without the URL that a caller names anyway.
func trouble(err error) string {
	var network net.Error
	var name *net.DNSError
	switch {
	case errors.As(err, &name) && !name.IsTimeout:
		return "its name is not known"
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return "its certificate is not trusted here"
	case errors.As(err, new(tls.RecordHeaderError)):
		return "it does not speak TLS"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "no answer came in time"
	case errors.As(err, &network):
		return "the connection fails"
	}
	return "something else answers there"
}
