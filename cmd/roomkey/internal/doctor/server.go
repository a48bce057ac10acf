package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/tokens"
)

// server is the roomkey that runs and is examined.
type server struct {
	url     string         // on this machine
	owner   *bridge.Client // speaks for the owner, to this server alone
	secret  []byte         // its signing secret
	reached bool           // it answers where people are sent, as seen from this machine
}

// checkAddress finds the server at the configured address. Without one, it says
// whether a server could listen there.
func (d *Doctor) checkAddress(ctx context.Context) (s *server, free bool) {
	local, err := d.Config.LocalURL()
	if err == nil {
		d.listen, err = config.ParseListen(d.Config.Listen)
	}
	if err == nil {
		d.public, err = d.Config.PublicAddress(d.listen)
	}
	if err != nil {
		d.fail(checkAddress, oneLine(err), "Correct the configuration.")
		return nil, false
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
	return d.identify(ctx, local), false
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

// identify makes sure that the server at a URL is the one of this configuration.
// It gives nil if not.
func (d *Doctor) identify(ctx context.Context, at string) *server {
	const hint = "Run the doctor with the --data and --config of the roomkey that runs."
	ownerTokens, err := tokens.ForOwner(d.Config)
	var secret []byte
	if err == nil {
		secret, _, err = tokens.Open(d.Config)
	}
	if err != nil {
		d.fail(checkSecret, oneLine(err), hint)
		return nil
	}
	h, err := datafolder.FindHolder(ctx, d.Config.Data)
	if err != nil || h.URL() != at {
		d.fail(checkData, "the roomkey that runs at "+at+" has another data folder than "+d.Config.Data, hint)
		return nil
	}
	s := &server{url: at, owner: bridge.NewOwnerClient(h, ownerTokens), secret: secret}
	s.owner.HTTP.Timeout = client.Timeout
	if err := s.owner.Ping(ctx); err != nil {
		d.fail(checkSecret, "the roomkey that runs at "+at+" has another signing secret than this configuration", hint)
		return nil
	}
	d.ok(checkAddress, "a roomkey runs at "+at+" and is examined")
	return s
}

// client does not wait for what hangs, and follows no redirection: where people
// are sent, roomkey itself has to answer.
var client = &http.Client{
	Timeout:       5 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// get asks for a URL. The caller closes the answer's body.
func get(ctx context.Context, c *http.Client, url, token string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return c.Do(req)
}

// getJSON asks for a URL and decodes the answer into value, unless that is nil.
func getJSON(ctx context.Context, c *http.Client, url, token string, value any) (status int, err error) {
	resp, err := get(ctx, c, url, token)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	body := io.LimitReader(resp.Body, 64<<10)
	if value == nil {
		_, err = io.Copy(io.Discard, body)
	} else {
		err = json.NewDecoder(body).Decode(value)
	}
	return resp.StatusCode, err
}

// checkReadiness asks the server how its database is, and the LiveKit inside.
func (d *Doctor) checkReadiness(ctx context.Context, s *server) {
	var parts struct{ Database, LiveKit string }
	_, err := getJSON(ctx, client, s.url+"/readyz", "", &parts)
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

// webhooks counts what LiveKit has sent to the server, by outcome: accepted,
// repeated, refused, failed.
func (d *Doctor) webhooks(ctx context.Context, s *server) (map[string]float64, error) {
	resp, err := get(ctx, client, d.Config.MetricsURL(s.url), d.Config.Metrics.Token)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers with %d", resp.Request.URL, resp.StatusCode)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		return nil, err
	}
	counts := map[string]float64{}
	for _, metric := range families["roomkey_webhooks_total"].GetMetric() {
		counts[metric.GetLabel()[0].GetValue()] = metric.GetCounter().GetValue()
	}
	return counts, nil
}
