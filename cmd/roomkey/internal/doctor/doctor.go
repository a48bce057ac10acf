// Package doctor finds out what keeps a roomkey, or the people it serves, from
// working, and says what to do about it. It asks the server that runs, like any
// client; where none runs, it looks at what a server would need. It starts no
// server and leaves everything as it is.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/meet"
)

// How long the doctor takes at most for its checks, and to delete what it made
// at LiveKit.
const (
	checksWithin = 17 * time.Second
	clearsWithin = 3 * time.Second
)

// Print writes a finding for people.
func Print(w io.Writer, f meet.Finding) {
	word := string(f.Status)
	if f.Status == meet.FindingFail {
		word = "FAIL"
	}
	fmt.Fprintf(w, "%-4s %s: %s\n", word, f.Check, f.Detail)
	if f.Hint != "" {
		const indent = "       "
		fmt.Fprintln(w, indent+strings.ReplaceAll(f.Hint, "\n", "\n"+indent))
	}
}

// What the checks are called.
const (
	checkConfiguration = "configuration"
	checkAddress       = "address"
	checkData          = "data"
	checkDisk          = "disk"
	checkSecret        = "secret"
	checkDatabase      = "database"
	checkPublicURL     = "public_url"
	checkProxies       = "trusted_proxies"
	checkLiveKit       = "livekit"
	checkSignalling    = "signalling"
	checkWebhook       = "webhook"
	checkPorts         = "ports"
	checkWebhooksOut   = "webhooks"
	checkForeign       = "issuers"
	checkOIDC          = "oidc"
)

// Doctor makes the checks.
type Doctor struct {
	Config config.Config
	File   string             // of the configuration; empty without one
	URL    string             // of the roomkey to examine; empty is the one at the configured address
	Tell   func(meet.Finding) // told of each finding at once; may be nil

	Findings []meet.Finding

	listen netip.AddrPort
	public *url.URL // where people are sent
}

func (d *Doctor) found(f meet.Finding) {
	d.Findings = append(d.Findings, f)
	if d.Tell != nil {
		d.Tell(f)
	}
}

func (d *Doctor) ok(check, detail string) {
	d.found(meet.Finding{Check: check, Status: meet.FindingOK, Detail: detail})
}

func (d *Doctor) warn(check, detail, hint string) {
	d.found(meet.Finding{Check: check, Status: meet.FindingWarn, Detail: detail, Hint: hint})
}

func (d *Doctor) fail(check, detail, hint string) {
	d.found(meet.Finding{Check: check, Status: meet.FindingFail, Detail: detail, Hint: hint})
}

// notRunning reports checks that only a running server makes possible.
func (d *Doctor) notRunning(checks ...string) {
	for _, check := range checks {
		d.warn(check, "not checked: roomkey is not running (start it and run doctor again)", "")
	}
}

// Examine makes every check. It ends in time, also where something hangs, and
// gives an error if a check failed.
func (d *Doctor) Examine(ctx context.Context) error {
	checks, cancel := context.WithTimeout(ctx, checksWithin)
	defer cancel()
	d.checkConfiguration()
	s, free := d.checkAddress(checks)
	switch {
	case s != nil:
		d.checkReadiness(checks, s)
		d.checkPublicURL(checks, s)
		d.checkForwarders(checks, s)
	case free:
		if free = d.checkData(checks); free {
			d.checkPublicURL(checks, nil)
		}
	}
	if free || s != nil && d.URL == "" { // the data folder is this one
		d.checkDisk()
	}
	switch {
	case d.Config.LiveKit.Foreign():
		d.checkForeignLiveKit(checks, s)
	case s != nil:
		d.checkInsideLiveKit(checks, s)
	case free:
		d.notRunning(checkLiveKit, checkSignalling, checkWebhook)
		d.checkPorts(checks)
	}
	d.checkWebhooks(checks, s)
	d.checkIssuers(checks)
	d.checkProviders(checks)
	failed := 0
	for _, f := range d.Findings {
		if f.Status == meet.FindingFail {
			failed++
		}
	}
	switch {
	case ctx.Err() != nil:
		return errors.New("stopped before everything was checked")
	case failed == 1:
		return errors.New("one check failed")
	case failed > 1:
		return fmt.Errorf("%d checks failed", failed)
	}
	return nil
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
