package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"roomkey/meet"
)

func stdioCommand(io streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "stdio",
		Short: "Serve MCP on standard input and output as the local owner, for desktop clients",
		Long: `Serve MCP on standard input and output as the local owner.

Starts what roomkey serve starts, so that join links work while the client
runs. Where a roomkey already has the data folder, or answers at the configured
address, messages are bridged to that one.`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd.Flags(), os.Environ())
			if err != nil {
				return err
			}
			return serveStdio(cmd.Context(), config, io)
		},
	}
	addConfigFlags(c.Flags())
	return c
}

func serveStdio(ctx context.Context, config Config, io streams) error {
	ignoreBrokenPipes()
	log := newLogger(config, os.Stderr)
	local, err := localURL(config)
	if err != nil {
		return err
	}
	a, err := newApp(ctx, config, log)
	switch {
	case errors.Is(err, errAddressInUse), errors.Is(err, errDataInUse):
		running := ownerURL(ctx, config.Data)
		if running == "" && errors.Is(err, errAddressInUse) && newClient(local, nil).isRoomkey(ctx) {
			running = local
		}
		if running == "" {
			return err
		}
		log.Info("a roomkey is running already, bridging to it", "url", running)
		return bridgeTo(ctx, config, running, io)
	case err != nil:
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- a.run(ctx) }()
	bridged := make(chan error, 1)
	go func() { bridged <- bridgeTo(ctx, config, "http://"+reachable(a.listener.Addr().String()), io) }()
	select {
	case err = <-bridged: // the client has gone
		stop()
		return errors.Join(err, <-stopped)
	case err = <-stopped: // by a signal, or because a part died
		return errors.Join(err, <-bridged) // which has seen to it that running calls are answered
	}
}

// bridgeTo bridges to the roomkey at url as the local owner, and offers no more
// than this configuration does: the ceilings of a client's command line
// hold whichever server answers.
func bridgeTo(ctx context.Context, config Config, url string, io streams) error {
	tokens, err := ownerTokens(config)
	if err != nil {
		return err
	}
	b := &bridge{client: newClient(url, tokens), out: io.out, offered: offering(config.selection())}
	b.client.noDestruction = config.DisableDestructive
	ping := []byte(`{"jsonrpc":"2.0","id":0,"method":"ping"}`)
	err = b.client.post(ctx, ping, func([]byte) error { return nil })
	if meet.IsCode(err, meet.CodeUnauthenticated) {
		return fmt.Errorf("the roomkey at %s has another signing secret: give its --data", url)
	}
	return b.run(ctx, io.in)
}
