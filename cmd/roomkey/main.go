// Command roomkey lets AI agents run video rooms over MCP, on LiveKit.
package main

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"roomkey/cmd/roomkey/internal/memory"
	"roomkey/cmd/roomkey/internal/server"
)

func main() {
	memory.Tune()
	server.KeepConns(http.DefaultTransport)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, streams{os.Stdin, os.Stdout, os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}
