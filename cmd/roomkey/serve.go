package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/build"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/listen"
)

func serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run everything: MCP, the code exchange, and LiveKit unless one is configured",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), os.Environ())
			if err != nil {
				return err
			}
			ignoreSignals()
			a, err := newServer(cmd.Context(), cfg, newLogger(cfg, os.Stderr))
			if err != nil {
				return err
			}
			if isTerminal(cmd.OutOrStdout()) {
				banner(cmd.OutOrStdout(), a, cfg, os.Args[0], config.FileInUse(cmd.Flags()))
			}
			return a.Run(cmd.Context())
		},
	}
	config.AddFlags(c.Flags())
	return c
}

// newServer is newApp for serve. A stdio that has the data folder is told that a
// serve wants it, and leaves it.
func newServer(ctx context.Context, c config.Config, log *slog.Logger) (*app, error) {
	a, err := newApp(ctx, c, log, datafolder.CommandServe)
	if !errors.Is(err, listen.ErrInUse) && !errors.Is(err, datafolder.ErrInUse) {
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
		if err == nil || !errors.Is(err, listen.ErrInUse) && !errors.Is(err, datafolder.ErrInUse) || time.Now().After(deadline) {
			return a, err
		}
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// banner tells an operator what to paste into a client. It holds no token:
// the commands in it make one when they are run, in whatever folder.
func banner(w io.Writer, a *app, c config.Config, self, file string) {
	livekit := c.LiveKit.URL
	if a.embedded != nil {
		livekit = fmt.Sprint("inside this process, media on UDP port ", a.embedded.UDPPort())
	}
	source := " --data " + shellWord(absolute(c.Data))
	if file != "" {
		source += " --config " + shellWord(absolute(file))
	}
	if strings.ContainsRune(self, filepath.Separator) {
		self = shellWord(absolute(self))
	}
	fmt.Fprintf(w, `
  Roomkey %s
  MCP        %s/mcp
  LiveKit    %s
  Data       %s

  Connect Claude Code:
    claude mcp add --transport http roomkey %s/mcp --header "Authorization: Bearer $(%s token --sub me --ttl 720h%s)"

  Settings for another client (claude-desktop, vscode, cursor or codex):
    %s connect vscode --url %s%s

  Or try it here:
    %s call create_room name=hello create_codes=true --url http://%s --token "$(%s token --sub me%s)"

  Stop with Ctrl-C.

`, build.Version().Version, a.public, livekit, c.Data, a.public, self, source, self, a.public, source, self, config.Reachable(a.listener.Addr().String()), self, source)
}

// absolute makes a path good in every folder.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// shellWord quotes a text for a shell where it has to be.
func shellWord(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-", r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
