// Command roomkey lets AI agents run video rooms over MCP, on LiveKit.
package main

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// gcPercent lets the heap grow to nine times what lives in it before the next
// collection. Little lives (some 10 MB) and much passes through: at Go's default
// of 100 a tenth of the time under load went into collecting. GOGC overrules it.
const gcPercent = 800

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
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
