package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"roomkey/web"
)

// version and commit are set by the Makefile's linker flags.
var (
	version = "dev"
	commit  = ""
)

// buildVersion says what this binary was made from.
func buildVersion() web.Version {
	v := web.Version{Name: "roomkey", Version: version, Commit: commit, Go: runtime.Version()}
	if v.Commit == "" {
		v.Commit = "unknown"
		if info, ok := debug.ReadBuildInfo(); ok {
			for _, s := range info.Settings {
				if s.Key == "vcs.revision" {
					v.Commit = s.Value
				}
			}
		}
	}
	return v
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and Go version",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := buildVersion()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "roomkey %s (commit %s, %s)\n", v.Version, v.Commit, v.Go)
			return err
		},
	}
}
