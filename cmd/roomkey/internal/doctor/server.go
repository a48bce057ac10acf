package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/datafolder"
)

type server struct {
	url     string // on this machine
	reached bool   // it answers where people are sent, as seen from this machine

	// instance is its name where several may share its database, else empty.
	instance string
}

// checkAddress finds the server at the configured address. Without one, it says
// whether a server could listen there.
func (d *Doctor) checkAddress(ctx context.Context) (s *server, free bool) {
	local := d.Config.LocalURL()
	d.listen = d.Config.ListenAddress()
	d.public = d.Config.PublicAddress(d.listen)
	if d.URL != "" {
		return d.checkURL(ctx), false
	}
	switch err := tryListen(ctx, "tcp", d.listen); {
	case err == nil:
		d.ok(checkAddress, "nobody has "+d.Config.Listen+", so roomkey can listen there")
		return nil, true
	case !errors.Is(err, syscall.EADDRINUSE):
		d.fail(checkAddress, fmt.Sprintf("%s cannot be listened on: %v", d.Config.Listen, err),
			"Choose an address of this machine, and a port that roomkey may have, with --listen.")
		return nil, false
	}
	if !bridge.NewClient(local, nil).IsRoomkey(ctx) {
		d.fail(checkAddress, d.Config.Listen+" is in use by another program",
			"Stop that program, or choose another address with --listen.")
		return nil, false
	}
	if h, err := datafolder.FindHolder(ctx, d.Config.Data); err != nil || h.URL() != local {
		d.fail(checkData, "the roomkey that runs at "+local+" has another data folder than "+d.Config.Data,
			"Run the doctor with the --data and --config of the roomkey that runs.")
		return nil, false
	}
	return d.examine(ctx, local), false
}

// checkURL finds the server that is to be examined, which may be on another machine.
func (d *Doctor) checkURL(ctx context.Context) *server {
	c := bridge.NewClient(d.URL, nil)
	if !c.IsRoomkey(ctx) {
		d.fail(checkAddress, "no roomkey answers at "+c.URL, "Start it, or correct --url.")
		return nil
	}
	if d.Config.PublicURL == "" {
		d.public, _ = url.Parse(c.URL) // which was checked
	}
	return d.examine(ctx, c.URL)
}

// examine says which server is examined.
func (d *Doctor) examine(ctx context.Context, base string) *server {
	s := &server{url: base, instance: instanceAt(ctx, base)}
	detail := "a roomkey runs at " + base + " and is examined"
	if s.instance != "" {
		detail += ": the instance " + s.instance
	}
	d.ok(checkAddress, detail)
	return s
}

// instanceAt gives the name of the roomkey at a URL; empty if it gives none.
func instanceAt(ctx context.Context, base string) string {
	var health struct{ Instance string }
	if _, body, err := get(ctx, base+"/healthz", ""); err != nil || json.Unmarshal(body, &health) != nil {
		return ""
	}
	return health.Instance
}

// tryListen takes an address and gives it back. Its error is the operating
// system's word alone.
func tryListen(ctx context.Context, network string, at netip.AddrPort) error {
	var l io.Closer
	var err error
	if network == "udp" {
		l, err = new(net.ListenConfig).ListenPacket(ctx, network, at.String())
	} else {
		l, err = new(net.ListenConfig).Listen(ctx, network, at.String())
	}
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
		return errno
	case err != nil:
		return err
	}
	return l.Close()
}

// client does not wait for what hangs, and follows no redirection: where people
// are sent, roomkey itself has to answer.
var client = &http.Client{
	Timeout:       5 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func get(ctx context.Context, url, token string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	return resp.StatusCode, body, err
}

// checkReadiness asks the server how its database is, and the LiveKit inside.
func (d *Doctor) checkReadiness(ctx context.Context, s *server) {
	var parts struct{ Database, LiveKit string }
	_, body, err := get(ctx, s.url+"/readyz", "")
	if err == nil {
		err = json.Unmarshal(body, &parts)
	}
	switch {
	case err != nil:
		d.fail(checkDatabase, "roomkey does not say how it is (GET /readyz)", "Look at its log.")
		return
	case parts.Database != "ok":
		d.fail(checkDatabase, "the database does not answer, or what is written to it fails",
			"Look at the log of roomkey, and at the disk of "+d.Config.Data+".")
	default:
		d.ok(checkDatabase, "answers, and can be written to")
	}
	switch {
	case d.Config.LiveKit.Foreign(): // is asked directly, which says more
	case parts.LiveKit != "ok":
		d.fail(checkLiveKit, "the LiveKit inside does not answer", restartHint)
	default:
		d.ok(checkLiveKit, "the LiveKit inside answers")
	}
}

const restartHint = "Restart roomkey, and look at its log if that does not help."

// metrics gives the values of a metric of the server, by its only label.
func (d *Doctor) metrics(ctx context.Context, s *server, name string) (map[string]float64, error) {
	url := d.Config.MetricsURL(s.url)
	status, body, err := get(ctx, url, d.Config.Metrics.Token)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("%s answers with %d", url, status)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for _, metric := range families[name].GetMetric() {
		value := metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		values[metric.GetLabel()[0].GetValue()] = value
	}
	return values, nil
}

// webhooksMetric counts what LiveKit has sent to the server, by outcome:
// accepted, repeated, refused, failed.
const webhooksMetric = "roomkey_webhooks_total"
