package main

import (
	"io"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/move"
)

func moveCommand() *cobra.Command {
	var from, to string
	c := &cobra.Command{
		Use:   "move --from DATABASE --to DATABASE",
		Short: "Move everything from a database file to PostgreSQL, or back",
		Long: `Move everything from one database into another, which has to be empty: from the
file in a data folder to a PostgreSQL, or back. No roomkey may run on either.

    roomkey move --from data/roomkey.db --to postgres://roomkey@db.example.com/roomkey?sslmode=verify-full

All rows are copied in one transaction, read from the target again, and
compared. If that fails, or is interrupted, the target has no row and can be used
for another try. The source is never changed.

Put the password of a PostgreSQL into ~/.pgpass, a passfile, or PGPASSWORD: other
users of this machine can see what stands in the command line. Room codes, links and
events go on working; access tokens do so with the same signing secret (auth.secret).`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := move.New(from, to, cmd.ErrOrStderr())
			if err == nil {
				err = m.Run(cmd.Context())
			}
			if err == nil {
				_, err = io.WriteString(cmd.OutOrStdout(), m.Summary())
			}
			return err
		},
	}
	c.Flags().StringVar(&from, "from", "", "the database to move: a file, or a postgres:// URL")
	c.Flags().StringVar(&to, "to", "", "where to: a file or a postgres:// URL; nothing may be in it")
	return c
}
