package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/server"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/meet"
)

func stdioCommand(io streams) *cobra.Command {
	var target, token string
	var channel []string
	c := &cobra.Command{
		Use:   "stdio",
		Short: "Serve MCP on standard input and output as the local owner, for desktop clients",
		Long: `Serve MCP on standard input and output as the local owner.

Starts what roomkey serve starts, so that join links work while the client
runs. Where a roomkey already has the data folder, wherever it answers, messages
are bridged to that one, and when it ends, to the next one or to one that is
started here. To roomkey serve the data folder is left when that is started.

With --url nothing is started: messages are bridged to the roomkey there, which
may be on another machine, with the access token in ROOMKEY_TOKEN or --token.

With --channel a session of Claude Code is told of events by itself, as soon as
they happen: claude --dangerously-load-development-channels server:NAME, where NAME
is that of this server in its configuration.`,
		Args: exactArgs(0),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, _ []string) error {
			kinds, err := eventKinds(channel)
			if err != nil {
				return err
			}
			if target != "" {
				client, err := clientAt(target, cmp.Or(token, os.Getenv("ROOMKEY_TOKEN")))
				if err != nil {
					return err
				}
				return bridge.ServeTo(cmd.Context(), client, cfg.Selection(), kinds, io.in, io.out)
			}
			return serveStdio(cmd.Context(), cfg, kinds, io)
		}),
	}
	config.AddFlags(c.Flags())
	c.Flags().StringVar(&target, "url", "", "address of a roomkey to bridge to, in place of that of the data folder")
	c.Flags().StringVar(&token, "token", "", "access token for --url (default: ROOMKEY_TOKEN)")
	c.Flags().StringSliceVar(&channel, "channel", nil,
		"kinds of events to push into a Claude Code session, separated by commas: "+listOf(meet.EventKinds))
	return c
}

// eventKinds checks the kinds of events of --channel.
func eventKinds(names []string) (kinds []meet.EventKind, err error) {
	for _, name := range names {
		kind := meet.EventKind(strings.TrimSpace(name))
		if !slices.Contains(meet.EventKinds, kind) {
			return nil, meet.Invalid("channel", fmt.Sprintf("--channel must name kinds of events, not %q", name),
				"The kinds are "+listOf(meet.EventKinds)+".")
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

func listOf(kinds []meet.EventKind) string {
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = string(kind)
	}
	return strings.Join(names, ", ")
}

func serveStdio(ctx context.Context, cfg config.Config, channel []meet.EventKind, io streams) error {
	ignoreSignals()
	log := newLogger(cfg, os.Stderr)
	err := bridge.Serve(ctx, bridge.Config{
		Data: cfg.Data, Listen: cfg.ListenAddress(), Log: log, Selection: cfg.Selection(), Channel: channel,
		OwnerToken: func() (func() (string, error), error) { return tokens.ForOwner(cfg) },
		Start: func(ctx context.Context, address netip.AddrPort) (bridge.Server, error) {
			c := cfg
			c.Listen = address.String()
			return server.New(ctx, c, log, datafolder.CommandStdio)
		},
	}, io.in, io.out)
	return addressTaken(ctx, cfg, err)
}

// addressTaken words the error where a roomkey with another data folder has the
// address.
func addressTaken(ctx context.Context, cfg config.Config, err error) error {
	local := cfg.LocalURL()
	if !errors.Is(err, bridge.ErrAddressInUse) || !bridge.NewClient(local, nil).IsRoomkey(ctx) {
		return err
	}
	if _, err := tokens.ForOwner(cfg); errors.Is(err, tokens.ErrNoSecret) {
		return err
	}
	return fmt.Errorf("the roomkey at %s has another data folder than %s: give its --data", local, cfg.Data)
}
