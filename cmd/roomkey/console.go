package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/meet"
	"roomkey/web"
)

func consoleCommand() *cobra.Command {
	var target string
	var wanted tokens.Wanted
	c := &cobra.Command{
		Use:   "console",
		Short: "Print a link that signs in to the console in a browser",
		Long: `Print a link that signs in to the console in a browser: rooms, people, codes and
events on a page.

The link holds an access token, so treat it like one; roomkey token list shows
it, and roomkey token revoke ends it. Without --sub it is the owner's, who may do
everything; with --sub it is for somebody who may do what their role allows.`,
		Args: exactArgs(0),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, _ []string) error {
			if wanted.Subject == "" && (cmd.Flags().Changed("role") || cmd.Flags().Changed("name")) {
				return meet.Invalid("sub", "--role and --name need --sub", "Without --sub the link is the owner's.")
			}
			address, err := consoleAddress(cmd, cfg, target)
			if err != nil {
				return err
			}
			return printConsoleLink(cmd, cfg, address, wanted)
		}),
	}
	config.AddSourceFlags(c.Flags())
	c.Flags().StringVar(&target, "url", "",
		"where the browser reaches roomkey (default: public_url, or the address of the roomkey that has the data folder)")
	addTokenFlags(c, &wanted, "who signs in (default: the owner)", consoleTTL)
	return c
}

// consoleTTL is how long a link to the console is good for.
const consoleTTL = 12 * time.Hour

// printConsoleLink makes the access token and prints the link with it.
func printConsoleLink(cmd *cobra.Command, cfg config.Config, address string, wanted tokens.Wanted) error {
	wanted.Notes = cmd.ErrOrStderr()
	issue := wanted.Issue
	who := wanted.Role + " " + wanted.Subject
	if wanted.Subject == "" {
		issue = wanted.IssueToOwner
		who = "owner, who may do everything"
	}
	token, err := issue(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "It signs in the %s, until %s: open it in a browser, and show it to nobody.\n",
		who, time.Now().Add(wanted.TTL).UTC().Format("2006-01-02 15:04 UTC"))
	_, err = fmt.Fprintln(cmd.OutOrStdout(), address+web.ConsolePath+"#token="+token)
	return err
}

// consoleAddress is where the browser reaches roomkey, without a path at its end.
func consoleAddress(cmd *cobra.Command, cfg config.Config, target string) (string, error) {
	target = cmp.Or(target, cfg.PublicURL)
	if target == "" {
		h, err := datafolder.FindHolder(cmd.Context(), cfg.Data)
		switch {
		case errors.Is(err, datafolder.ErrNoHolder), errors.Is(err, datafolder.ErrSilent):
			return "", &meet.Error{Code: meet.CodeUnavailable,
				Message: "No roomkey with the data folder " + cfg.Data + " answers",
				Hint:    "Start one with roomkey serve, or give the address of another one with --url.", Err: err}
		case err != nil:
			return "", err
		}
		return h.URL(), nil
	}
	if _, ok := config.ParseURL(target, "http", "https"); !ok {
		return "", meet.Invalid("url", "--url must be a URL like https://meet.example.com", "")
	}
	return strings.TrimSuffix(target, "/"), nil
}
