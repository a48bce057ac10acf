package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/database"
	"roomkey/cmd/roomkey/internal/output"
	"roomkey/cmd/roomkey/internal/tokens"
)

func tokenListCommand() *cobra.Command {
	var asJSON, all bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the access tokens that were made here and have not expired",
		Args:  exactArgs(0),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, _ []string) error {
			listed, err := tokens.List(cmd.Context(), cfg, all)
			if err != nil {
				return database.Explain(cfg, err)
			}
			return printTokens(cmd.OutOrStdout(), listed, asJSON)
		}),
	}
	config.AddSourceFlags(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false,
		"print a JSON list of {id, subject, name, role, issued_at, expires_at, revoked_at, last_used_at, scope, rooms}")
	c.Flags().BoolVar(&all, "all", false, "also those that have expired")
	return c
}

func printTokens(w io.Writer, listed []tokens.Listed, asJSON bool) error {
	var rows [][]string
	for _, t := range listed {
		rows = append(rows, []string{t.ID, cmp.Or(t.Subject, "-"), cmp.Or(t.Name, "-"), cmp.Or(string(t.Role), "-"),
			output.Time(t.IssuedAt), output.Time(t.ExpiresAt), output.Time(t.RevokedAt), output.Time(t.LastUsed),
			cmp.Or(t.Scope, "all"), cmp.Or(strings.Join(t.Rooms, ","), "all")})
	}
	return output.List(w, asJSON, listed,
		[]string{"ID", "SUBJECT", "NAME", "ROLE", "ISSUED", "EXPIRES", "REVOKED", "LAST USED", "SCOPE", "ROOMS"}, rows)
}

func tokenRevokeCommand() *cobra.Command {
	var unlisted bool
	c := &cobra.Command{
		Use:   "revoke ID",
		Short: "Take an access token back; a running server refuses it within a second",
		Long: `Take an access token back. A running server refuses it within a second.

roomkey token list shows the ids. A token that was made elsewhere, with
the same secret, is on no list: its id is the claim jti, and --unlisted takes it
back. Who is inside a room stays there; kick_participant removes them.`,
		Args: exactArgs(1),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, args []string) error {
			token, before, err := tokens.Revoke(cmd.Context(), cfg, args[0], unlisted)
			if err != nil {
				return database.Explain(cfg, err)
			}
			out := cmd.OutOrStdout()
			switch {
			case before:
				_, err = fmt.Fprintf(out, "%s was revoked before, at %s.\n", token.ID, token.RevokedAt.Format(time.RFC3339))
			case token.Subject == "":
				_, err = fmt.Fprintf(out, "Revoked %s, which is on no list.\n", token.ID)
			default:
				_, err = fmt.Fprintf(out, "Revoked %s of %s (%s).\n", token.ID, token.Subject, token.Role)
			}
			return err
		}),
	}
	config.AddSourceFlags(c.Flags())
	c.Flags().BoolVar(&unlisted, "unlisted", false, "also where the id is not on the list")
	return c
}
