package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"roomkey/meet"
)

func tokenCommand() *cobra.Command {
	var (
		sub, name, role string
		ttl             time.Duration
	)
	c := &cobra.Command{
		Use:   "token --sub SUBJECT",
		Short: "Print an access token",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd.Flags(), os.Environ())
			if err != nil {
				return err
			}
			switch {
			case sub == "":
				return meet.Invalid("sub", "--sub is required", "Name the user or agent the token is for, like --sub ada.")
			case !meet.PrincipalRole(role).Valid():
				return meet.Invalid("role", "--role must be superadmin, user or guest", "")
			case ttl <= 0:
				return meet.Invalid("ttl", "--ttl must be a positive time span", "For example 24h.")
			}
			if _, err := os.Stat(secretFile(config)); err != nil && config.Auth.Secret == "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "roomkey: making a signing secret in %s; the server must use the same --data\n", config.Data)
			}
			_, authority, err := openAuth(config)
			if err != nil {
				return err
			}
			token, err := authority.Sign(meet.Principal{ID: sub, Name: name, Role: meet.PrincipalRole(role)}, ttl)
			if err != nil {
				return meet.Invalid("", err.Error(), "")
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), token)
			return err
		},
	}
	addSourceFlags(c.Flags())
	c.Flags().StringVar(&sub, "sub", "", "who the token is for (required)")
	c.Flags().StringVar(&name, "name", "", "display name")
	c.Flags().StringVar(&role, "role", string(meet.User), "superadmin, user or guest")
	c.Flags().DurationVar(&ttl, "ttl", 24*time.Hour, "how long it is good for")
	return c
}
