// Command roomkey lets AI agents run video rooms over MCP, on LiveKit.
package main

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	tuneCollector()
	keepConns(http.DefaultTransport)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, streams{os.Stdin, os.Stdout, os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}

// connsKept is how many connections to LiveKit are kept open between calls. Go
// keeps two by default: rooms that are made at the same time would dial anew.
const connsKept = 32

// keepConns makes a transport keep that many. LiveKit's SDK uses the default one.
func keepConns(transport http.RoundTripper) {
	if t, ok := transport.(*http.Transport); ok {
		t.MaxIdleConnsPerHost = connsKept
	}
}
