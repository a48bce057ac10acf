package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/meet"
)

func callCommand() *cobra.Command {
	var object, target, token string
	c := &cobra.Command{
		Use:   "call TOOL [key=value …]",
		Short: "Call one tool of a running roomkey, for scripts and CI",
		Long: `Call one tool of a running roomkey. The answer goes to standard output as
JSON, an error to standard error.

Arguments are key=value, with settings.allow_chat=false for what is inside an
object, or a JSON object with --json; the two can be mixed.

Without --url the roomkey that has the data folder is called, as its owner. With
--url give an access token with --token or in ROOMKEY_TOKEN.

Exit codes: 0 done, 2 invalid, 3 unauthenticated, 4 forbidden, 5 not found,
6 conflict, 7 gone, 8 rate limited, 9 unavailable, 1 anything else.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return meet.Invalid("", "no tool is named", "roomkey tools lists them.")
			}
			return nil
		},
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, args []string) error {
			arguments, err := bridge.ParseArguments(args[0], args[1:], object)
			if err != nil {
				return err
			}
			client, err := callClient(cmd.Context(), cfg, target, token)
			if err != nil {
				return err
			}
			content, err := client.CallTool(cmd.Context(), args[0], arguments)
			if err != nil {
				return err
			}
			var indented bytes.Buffer
			if err := json.Indent(&indented, content, "", "  "); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), indented.String())
			return err
		}),
	}
	addCallFlags(c.Flags(), "call", &target, &token)
	c.Flags().StringVar(&object, "json", "", "arguments as a JSON object")
	return c
}

// addCallFlags adds the flags that say which roomkey is called, or as verb says.
func addCallFlags(f *pflag.FlagSet, verb string, target, token *string) {
	config.AddSourceFlags(f)
	f.StringVar(target, "url", "",
		"address of the roomkey to "+verb+" (default: that of the data folder, or of the configuration)")
	f.StringVar(token, "token", "", "access token (default: ROOMKEY_TOKEN, or one made with the local secret)")
}

// callClient chooses the roomkey to call and the access token to show. A token
// of the owner goes only to the roomkey that has proved that it has the local
// data folder, and never to a program that just listens at a named or configured
// address.
func callClient(ctx context.Context, cfg config.Config, target, token string) (*bridge.Client, error) {
	if token == "" {
		token = os.Getenv("ROOMKEY_TOKEN")
	}
	var named *bridge.Client
	if target != "" {
		var err error
		if named, err = clientAt(target, token); err != nil || token != "" {
			return named, err
		}
	}
	h, err := datafolder.FindHolder(ctx, cfg.Data)
	switch {
	case err == nil && (target == "" || named.URL == h.URL()):
		if token != "" {
			return bridge.NewOwnerClient(h, bridge.FixedToken(token)), nil
		}
		token, err := tokens.ForOwner(cfg)
		c := bridge.NewOwnerClient(h, token)
		if errors.Is(err, tokens.ErrNoSecret) { // the server has another secret, such as auth.secret
			c.Token, c.Unauthenticated, err = bridge.FixedToken(""), err.Error(), nil
		}
		return c, err
	case target != "":
		return named, nil
	case !errors.Is(err, datafolder.ErrNoHolder) && !errors.Is(err, datafolder.ErrSilent):
		return nil, err
	}
	local := cfg.LocalURL()
	c := bridge.NewClient(local, bridge.FixedToken(token))
	if token != "" || !c.IsRoomkey(ctx) { // if nobody answers, the call says so
		return c, nil
	}
	return nil, notTheOwners(local, cfg.Data)
}

// clientAt makes a client of the roomkey at a URL. Without a token it says how to
// give one.
func clientAt(target, token string) (*bridge.Client, error) {
	if u, err := url.Parse(target); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, meet.Invalid("url", "--url must be a URL like http://127.0.0.1:9090", "")
	}
	c := bridge.NewClient(target, bridge.FixedToken(token))
	if token == "" {
		c.Unauthenticated = "Give one with --token or ROOMKEY_TOKEN."
	}
	return c, nil
}

// notTheOwners is the error where a roomkey answers that has another data
// folder: a token of the owner is not for it.
func notTheOwners(url, folder string) *meet.Error {
	return &meet.Error{Code: meet.CodeUnauthenticated,
		Message: "The roomkey at " + url + " has another data folder than " + folder,
		Hint:    "Give its --data, or --url with an access token in --token or ROOMKEY_TOKEN."}
}
