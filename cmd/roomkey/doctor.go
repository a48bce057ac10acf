package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/doctor"
	"roomkey/cmd/roomkey/internal/output"
	"roomkey/meet"
)

func doctorCommand() *cobra.Command {
	var asJSON bool
	var target string
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check configuration, database, LiveKit and ports, and say what to mend",
		Long: `Check configuration, database, LiveKit and ports, and say what to mend.

Where a roomkey answers at the configured address, that one is examined; with
--url the one there, which may be on another machine and needs the same
configuration, with metrics.token.
Otherwise the doctor looks at what serve would need; what only a running
roomkey can show is not checked then. Nothing is changed, and nothing is left
behind at LiveKit.

Exit codes: 0 nothing failed (there may be warnings), 1 something failed,
2 the configuration cannot be used.`,
		Args: exactArgs(0),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, _ []string) error {
			if target != "" {
				if _, err := clientAt(target, ""); err != nil {
					return err
				}
			}
			d := &doctor.Doctor{Config: cfg, File: config.FileInUse(cmd.Flags()), URL: target}
			if !asJSON {
				d.Tell = func(f meet.Finding) { doctor.Print(cmd.OutOrStdout(), f) }
			}
			err := d.Examine(cmd.Context())
			if asJSON {
				fmt.Fprint(cmd.OutOrStdout(), output.JSON(d.Findings))
			}
			return err
		}),
	}
	config.AddFlags(c.Flags())
	c.Flags().StringVar(&target, "url", "", "address of the roomkey to examine (default: the configured one)")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON list of {check, status, detail, hint}")
	return c
}
