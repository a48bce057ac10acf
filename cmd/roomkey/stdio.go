package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/config"
)

func stdioCommand(io streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "stdio",
		Short: "Serve MCP on standard input and output as the local owner, for desktop clients",
		Long: `Serve MCP on standard input and output as the local owner.

Starts what roomkey serve starts, so that join links work while the client
runs. Where a roomkey already has the data folder, wherever it answers, messages
are bridged to that one, and when it ends, to the next one or to one that is
started here. To roomkey serve the data folder is left when that is started.`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), os.Environ())
			if err != nil {
				return err
			}
			return serveStdio(cmd.Context(), cfg, io)
		},
	}
	config.AddFlags(c.Flags())
	return c
}

func serveStdio(ctx context.Context, cfg config.Config, io streams) error {
	ignoreSignals()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	k := newKeeper(cfg, newLogger(cfg, os.Stderr))
	begun, kept := make(chan struct{}), make(chan error, 1)
	go func() { kept <- k.run(ctx, func() { close(begun) }) }()
	select {
	case err := <-kept:
		return notBegun(ctx, cfg, err)
	case <-begun:
	}
	// No more is offered than this configuration does: the ceilings of a
	// client's command line hold whichever roomkey answers.
	b := &bridge{servers: k, out: io.out, offered: offering(cfg.Selection())}
	bridged := make(chan error, 1)
	go func() { bridged <- b.run(ctx, io.in) }()
	var err1, err2 error
	select {
	case err1 = <-bridged: // the client has gone
		stop()
		err2 = <-kept
	case err2 = <-kept: // by a signal, or because a part died
		stop()
		err1 = <-bridged // which has seen to it that running calls are answered
	}
	return errors.Join(err1, err2)
}

// notBegun words why there is no roomkey to bridge to.
func notBegun(ctx context.Context, cfg config.Config, err error) error {
	local, urlErr := cfg.LocalURL()
	if !errors.Is(err, errAddressInUse) || urlErr != nil || !newClient(local, nil).isRoomkey(ctx) {
		return err
	}
	if _, err := ownerTokens(cfg); errors.Is(err, errNoSecret) {
		return err
	}
	return fmt.Errorf("the roomkey at %s has another data folder than %s: give its --data", local, cfg.Data)
}
