package main

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/meet"
)

func secretCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "secret",
		Short: "Replace the secret that signs access tokens",
		Args:  exactArgs(0),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(secretRotateCommand())
	return c
}

func secretRotateCommand() *cobra.Command {
	var keep time.Duration
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Make a new signing secret; tokens of the old one count for a while",
		Long: `Make a new signing secret in the data folder. Access tokens that were signed
with the old one, or with one before it, count until the time given by --keep
has passed, or they have expired. If somebody may know the old secret, use --keep 0s and restart the
server: then every token of before is refused.

A running server takes the new secret within a second. The LiveKit inside goes
on with the old one until the next start; people who are in a call then come
back by themselves.`,
		Args: exactArgs(0),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, _ []string) error {
			switch {
			case keep < 0:
				return meet.Invalid("keep", "--keep must not be negative", "For example 720h, or 0s to end the old secret at once.")
			case cfg.Auth.Secret != "":
				return meet.Invalid("", "the signing secret is in the configuration (auth.secret)",
					"Put another one there, and the old one with its last day under auth.previous_secrets; then restart the server.")
			}
			if err := datafolder.Check(cfg.Data); err != nil {
				return err
			}
			now := time.Now()
			until := now.Add(keep)
			err := auth.Rotate(datafolder.SecretFile(cfg.Data), until, now)
			if errors.Is(err, fs.ErrNotExist) {
				return &meet.Error{Code: meet.CodeNotFound, Message: "There is no signing secret in " + cfg.Data,
					Hint: "Give the --data of the server."}
			}
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if keep == 0 {
				fmt.Fprintln(out, "There is a new signing secret. No token of before counts. "+
					"Restart the server, so that the LiveKit inside forgets the old one, too.")
			} else {
				fmt.Fprintf(out, "There is a new signing secret. Tokens that the old one has signed count until %s.\n",
					until.UTC().Format("2006-01-02 15:04 UTC"))
			}
			if len(cfg.Auth.PreviousSecrets) > 0 {
				fmt.Fprintln(out, "Those in the configuration (auth.previous_secrets) count until the time that stands there.")
			}
			return nil
		}),
	}
	config.AddSourceFlags(c.Flags())
	c.Flags().DurationVar(&keep, "keep", 720*time.Hour, "how long tokens of the old secret count; 0s is not at all")
	return c
}
