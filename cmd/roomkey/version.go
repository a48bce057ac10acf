package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/build"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and Go version",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := build.Version()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "roomkey %s (commit %s, %s)\n", v.Version, v.Commit, v.Go)
			return err
		},
	}
}
