package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/build"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
)

func serveCommand() *cobra.Command {
	var console bool
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run everything: MCP, the code exchange, and LiveKit unless one is configured",
		Args:  exactArgs(0),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, _ []string) error {
			ignoreSignals()
			a, err := newServer(cmd.Context(), cfg, newLogger(cfg, os.Stderr))
			if err != nil {
				return err
			}
			if isTerminal(cmd.OutOrStdout()) {
				_ = banner(cmd.OutOrStdout(), a, cfg, os.Args[0], config.FileInUse(cmd.Flags())) // only words
			}
			if console {
				fmt.Fprintln(cmd.ErrOrStderr(), "This link opens the console, with rooms, people, codes and events.")
				address := cmp.Or(strings.TrimSuffix(cfg.PublicURL, "/"), a.holder.URL())
				if err := printConsoleLink(cmd, cfg, address, accessToken{ttl: consoleTTL}); err != nil {
					return errors.Join(err, a.Close())
				}
			}
			return a.Run(cmd.Context())
		}),
	}
	config.AddFlags(c.Flags())
	c.Flags().BoolVar(&console, "console", false,
		"print a link that signs the owner in to the console, as roomkey console does")
	return c
}

// newServer is newApp for serve. It tells a stdio that has the data folder that a
// serve waits for it, and the stdio leaves it.
func newServer(ctx context.Context, c config.Config, log *slog.Logger) (*app, error) {
	inUse := func(err error) bool {
		return errors.Is(err, bridge.ErrAddressInUse) || errors.Is(err, datafolder.ErrInUse)
	}
	a, err := newApp(ctx, c, log, datafolder.CommandServe)
	if !inUse(err) {
		return a, err
	}
	if h, holderErr := datafolder.ReadHolder(c.Data); holderErr != nil || h.Command != datafolder.CommandStdio {
		return nil, err
	}
	done, waitErr := datafolder.Wait(c.Data)
	if waitErr != nil {
		return nil, err // another serve waits already
	}
	defer func() { _ = done() }()
	log.Info("waiting for a roomkey stdio to leave the data folder")
	for deadline := time.Now().Add(bridge.StartWithin); ; {
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(bridge.PollEvery):
		}
		a, err = newApp(ctx, c, log, datafolder.CommandServe)
		if !inUse(err) || time.Now().After(deadline) {
			return a, err
		}
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// banner tells an operator what to paste into a client. It holds no token: the
// commands in it make one when they are run, in any folder.
func banner(w io.Writer, a *app, c config.Config, program, file string) error {
	livekit := c.LiveKit.URL
	if a.embedded != nil {
		livekit = fmt.Sprint("inside this process, media on UDP port ", a.embedded.UDPPort())
		if port := a.embedded.TCPPort(); port != 0 {
			livekit += fmt.Sprint(" and TCP port ", port)
		}
	}
	source := " --data " + shellWord(absolute(c.Data))
	if file != "" {
		source += " --config " + shellWord(absolute(file))
	}
	if strings.ContainsRune(program, filepath.Separator) {
		program = shellWord(absolute(program))
	}
	return settings.ExecuteTemplate(w, "banner", map[string]any{
		"Version": build.Version().Version, "Public": a.public.String(), "LiveKit": livekit, "Data": c.Data,
		"Local": a.holder.URL(), "Program": program, "Source": source, "OnlyHere": a.service.Links().OnlyHere(),
	})
}

// absolute makes a path good in every folder.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
