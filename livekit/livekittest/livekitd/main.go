// Livekitd is the LiveKit of package embedded as a program of its own, for
// tests that cannot have it in their process. It prints its URL, and ends with
// its standard input.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"roomkey/livekit/embedded"
)

func main() {
	var c embedded.Config
	flag.StringVar(&c.APIKey, "key", "", "API `key`")
	flag.StringVar(&c.APISecret, "secret", "", "API `secret`")
	flag.IntVar(&c.Port, "port", 0, "signalling `port`; 0 is a free one")
	flag.IntVar(&c.UDPPort, "udp", 0, "media `port`; 0 is a free one")
	flag.Parse()
	if err := run(c); err != nil {
		fmt.Fprintln(os.Stderr, "livekitd:", err)
		os.Exit(1)
	}
}

func run(c embedded.Config) error {
	s, err := embedded.Start(context.Background(), c)
	if err != nil {
		return err
	}
	fmt.Println(s.URL())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return s.Stop()
}
