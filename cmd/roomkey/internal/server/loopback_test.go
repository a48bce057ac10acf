package server

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"roomkey/cmd/roomkey/internal/programtest"
)

// Browsers try [::1] first for localhost, and people type it.
func TestBothLoopbackAddresses(t *testing.T) {
	t.Parallel()
	probe, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no ::1")
	}
	_ = probe.Close()
	a := startServer(t, nil)
	for _, host := range []string{"127.0.0.1", "[::1]", "localhost"} {
		resp, err := http.Get(strings.Replace(a.url, "127.0.0.1", host, 1) + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d, want 200", host, resp.StatusCode)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	again, err := net.Listen("tcp", strings.Replace(strings.TrimPrefix(a.url, "http://"), "127.0.0.1", "[::1]", 1))
	if err != nil {
		t.Fatalf("after the stop the port is not free: %v", err)
	}
	_ = again.Close()
}

// Where another program has the port at ::1, 127.0.0.1 is enough.
func TestTheOtherLoopbackAddressIsTaken(t *testing.T) {
	t.Parallel()
	probe, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no ::1")
	}
	_ = probe.Close()
	address := programtest.FreeAddress(t)
	at := netip.MustParseAddrPort(address)
	taken, err := net.Listen("tcp", netip.AddrPortFrom(netip.IPv6Loopback(), at.Port()).String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	listeners, err := listen(t.Context(), at, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("listen at %s while [::1] is taken: %v", at, err)
	}
	for _, l := range listeners {
		_ = l.Close()
	}
}
