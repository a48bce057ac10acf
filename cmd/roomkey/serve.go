package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"
)

func serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run everything: MCP, the code exchange, and LiveKit unless one is configured",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd.Flags(), os.Environ())
			if err != nil {
				return err
			}
			ignoreSignals()
			a, err := newServer(cmd.Context(), config, newLogger(config, os.Stderr))
			if err != nil {
				return err
			}
			if isTerminal(cmd.OutOrStdout()) {
				banner(cmd.OutOrStdout(), a, config, os.Args[0], configFileInUse(cmd.Flags()))
			}
			return a.run(cmd.Context())
		},
	}
	addConfigFlags(c.Flags())
	return c
}

// newServer is newApp for serve. A stdio that has the data folder is told that a
// serve wants it, and leaves it.
func newServer(ctx context.Context, c Config, log *slog.Logger) (*app, error) {
	a, err := newApp(ctx, c, log, commandServe)
	if !errors.Is(err, errAddressInUse) && !errors.Is(err, errDataInUse) {
		return a, err
	}
	if h, holderErr := readHolder(c.Data); holderErr != nil || h.command != commandStdio {
		return nil, err
	}
	wait, waitErr := announceWait(c.Data)
	if waitErr != nil {
		return nil, err // another serve waits already
	}
	defer func() { _ = wait.Close() }()
	log.Info("waiting for a roomkey stdio to leave the data folder")
	for deadline := time.Now().Add(startWithin); ; {
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(keeperEvery):
		}
		a, err = newApp(ctx, c, log, commandServe)
		if err == nil || !errors.Is(err, errAddressInUse) && !errors.Is(err, errDataInUse) || time.Now().After(deadline) {
			return a, err
		}
	}
}

// addConfigFlags adds the flags of the commands that run the server.
func addConfigFlags(f *pflag.FlagSet) {
	addSourceFlags(f)
	f.String("listen", "", "address and port to listen on (default 127.0.0.1:9090)")
	f.String("public-url", "", "where people reach this server, if not at the address it listens on")
	f.Bool("read-only", false, "offer only tools that change nothing")
	f.Bool("disable-destructive", false, "offer no tools that remove people or end something")
	f.String("toolsets", "", "tools to offer, separated by commas: rooms, codes, moderation, hms (default all but hms)")
	f.String("log-level", "", "debug, info, warn or error (default info)")
}

// addSourceFlags adds the flags that every command with a configuration takes.
func addSourceFlags(f *pflag.FlagSet) {
	f.String("config", "", "configuration file (default config.yaml, if there is one)")
	f.String("data", "", "folder for the database and the signing secret (default data)")
}

// ignoreSignals keeps a long-running command alive when the program that reads its
// output goes away, or a file reaches the size that the system allows.
// Otherwise the next line of the log, or the next write to the database, would
// end the process on the spot.
func ignoreSignals() { signal.Ignore(syscall.SIGPIPE, signalFileSize) }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// banner tells an operator what to paste into a client. It holds no token:
// the commands in it make one when they are run, in whatever folder.
func banner(w io.Writer, a *app, c Config, self, file string) {
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

`, buildVersion().Version, a.public, livekit, c.Data, a.public, self, source, self, a.public, source, self, reachable(a.listener.Addr().String()), self, source)
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
