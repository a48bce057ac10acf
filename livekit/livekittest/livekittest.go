// Package livekittest gives tests real LiveKit servers with people in them: a
// [embedded.Server] in this process, or the stock program as a [Server]; a
// [Person] who connects, publishes, is muted and kicked, and knows what the server
// said; and [Webhooks] that lose, delay or repeat what a server tells.
//
// Everything waits with a deadline and fails the test when that is over.
package livekittest

import (
	"testing"
	"time"

	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/livekit/embedded"
)

// The keys of a server made by [Start].
const (
	APIKey    = "testkey"
	APISecret = "a-secret-for-tests-of-32-characters"
)

// patience is how long a test waits for something that has to happen. A busy
// machine may need a while.
const patience = 90 * time.Second

func init() {
	// The SDK would write to standard error. Its logger can be set only before the
	// first participant, because the SDK does not lock it.
	lksdk.SetLogger(logger.GetDiscardLogger())
}

// Start runs a LiveKit server on free ports and stops it after the test. It
// takes a tenth of a second, so tests may well share one.
func Start(tb testing.TB) *embedded.Server {
	tb.Helper()
	s, err := embedded.Start(tb.Context(), embedded.Config{APIKey: APIKey, APISecret: APISecret})
	if err != nil {
		tb.Fatalf("start LiveKit: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Stop(); err != nil {
			tb.Errorf("stop LiveKit: %v", err)
		}
	})
	return s
}

// Wait waits until ok says true, and fails the test with what it waited for
// if that takes too long.
func Wait(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			tb.Fatalf("waited %v for: %s", patience, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
