package embedded

import (
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// Nobody can connect any more when the listener fails.
func TestServerThatDiesSaysSo(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context(), Config{APIKey: "key", APISecret: strings.Repeat("s", 32)})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.listener.Close()
	select {
	case <-s.Done():
	case <-time.After(time.Minute):
		t.Fatal("LiveKit has ended and Done is not closed")
	}
	if s.Err() == nil {
		t.Error("LiveKit has ended by itself and Err is nil")
	}
	if err := s.Stop(); err != nil {
		t.Errorf("Stop of a server that has ended: %v", err)
	}
}

// The limits on data and the address of media over TCP rest on these fields. If
// this fails after an upgrade, the new version has no way to keep them until
// privatefields.go is adapted.
func TestPrivateFieldsAreStillThere(t *testing.T) {
	t.Parallel()
	if err := checkFields(privateFields); err != nil {
		build, _ := debug.ReadBuildInfo()
		for _, module := range build.Deps {
			if strings.Contains(module.Path, "livekit-server") || strings.Contains(module.Path, "pion/webrtc") {
				t.Logf("broken by %s %s; v1.13.5 of LiveKit had the fields", module.Path, module.Version)
			}
		}
		t.Error(err)
	}
	for _, gone := range []privateField{fieldOf[Server, int]("noSuchField"), fieldOf[Server, string]("udpPort")} {
		if checkFields([]privateField{gone}) == nil {
			t.Errorf("nobody notices that %s has another type or is gone", gone.name)
		}
	}
}

// The media port is never named as a STUN server: browsers would not get the
// media then.
func TestTheMediaPortIsNoSTUNServer(t *testing.T) {
	t.Parallel()
	for udpPort, want := range map[int]string{7882: "127.0.0.1:3478", 3478: "127.0.0.1:3479", 3479: "127.0.0.1:3478"} {
		cfg := Config{APIKey: "key", APISecret: strings.Repeat("s", 32)}
		cfg.complete()
		conf, err := cfg.livekit(7880, udpPort)
		if err != nil {
			t.Fatal(err)
		}
		if got := conf.RTC.STUNServers; !slices.Equal(got, []string{want}) {
			t.Errorf("media on port %d: STUN servers %q, want %s", udpPort, got, want)
		}
	}
}
