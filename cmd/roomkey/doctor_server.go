package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/livekit/embedded"
	"roomkey/meet"
)

// patient is the roomkey that is examined.
type patient struct {
	url    string // on this machine
	public *url.URL
	listen netip.AddrPort
	config config.Config  // as far as the doctor knows it
	data   string         // its data folder
	secret []byte         // its signing secret
	owner  *bridge.Client // to ask it what only its owner is told; nil with app

	reached bool // it answers where people are sent, as seen from here
	app     *app // nil if it ran before the doctor came

	// What it has for a database is not the one to examine, which was looked at
	// by itself.
	examined bool

	stop func() error
}

// admit finds the roomkey that answers at the configured address, or starts
// the one that serve would start, on a data folder of the doctor's own. It
// gives nil where there is none.
func (d *doctor) admit(ctx context.Context) *patient {
	if d.addressTaken(ctx) {
		return d.visit(ctx)
	}
	folder, ok := d.temporaryFolder()
	if !ok {
		return nil
	}
	discard := func() error { return os.RemoveAll(folder) }
	release, err := datafolder.Hold(d.config.Data) // until it was looked at
	if err != nil {
		d.startFailed(ctx, partError{partData, errors.Join(err, discard())})
		return nil
	}
	defer func() { _ = release() }()
	cfg, err := d.isolated(folder)
	if err != nil {
		d.startFailed(ctx, partError{partSecret, errors.Join(err, discard())})
		return nil
	}
	a, err := newApp(ctx, cfg, d.log, datafolder.CommandServe)
	if err != nil {
		d.startFailed(ctx, errors.Join(err, discard()))
		return nil
	}
	a.server.Handler = forDoctor(a.server.Handler)
	p := &patient{public: a.public, url: "http://" + config.Reachable(a.listener.Addr().String()), config: cfg, data: cfg.Data, app: a}
	p.listen, _ = netip.ParseAddrPort(a.listener.Addr().String()) // of our own listener
	p.secret, _, err = tokens.Open(cfg)
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running) }()
	p.stop = func() error {
		cancel()
		return errors.Join(<-ended, discard())
	}
	if err != nil {
		d.startFailed(ctx, partError{partSecret, err})
		d.discharge(p)
		return nil
	}
	d.ok(partAddress, "nobody has "+d.config.Listen+", so what serve would start runs there for these checks")
	d.checkData(ctx, p)
	return p
}

// addressTaken says whether somebody listens at the configured address.
func (d *doctor) addressTaken(ctx context.Context) bool {
	listen, err := config.ParseListen(d.config.Listen)
	if err != nil {
		return false // newApp says so
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen.String())
	if err == nil {
		_ = l.Close()
	}
	return errors.Is(err, syscall.EADDRINUSE)
}

// discharge stops what admit has started.
func (d *doctor) discharge(p *patient) {
	if p.owner != nil {
		p.owner.HTTP.CloseIdleConnections()
	}
	if p.stop == nil {
		return
	}
	if err := p.stop(); err != nil {
		d.fail("stop", oneLine(err), "Run roomkey serve and look at its log.")
	}
}

// visit examines the roomkey at the configured address.
func (d *doctor) visit(ctx context.Context) *patient {
	p := &patient{config: d.config, data: d.config.Data}
	var err error
	if p.url, err = d.config.LocalURL(); err == nil {
		p.listen, err = config.ParseListen(d.config.Listen)
	}
	if err == nil {
		p.public, err = d.config.PublicAddress(p.listen)
	}
	if err != nil {
		d.fail(partAddress, oneLine(err), "Mend the configuration.")
		return nil
	}
	if !bridge.NewClient(p.url, nil).IsRoomkey(ctx) {
		d.fail(partAddress, d.config.Listen+" is in use by another program", "Stop that program, or choose another address with --listen.")
		return nil
	}
	const hint = "Run the doctor with the --data and --config of the roomkey that runs."
	token, err := tokens.ForOwner(d.config)
	if err == nil {
		p.secret, _, err = tokens.Open(d.config)
	}
	switch {
	case errors.Is(err, tokens.ErrNoSecret):
		d.fail(partSecret, "a roomkey runs at "+p.url+", but there is no signing secret in "+d.config.Data, hint)
		return nil
	case err != nil:
		d.startFailed(ctx, partError{partSecret, err})
		return nil
	}
	h, err := datafolder.FindHolder(ctx, d.config.Data)
	if err != nil || h.URL() != p.url {
		d.fail(partData, "the roomkey that runs at "+p.url+" has another data folder than "+d.config.Data, hint)
		return nil
	}
	p.owner = bridge.NewOwnerClient(h, token)
	p.owner.HTTP.Timeout = doctorHTTP.Timeout
	switch err = p.owner.Ping(ctx); {
	case meet.IsCode(err, meet.CodeUnauthenticated):
		d.fail(partSecret, "the roomkey that runs at "+p.url+" has another signing secret than this configuration", hint)
		return nil
	case err != nil:
		d.fail(partAddress, "the roomkey at "+p.url+" does not answer as it should", "Look at its log.")
		return nil
	}
	d.ok(partAddress, "a roomkey runs at "+p.url+" and is examined")
	return p
}

// startFailed words why serve would not start.
func (d *doctor) startFailed(ctx context.Context, err error) {
	part := partError{part: "start"}
	errors.As(err, &part)
	var port *embedded.PortError
	var errno syscall.Errno
	switch {
	case errors.As(err, &port):
		d.fail(checkPorts, fmt.Sprintf("%s port %d cannot be used: %v", port.Network, port.Port, port.Err), "Free it, or choose another one with "+port.Setting+".")
	case errors.Is(err, datafolder.ErrInUse):
		hint := "Stop that one, or run the doctor with its --listen and --config."
		if h, holderErr := datafolder.FindHolder(ctx, d.config.Data); holderErr == nil {
			at := h.Address.String()
			hint = "It answers at " + at + ": run the doctor with --listen " + at + " and its --config."
		}
		d.fail(partData, d.config.Data+" is in use by another roomkey, which does not answer at "+d.config.Listen, hint)
	case part.part == partAddress && errors.As(err, &errno):
		d.fail(partAddress, fmt.Sprintf("%s cannot be listened on: %v", d.config.Listen, errno),
			"Choose an address of this machine, and a port that roomkey may have, with --listen.")
	case part.part == partData:
		d.fail(partData, oneLine(err), "Choose another folder with --data, or let roomkey write there.")
	case part.part == partSecret:
		d.fail(partSecret, oneLine(err), "Without that roomkey serve does not start.")
	case part.part == partDatabase:
		d.fail(partDatabase, "none can be made: "+oneLine(err), "Is the disk full?")
	default:
		d.fail(part.part, oneLine(err), "Run roomkey serve and look at its log.")
	}
}

// oneLine makes a line of an error.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// cause is the operating system's word alone, without the path that the caller
// names anyway.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// doctorHTTP asks once and for all: what hangs is given up, and where an answer
// leads elsewhere is for the operator to see.
var doctorHTTP = &http.Client{
	Timeout:       5 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// The doctor's own requests are known by a header.
const doctorHeader = "Roomkey-Doctor"

var doctorPass = rand.Text()

// forDoctor serves the doctor, whoever asks what runs here, and LiveKit. Nobody
// else may take what is started for the checks for the roomkey that they
// know: it knows no room, and what it is told is gone when the checks are over.
func forDoctor(next http.Handler) http.Handler {
	refusal := &meet.Error{Code: meet.CodeUnavailable, Message: "Roomkey is being examined", Hint: "Try again when it runs."}
	body, _ := json.Marshal(map[string]any{"error": refusal.Report("")}) // a plain value marshals
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(doctorHeader) == doctorPass || r.URL.Path == "/version" || r.URL.Path == webhookPath {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write(body)
	})
}

// get asks for a URL. The caller closes the answer's body.
func get(ctx context.Context, url, bearer string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	req.Header.Set(doctorHeader, doctorPass)
	return doctorHTTP.Do(req)
}

// checkReadiness asks the roomkey how its database is, and the LiveKit inside.
func (d *doctor) checkReadiness(ctx context.Context, p *patient) {
	var parts struct{ Database, LiveKit string }
	resp, err := get(ctx, p.url+"/readyz", "")
	if err == nil {
		defer func() { _ = resp.Body.Close() }()
		err = json.NewDecoder(io.LimitReader(resp.Body, 4096)).Decode(&parts)
	}
	switch {
	case err != nil:
		d.fail(partDatabase, "roomkey does not say how it is (GET /readyz)", "Look at its log.")
	case parts.Database != "ok":
		d.fail(partDatabase, "the database does not answer, or what is written to it fails",
			"Look at the log of roomkey, and at the disk of "+p.data+".")
	case !p.examined && d.checkWritable(p.data):
		d.ok(partDatabase, "answers, and can be written to")
	}
	if err != nil || d.config.LiveKit.Foreign() {
		return // a foreign LiveKit is asked directly, which says more
	}
	if parts.LiveKit != "ok" {
		d.fail(partLiveKit, "the LiveKit inside does not answer", "Restart roomkey, and look at its log if that does not help.")
		return
	}
	d.ok(partLiveKit, "the LiveKit inside answers")
}

// webhooks counts what LiveKit has sent to the roomkey, by outcome: accepted,
// repeated, refused, failed.
func (p *patient) webhooks(ctx context.Context) (map[string]float64, error) {
	resp, err := get(ctx, p.config.MetricsURL(p.url), p.config.Metrics.Token)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers with %d", resp.Request.URL, resp.StatusCode)
	}
	counts := map[string]float64{}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		labels, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "roomkey_webhooks_total"), "} ")
		outcome, named := strings.CutPrefix(labels, `{outcome="`)
		if n, err := strconv.ParseFloat(value, 64); ok && named && err == nil {
			counts[strings.TrimSuffix(outcome, `"`)] = n
		}
	}
	return counts, lines.Err()
}

// outcomes words counts of webhooks.
func outcomes(counts map[string]float64) string {
	var words []string
	for _, outcome := range slices.Sorted(maps.Keys(counts)) {
		if n := counts[outcome]; n > 0 {
			words = append(words, fmt.Sprintf("%.0f %s", n, outcome))
		}
	}
	if len(words) == 0 {
		return "none yet"
	}
	return strings.Join(words, ", ")
}
