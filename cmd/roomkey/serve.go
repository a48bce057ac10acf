package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"roomkey/cmd/roomkey/internal/build"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/connect"
	"roomkey/cmd/roomkey/internal/server"
	"roomkey/cmd/roomkey/internal/tokens"
)

func serveCommand() *cobra.Command {
	var console bool
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run everything: MCP, the code exchange, and LiveKit unless one is configured",
		Args:  exactArgs(0),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, _ []string) error {
			ignoreSignals()
			s, err := server.NewForServe(cmd.Context(), cfg, newLogger(cfg, os.Stderr))
			if err != nil {
				return err
			}
			if isTerminal(cmd.OutOrStdout()) {
				_ = banner(s, cfg, os.Args[0], config.FileInUse(cmd.Flags())).Print(cmd.OutOrStdout()) // only words
			}
			if console {
				fmt.Fprintln(cmd.ErrOrStderr(), "This link opens the console, with rooms, people, codes and events.")
				address := cmp.Or(strings.TrimSuffix(cfg.PublicURL, "/"), s.Holder().URL())
				if err := printConsoleLink(cmd, cfg, address, tokens.Wanted{TTL: consoleTTL}); err != nil {
					return errors.Join(err, s.Close())
				}
			}
			return s.Run(cmd.Context())
		}),
	}
	config.AddFlags(c.Flags())
	c.Flags().BoolVar(&console, "console", false,
		"print a link that signs the owner in to the console, as roomkey console does")
	return c
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// banner tells of a server that was started as program, with that configuration file.
func banner(s *server.Server, c config.Config, program, file string) connect.Banner {
	livekit := c.LiveKit.URL
	if udp, tcp, inside := s.MediaPorts(); inside {
		livekit = fmt.Sprint("inside this process, media on UDP port ", udp)
		if tcp != 0 {
			livekit += fmt.Sprint(" and TCP port ", tcp)
		}
	}
	return connect.Banner{Version: build.Version().Version, Links: s.Links(), LiveKit: livekit, Data: c.Data,
		Local: s.Holder().URL(), Program: program, File: file}
}
