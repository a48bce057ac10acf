package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/meet"
)

type streams struct {
	in       io.Reader
	out, err io.Writer
}

func run(ctx context.Context, io streams, args []string) int {
	root := &cobra.Command{
		Use:           "roomkey",
		Short:         "Video rooms for AI agents: MCP on your own LiveKit",
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetIn(io.in)
	root.SetOut(io.out)
	root.SetErr(io.err)
	root.SetArgs(args)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return meet.Invalid("", err.Error(), "See "+c.CommandPath()+" --help.")
	})
	root.AddCommand(serveCommand(), stdioCommand(io), tokenCommand(), userCommand(), secretCommand(), webhookCommand(),
		backupCommand(), restoreCommand(), moveCommand(), callCommand(), listCommand(), toolsCommand(), connectCommand(),
		consoleCommand(), doctorCommand(), versionCommand())
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var e *meet.Error
	if !errors.As(err, &e) {
		fmt.Fprintln(io.err, "roomkey: "+err.Error())
		return 1
	}
	fmt.Fprintln(io.err, bridge.ErrorLine(e))
	return max(exitCodes[e.Code], 1)
}

func newLogger(c config.Config, w *os.File) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // checked with the configuration
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

var exitCodes = map[meet.ErrorCode]int{
	meet.CodeInvalid: 2, meet.CodeUnauthenticated: 3, meet.CodeForbidden: 4, meet.CodeNotFound: 5,
	meet.CodeConflict: 6, meet.CodeGone: 7, meet.CodeRateLimited: 8, meet.CodeUnavailable: 9,
}

func configured(run func(*cobra.Command, config.Config, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		cfg, err := config.Load(cmd.Flags(), os.Environ())
		if err != nil {
			return err
		}
		return run(cmd, cfg, args)
	}
}

// exactArgs is cobra.ExactArgs with our exit code and a hint.
func exactArgs(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := cobra.ExactArgs(n)(c, args); err != nil {
			return meet.Invalid("", err.Error(), "Usage: "+c.UseLine())
		}
		return nil
	}
}
