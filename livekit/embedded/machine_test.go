package embedded_test

import (
	"slices"
	"strconv"
	"testing"

	"roomkey/livekit/livekittest"
)

// Beside loopback the machine's own address is advertised, with the same port.
func TestTheMachinesOwnAddress(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.MachineIP = outside(t)
	s := start(t, cfg)
	candidates, _ := hello(t, s, token(t, s, "room", "a"))
	slices.Sort(candidates)
	port := strconv.Itoa(s.UDPPort())
	want := []string{"udp 127.0.0.1 " + port, "udp " + cfg.MachineIP + " " + port}
	slices.Sort(want)
	if got := slices.Compact(candidates); !slices.Equal(got, want) {
		t.Errorf("candidates: got %q, want %q", got, want)
	}
	livekittest.Join(t, s.URL(), token(t, s, "room", "b"))
}

// A machine whose own address cannot be listened on does without.
func TestTheMachinesOwnAddressIsGone(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.MachineIP = "203.0.113.9"
	s := start(t, cfg)
	if got := s.MachineIP(); got != "" {
		t.Errorf("media is received at %q, which is not an address of this machine", got)
	}
	livekittest.Join(t, s.URL(), token(t, s, "room", "a"))
}
