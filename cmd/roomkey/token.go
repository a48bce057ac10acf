package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/meet"
)

func tokenCommand() *cobra.Command {
	var wanted tokens.Wanted
	c := &cobra.Command{
		Use:   "token --sub SUBJECT",
		Short: "Print an access token; list and revoke those that were made",
		Args:  exactArgs(0),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, _ []string) error {
			wanted.Notes = cmd.ErrOrStderr()
			token, err := wanted.Issue(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), token)
			return err
		}),
	}
	config.AddSourceFlags(c.Flags())
	addTokenFlags(c, &wanted, "who the token is for (required)", 24*time.Hour)
	c.Flags().StringVar(&wanted.Scope, "scope", "", "what it may do at most, words with spaces between: "+
		tokens.AllScopes()+" (default: all that its role may)")
	c.Flags().StringSliceVar(&wanted.Rooms, "rooms", nil, "names or ids of the only rooms that it is for, with commas "+
		"between; it may manage them unless --role says otherwise")
	c.AddCommand(tokenListCommand(), tokenRevokeCommand())
	return c
}

// addTokenFlags gives a command the flags of the access token that it makes.
func addTokenFlags(c *cobra.Command, wanted *tokens.Wanted, subject string, ttl time.Duration) {
	f := c.Flags()
	wanted.Given = f.Changed
	f.StringVar(&wanted.Subject, "sub", "", subject)
	f.StringVar(&wanted.Name, "name", "", "display name")
	f.StringVar(&wanted.Role, "role", string(meet.User), "superadmin, user or guest")
	f.DurationVar(&wanted.TTL, "ttl", ttl, "how long it is good for")
}
