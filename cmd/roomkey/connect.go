package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/connect"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/meet"
)

func connectCommand() *cobra.Command {
	var target string
	var wanted tokens.Wanted
	c := &cobra.Command{
		Use:   "connect CLIENT",
		Short: "Print ready settings for " + listWords(connect.Names(), "or"),
		Long: `Print ready settings for an MCP client: ` + listWords(connect.Names(), "or") + `.

What is to be pasted goes to standard output alone; where to put it goes to
standard error. But for Claude Desktop, which starts this program itself, and for
claude.ai and ChatGPT, in which you sign in, it holds an access token, so treat it
like one.`,
		Args: func(_ *cobra.Command, args []string) error {
			hint := "Known clients: " + strings.Join(connect.Names(), ", ") + "."
			switch {
			case len(args) == 0:
				return meet.Invalid("", "no client is named", hint)
			case len(args) > 1:
				return meet.Invalid("", "one client at a time", hint)
			case !slices.Contains(connect.Names(), args[0]):
				return meet.Invalid("", fmt.Sprintf("%q is no client that is known here", args[0]), hint)
			}
			return nil
		},
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, args []string) error {
			return printSettings(cmd, cfg, connect.Clients[slices.Index(connect.Names(), args[0])], target, wanted)
		}),
	}
	config.AddSourceFlags(c.Flags())
	c.Flags().StringVar(&target, "url", "",
		"where the client reaches roomkey (default: public_url, the address of the roomkey that has the data folder, or the "+
			"configured one)")
	addTokenFlags(c, &wanted, "who the token is for (default: the owner, who roomkey call and stdio are, too)",
		720*time.Hour)
	return c
}

// printSettings prints the settings and, apart from them, what to do with them.
func printSettings(cmd *cobra.Command, cfg config.Config, client connect.Client, target string,
	wanted tokens.Wanted) error {
	out, notes := cmd.OutOrStdout(), cmd.ErrOrStderr()
	wanted.Notes = notes
	with := connect.Connection{File: config.FileInUse(cmd.Flags()), Data: connect.Absolute(cfg.Data)}
	if with.File != "" {
		with.File = connect.Absolute(with.File)
	}
	var err error
	switch {
	case client.Local:
		with.Program, err = connect.Program()
	case client.SignsIn:
		with.URL, err = connect.SignInURL(cmd.Context(), cfg, target)
	default:
		if with.URL, err = connect.URL(cmd.Context(), cfg, target); err == nil {
			with.Token, err = wanted.IssueForClient(cmd.Context(), cfg)
		}
	}
	if err != nil {
		return err
	}
	if err := client.Write(out, with); err != nil {
		return err
	}
	fmt.Fprintln(notes, client.Where)
	if client.SignsIn {
		fmt.Fprintln(notes, "It holds no token: the client sends you to a page of roomkey that asks for your user and "+
			"passcode. roomkey user add makes one.")
		return nil
	}
	if !client.Local {
		fmt.Fprintf(notes, "It holds an access token of the %s %s, good until %s: "+
			"show it to nobody, and keep it out of version control.\n",
			wanted.Role, cmp.Or(wanted.Subject, tokens.Owner.ID),
			time.Now().Add(wanted.TTL).UTC().Format("2006-01-02 15:04 UTC"))
		return nil
	}
	fmt.Fprintln(notes, "It holds no access token, no URL and no user: the person who runs it is the local owner.")
	names := config.Variables(os.Environ())
	names = slices.DeleteFunc(names, func(name string) bool { return name == "ROOMKEY_DATA" }) // the settings have --data
	if len(names) > 0 {
		fmt.Fprintf(notes, "The client does not know these variables of your shell: %s. "+
			"Put them into the configuration file, or under \"env\".\n", strings.Join(names, ", "))
	}
	return nil
}

func listWords(words []string, last string) string {
	n := len(words) - 1
	return strings.Join(words[:n], ", ") + " " + last + " " + words[n]
}
