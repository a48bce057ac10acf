package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/database"
	"roomkey/cmd/roomkey/internal/datafolder"
)

func restoreCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup into a data folder that no server uses",
		Long: `Put what roomkey backup has written into a data folder that no server uses.

The backup is checked first. A folder that holds a database or a secret is left
alone unless --force is given; then what is there is kept in a folder beside it.
What happened after the backup was made is not in it: access tokens that were
revoked since then count again, and people who were removed may come back.`,
		Args: exactArgs(1),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, args []string) error {
			if err := database.IsFile(cfg, "Use pg_restore, while no roomkey runs on the database."); err != nil {
				return err
			}
			done, err := datafolder.Restore(cmd.Context(), cfg.Data, args[0], force)
			if err != nil {
				return err
			}
			return tellRestored(cmd.OutOrStdout(), cfg.Data, done)
		}),
	}
	config.AddSourceFlags(c.Flags())
	c.Flags().BoolVar(&force, "force", false, "also where there is data, which is kept aside")
	return c
}

func tellRestored(out io.Writer, folder string, done datafolder.Restored) error {
	text := fmt.Sprintf("Restored the backup of %s into %s. What happened after it was made is not in it: "+
		"access tokens that were revoked since then count again, and people who were removed may come back.\n",
		done.MadeAt.Format("2006-01-02 15:04 UTC"), folder)
	if !done.WithSecret {
		text += "It holds no signing secret: start the server with the auth.secret that it had.\n"
	}
	if done.Aside != "" {
		text += "What was there before is in " + done.Aside + ".\n"
	}
	_, err := io.WriteString(out, text)
	return err
}
