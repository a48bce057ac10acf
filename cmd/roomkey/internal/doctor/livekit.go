package doctor

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/livekit"
	"roomkey/meet"
	"roomkey/web"
)

// doctorRoom is a media room of the doctor's own, named so that nobody takes it
// for a meeting.
func doctorRoom() meet.Room { return meet.Room{ID: "roomkey-doctor-" + strings.ToLower(rand.Text())} }

// joinToken lets somebody into a media room in which they may do nothing.
func joinToken(lk *livekit.Server, room meet.Room) (string, error) {
	admission := meet.Admission{RoomID: room.ID, Identity: "roomkey-doctor"}
	return lk.Token(admission, meet.Profile{}, time.Now().Add(time.Minute))
}

// validate asks signalling whether it would let the bearer of a join token in,
// and gives the status of its answer. base may be of any scheme that LiveKit's
// clients take.
func validate(ctx context.Context, base, token string) (int, error) {
	base = "http" + strings.TrimPrefix(config.WebSocketURL(base), "ws")
	return getJSON(ctx, client, base+"/rtc/validate", token, nil)
}

// checkInsideLiveKit looks at the way of clients to the LiveKit inside, whose
// API nobody else reaches: it refuses a bad token, and knows that the room of a
// good one does not exist.
func (d *Doctor) checkInsideLiveKit(ctx context.Context, s *server) {
	good, err1 := insideToken(s.url, s.secret)
	bad, err2 := insideToken(s.url, []byte(rand.Text()))
	if err := errors.Join(err1, err2); err != nil {
		d.fail(checkSignalling, oneLine(err), "Report this.")
		return
	}
	refused, err1 := validate(ctx, s.url, bad)
	unknown, err2 := validate(ctx, s.url, good)
	switch err := errors.Join(err1, err2); {
	case err != nil:
		d.fail(checkSignalling, "/rtc does not answer: "+trouble(err), restartHint)
	case refused == http.StatusNotFound && unknown == http.StatusNotFound:
		d.fail(checkSignalling, "the roomkey that runs has no LiveKit inside, as this configuration has",
			"Restart it with this configuration, or run the doctor with its --config and its environment.")
	case refused != http.StatusUnauthorized || unknown != http.StatusNotFound:
		d.fail(checkSignalling, fmt.Sprintf("/rtc answers with %d where a bad token is refused with 401, "+
			"and with %d where a good one without a room is told 404", refused, unknown), restartHint)
	case !s.reached:
		d.ok(checkSignalling, "clients on this machine reach the LiveKit inside through /rtc")
	default:
		d.checkUpgrade(ctx)
	}
	if counts, err := d.webhooks(ctx, s); err != nil {
		d.fail(checkWebhook, "roomkey does not show its metrics: "+trouble(err), "Look at its log.")
	} else {
		d.ok(checkWebhook, fmt.Sprintf("the LiveKit inside is wired to roomkey by itself; so far: %.0f accepted",
			counts["accepted"]))
	}
	d.checkNode()
}

// checkUpgrade opens a WebSocket where people's browsers do.
func (d *Doctor) checkUpgrade(ctx context.Context) {
	base := config.WebSocketURL(d.public.String())
	switch status, err := openWebSocket(ctx, base+web.UpgradePath); {
	case err != nil:
		d.fail(checkSignalling, "nobody can join: a WebSocket to "+base+" fails: "+trouble(err), upgradeHint)
	case status != http.StatusSwitchingProtocols:
		d.fail(checkSignalling, fmt.Sprintf(refusedWebSocket, base, status), upgradeHint)
	default:
		d.ok(checkSignalling, "clients reach the LiveKit inside through /rtc")
	}
}

// insideToken is a join token for a room that does not exist, signed as the
// server with that secret does it.
func insideToken(base string, secret []byte) (string, error) {
	key, apiSecret, err := auth.LiveKitKey(secret)
	if err != nil {
		return "", err
	}
	lk, err := livekit.New(livekit.Config{URL: base, APIKey: key, APISecret: apiSecret})
	if err != nil {
		return "", err
	}
	return joinToken(lk, doctorRoom())
}

// checkPorts tries whether the LiveKit inside could have its ports.
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
		at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(p.port))
		if err := tryListen(ctx, p.network, at); err != nil {
			d.fail(checkPorts, fmt.Sprintf("%s port %d cannot be used: %v", strings.ToUpper(p.network), p.port, err),
				"Free it, or choose another one with "+p.setting+".")
			return
		}
	}
	d.checkNode()
}

// checkNode looks at where participants send media to the LiveKit inside.
func (d *Doctor) checkNode() {
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
	media := where + ", UDP port as its log says"
	if port := d.Config.LiveKit.Embedded.UDPPort; port != 0 {
		media = fmt.Sprintf("UDP port %d of %s", port, where)
	}
	d.ok(checkPorts, fmt.Sprintf("TCP %s, media on %s", d.Config.Listen, media))
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
