package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/config"
)

// How long the doctor takes at most: for its checks, to take back what it made
// at LiveKit, and, as every roomkey promises, ten seconds to stop.
const (
	doctorChecksWithin = 17 * time.Second
	doctorClearsWithin = 3 * time.Second
)

func doctorCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check configuration, database, LiveKit and ports, and say what to mend",
		Long: `Check configuration, database, LiveKit and ports, and say what to mend.

Where a roomkey answers at the configured address, that one is examined.
Otherwise what serve would start is started for as long as the checks take, on
an empty data folder of its own. The real one stays as it is, and nothing is
left behind at LiveKit.

Exit codes: 0 nothing failed (there may be warnings), 1 something failed,
2 the configuration cannot be used.`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), os.Environ())
			if err != nil {
				return err
			}
			d := &doctor{config: cfg, file: config.FileInUse(cmd.Flags()), log: slog.New(slog.DiscardHandler)}
			if cmd.Flags().Changed("log-level") {
				d.log = newLogger(cfg, os.Stderr)
			}
			if !asJSON {
				d.tell = func(f finding) { f.print(cmd.OutOrStdout()) }
			}
			d.examine(cmd.Context())
			if asJSON {
				fmt.Fprint(cmd.OutOrStdout(), jsonDocument(d.findings))
			}
			return d.verdict(cmd.Context())
		},
	}
	config.AddFlags(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON list of {check, status, detail, hint}")
	return c
}

// status is how a check went.
type status string

// The statuses of a check.
const (
	statusOK   status = "ok"
	statusWarn status = "warn" // works, but not for everybody or not for long
	statusFail status = "fail"
)

// finding is what one check has found.
type finding struct {
	Check  string `json:"check"`
	Status status `json:"status"`
	Detail string `json:"detail"`         // never holds a secret or a token
	Hint   string `json:"hint,omitempty"` // what to do; empty when all is well
}

// print writes a finding for people.
func (f finding) print(w io.Writer) {
	word := string(f.Status)
	if f.Status == statusFail {
		word = "FAIL"
	}
	fmt.Fprintf(w, "%-4s %s: %s\n", word, f.Check, f.Detail)
	if f.Hint != "" {
		const indent = "       "
		fmt.Fprintln(w, indent+strings.ReplaceAll(f.Hint, "\n", "\n"+indent))
	}
}

// doctor examines a roomkey.
type doctor struct {
	config   config.Config
	file     string // of the configuration; empty without one
	log      *slog.Logger
	tell     func(finding) // told of each finding at once; may be nil
	findings []finding
}

func (d *doctor) found(f finding) {
	d.findings = append(d.findings, f)
	if d.tell != nil {
		d.tell(f)
	}
}

func (d *doctor) ok(check, detail string) { d.found(finding{check, statusOK, detail, ""}) }

func (d *doctor) warn(check, detail, hint string) { d.found(finding{check, statusWarn, detail, hint}) }

func (d *doctor) fail(check, detail, hint string) { d.found(finding{check, statusFail, detail, hint}) }

// examine makes every check. It ends in time whatever hangs.
func (d *doctor) examine(ctx context.Context) {
	checks, cancel := context.WithTimeout(ctx, doctorChecksWithin)
	defer cancel()
	d.checkConfiguration()
	p := d.admit(checks)
	if p != nil {
		defer d.discharge(p)
		d.checkReadiness(checks, p)
		d.checkPublicURL(checks, p)
		d.checkForwarders(checks, p)
	}
	if d.config.LiveKit.Foreign() {
		d.checkForeignLiveKit(checks, p)
	} else if p != nil {
		d.checkInsideLiveKit(checks, p)
	}
}

// verdict is an error if anything failed.
func (d *doctor) verdict(ctx context.Context) error {
	failed := 0
	for _, f := range d.findings {
		if f.Status == statusFail {
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
