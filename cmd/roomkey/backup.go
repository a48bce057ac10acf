package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/build"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/database"
	"roomkey/cmd/roomkey/internal/datafolder"
)

func backupCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write database and signing secret to one file, also while a server runs",
		Long: `Write the database and the signing secret to one file, also while a server
runs: it is not disturbed, and everything that was answered before is in the
file. What the file holds was checked when the command ends.

Everybody who has the file can sign access tokens: its mode is 0600, keep it so. A
secret in the configuration (auth.secret) is not in it.`,
		Args: exactArgs(1),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, args []string) error {
			if err := database.IsFile(cfg, "Use pg_dump for the database, and keep auth.secret as well."); err != nil {
				return err
			}
			withSecret, err := datafolder.Backup(cmd.Context(), cfg.Data, args[0], build.Version().Version)
			if err != nil {
				return database.Explain(cfg, err)
			}
			return tellBackup(cmd.OutOrStdout(), args[0], withSecret)
		}),
	}
	config.AddSourceFlags(c.Flags())
	return c
}

func tellBackup(out io.Writer, file string, withSecret bool) error {
	what := "the database and the signing secret: everybody who has it can sign access tokens"
	if !withSecret {
		what = "the database; there is no signing secret in the data folder, so keep auth.secret as well"
	}
	_, err := fmt.Fprintf(out, "Wrote %s. It holds %s.\n", file, what)
	return err
}
