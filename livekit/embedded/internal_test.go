package embedded

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// LiveKit ends itself when its HTTP server fails.
func TestServerThatDiesSaysSo(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context(), Config{APIKey: "key", APISecret: strings.Repeat("s", minSecret)})
	if err != nil {
		t.Fatal(err)
	}
	s.lk.Stop(true)
	select {
	case <-s.Done():
	case <-time.After(time.Minute):
		t.Fatal("LiveKit has ended and Done is not closed")
	}
	if s.Err() == nil {
		t.Error("LiveKit has ended by itself and Err is nil")
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("Stop of what has ended: %v", err)
	}
}

// The media port is never named as a STUN server: no browser would hear it.
func TestTheMediaPortIsNoSTUNServer(t *testing.T) {
	t.Parallel()
	for udpPort, want := range map[int]string{7882: "127.0.0.1:3478", 3478: "127.0.0.1:3479", 3479: "127.0.0.1:3478"} {
		cfg := Config{APIKey: "key", APISecret: strings.Repeat("s", minSecret)}
		if err := cfg.complete(); err != nil {
			t.Fatal(err)
		}
		conf, err := cfg.livekit(7880, udpPort)
		if err != nil {
			t.Fatal(err)
		}
		if got := conf.RTC.STUNServers; !slices.Equal(got, []string{want}) {
			t.Errorf("media on port %d: STUN servers %q, want %s", udpPort, got, want)
		}
	}
}
