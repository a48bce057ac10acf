package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"roomkey/livekit/embedded"
	"roomkey/meet"
)

// patient is the roomkey that is examined.
type patient struct {
	url    string // on this machine
	public *url.URL
	listen netip.AddrPort
	data   string // its data folder
	secret []byte // its signing secret
	app    *app   // nil if it ran before the doctor came

	stop func() error
}

// admit finds the roomkey that answers at the configured address, or starts
// the one that serve would start. It gives nil where there is none.
func (d *doctor) admit(ctx context.Context) *patient {
	config, temporary, ok := d.dataFolder()
	if !ok {
		return nil
	}
	discard := func() error {
		if temporary == "" {
			return nil
		}
		return os.RemoveAll(temporary)
	}
	a, err := newApp(ctx, config, d.log)
	switch {
	case errors.Is(err, errAddressInUse):
		if err := discard(); err != nil {
			d.log.Warn("could not remove the temporary folder", "err", err)
		}
		return d.visit(ctx)
	case err != nil:
		d.startFailed(errors.Join(err, discard()))
		return nil
	}
	p := &patient{public: a.public, url: "http://" + reachable(a.listener.Addr().String()), data: config.Data, app: a}
	p.listen, _ = netip.ParseAddrPort(a.listener.Addr().String()) // of our own listener
	p.secret, _, err = openAuth(config)
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- a.run(running) }()
	p.stop = func() error {
		cancel()
		return errors.Join(<-ended, discard())
	}
	if err != nil {
		d.startFailed(partError{partSecret, err})
		d.discharge(p)
		return nil
	}
	d.ok(partAddress, "nobody has "+d.config.Listen+", so what serve would start runs there for these checks")
	if temporary != "" {
		d.ok(partData, d.config.Data+" holds no database yet; a temporary folder in its place is used")
	} else {
		d.ok(partData, d.config.Data+" is used by no other roomkey")
	}
	return p
}

// discharge stops what admit has started.
func (d *doctor) discharge(p *patient) {
	if p.stop == nil {
		return
	}
	if err := p.stop(); err != nil {
		d.fail("stop", oneLine(err), "Run roomkey serve and look at its log.")
	}
}

// dataFolder gives the configuration to start with. Where there is no database
// yet, none must be left behind: then it has a temporary data folder, made where
// the real one would be.
func (d *doctor) dataFolder() (c Config, temporary string, ok bool) {
	c = d.config
	if _, err := os.Stat(databaseFile(c)); !errors.Is(err, fs.ErrNotExist) {
		return c, "", true
	}
	if _, err := os.Stat(secretFile(c)); err == nil {
		if _, _, err := openAuth(c); err != nil {
			d.startFailed(partError{partSecret, err})
			return c, "", false
		}
	}
	parent := absolute(c.Data)
	for {
		if _, err := os.Stat(parent); err == nil || parent == filepath.Dir(parent) {
			break
		}
		parent = filepath.Dir(parent)
	}
	temporary, err := os.MkdirTemp(parent, ".roomkey-doctor-*")
	if err != nil {
		d.fail(partData, fmt.Sprintf("the data folder %s cannot be made or written to: %v", c.Data, cause(err)), "Choose another folder with --data, or let roomkey write there.")
		return c, "", false
	}
	c.Data = temporary
	return c, temporary, true
}

// visit examines the roomkey at the configured address.
func (d *doctor) visit(ctx context.Context) *patient {
	p := &patient{data: d.config.Data}
	var err error
	if p.url, err = localURL(d.config); err == nil {
		p.listen, err = parseListen(d.config.Listen)
	}
	if err == nil {
		p.public, err = publicURL(d.config, p.listen)
	}
	if err != nil {
		d.fail(partAddress, oneLine(err), "Mend the configuration.")
		return nil
	}
	if !newClient(p.url, nil).isRoomkey(ctx) {
		d.fail(partAddress, d.config.Listen+" is in use by another program", "Stop that program, or choose another address with --listen.")
		return nil
	}
	const hint = "Run the doctor with the --data and --config of the roomkey that runs."
	tokens, err := ownerTokens(d.config)
	if err == nil {
		p.secret, _, err = openAuth(d.config)
	}
	switch {
	case errors.Is(err, errNoSecret):
		d.fail(partSecret, "a roomkey runs at "+p.url+", but there is no signing secret in "+d.config.Data, hint)
		return nil
	case err != nil:
		d.startFailed(partError{partSecret, err})
		return nil
	}
	ping := []byte(`{"jsonrpc":"2.0","id":0,"method":"ping"}`)
	client := newClient(p.url, tokens)
	client.http = doctorHTTP
	switch err = client.post(ctx, ping, func([]byte) error { return nil }); {
	case meet.IsCode(err, meet.CodeUnauthenticated):
		d.fail(partSecret, "the roomkey that runs at "+p.url+" has another signing secret than "+d.config.Data, hint)
		return nil
	case err != nil:
		d.fail(partAddress, "the roomkey at "+p.url+" does not answer as it should", "Look at its log.")
		return nil
	}
	d.ok(partAddress, "a roomkey runs at "+p.url+" and is examined")
	return p
}

// startFailed words why serve would not start.
func (d *doctor) startFailed(err error) {
	part := partError{part: "start"}
	errors.As(err, &part)
	var port *embedded.PortError
	var errno syscall.Errno
	switch {
	case errors.As(err, &port):
		d.fail(checkPorts, fmt.Sprintf("%s port %d cannot be used: %v", port.Network, port.Port, port.Err), "Free it, or choose another one with "+port.Setting+".")
	case errors.Is(err, errDataInUse):
		d.fail(partData, d.config.Data+" is in use by another roomkey, which does not answer at "+d.config.Listen,
			"Stop that one, or run the doctor with its --listen and --config.")
	case part.part == partAddress && errors.As(err, &errno):
		d.fail(partAddress, fmt.Sprintf("%s cannot be listened on: %v", d.config.Listen, errno),
			"Choose an address of this machine, and a port that roomkey may have, with --listen.")
	case part.part == partData:
		d.fail(partData, oneLine(err), "Choose another folder with --data, or let roomkey write there.")
	case part.part == partSecret:
		d.fail(partSecret, oneLine(err), "Without that roomkey serve does not start.")
	case part.part == partDatabase:
		d.fail(partDatabase, oneLine(err), "Is "+databaseFile(d.config)+" a database of this or an earlier roomkey, and the disk neither full nor read-only? Otherwise put a backup in its place.")
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

// get asks for a URL. The caller closes the answer's body.
func get(ctx context.Context, url, bearer string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
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
		d.fail(partDatabase, "the database does not answer", "Look at the log of roomkey, and at the disk of "+p.data+".")
	default:
		d.checkWritable(p.data)
	}
	if err != nil || d.config.foreign() {
		return // a foreign LiveKit is asked directly, which says more
	}
	if parts.LiveKit != "ok" {
		d.fail(partLiveKit, "the LiveKit inside does not answer", "Restart roomkey, and look at its log if that does not help.")
		return
	}
	d.ok(partLiveKit, "the LiveKit inside answers")
}

// checkWritable says whether the database can grow.
func (d *doctor) checkWritable(folder string) {
	const check = partDatabase
	const hint = "Let roomkey write there, and free some space."
	for _, name := range []string{"roomkey.db", "roomkey.db-wal", "roomkey.db-shm"} {
		if err := mayWrite(filepath.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.fail(check, fmt.Sprintf("%s cannot be written to: %v", filepath.Join(folder, name), err), hint)
			return
		}
	}
	if err := tryWrite(folder); err != nil {
		d.fail(check, fmt.Sprintf("nothing can be written to %s: %v", folder, cause(err)), hint)
		return
	}
	d.ok(check, "answers, and can be written to")
}

// tryWrite puts a file into a folder and takes it away again.
func tryWrite(folder string) error {
	file, err := os.CreateTemp(folder, ".roomkey-doctor-*")
	if err != nil {
		return err
	}
	_, err = file.Write(make([]byte, 64<<10))
	return errors.Join(err, file.Sync(), file.Close(), os.Remove(file.Name()))
}

// webhooks counts what LiveKit has sent to the roomkey, by outcome: accepted,
// repeated, refused, failed.
func (p *patient) webhooks(ctx context.Context) (map[string]float64, error) {
	resp, err := get(ctx, p.url+"/metrics", "")
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	counts := map[string]float64{}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxLine)
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
