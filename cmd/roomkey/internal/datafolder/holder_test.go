package datafolder

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

// ownAddresses are the addresses of this machine.
func ownAddresses(t *testing.T) (own []string) {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		own = append(own, netip.AddrPortFrom(netip.MustParsePrefix(a.String()).Addr(), 9090).String())
	}
	return own
}

// An owner's token is sent to the address in a lock. So only an address of this
// machine is accepted.
func TestParseOwnAddress(t *testing.T) {
	t.Parallel()
	for _, good := range append(ownAddresses(t), "127.0.0.1:9090", "127.0.0.53:1", "[::1]:65535") {
		if got, err := parseOwnAddress(good); err != nil || got.String() != good {
			t.Errorf("parseOwnAddress(%q): got %v, %v, want it", good, got, err)
		}
	}
	for _, bad := range []string{
		"", "\n", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", ":9090", "0.0.0.0:9090", "[::]:9090",
		"::1:9090", "localhost:9090", "203.0.113.7:9090", "[2001:db8::1]:9090", "example.com:80",
		"http://127.0.0.1:9090", "127.0.0.1:9090/mcp", "me@127.0.0.1:9090", "127.0.0.1:9090@example.com:80",
		" 127.0.0.1:9090", "127.0.0.1:9090 ", "127.0.0.1:9090\n127.0.0.1:9091", "127.0.0.1:9090#", "127.0.0.1:9090\x00",
	} {
		if got, err := parseOwnAddress(bad); err == nil {
			t.Errorf("parseOwnAddress(%q): got %v, want an error", bad, got)
		}
	}
}

// A program that passes everything on to the roomkey, the challenge too, proves
// nothing: it is at another address.
func TestProofIsForOneAddress(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(nil)
	h := NewHolder(netip.MustParseAddrPort(server.Listener.Addr().String()), CommandServe)
	server.Config.Handler = h.AnswerChallenges(http.NotFoundHandler())
	server.Start()
	t.Cleanup(server.Close)
	relay, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = relay.Close() })
	go func() {
		for {
			from, err := relay.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", h.Address.String())
			if err != nil {
				_ = from.Close()
				continue
			}
			go func() { _, _ = io.Copy(to, from); _ = to.Close() }()
			go func() { _, _ = io.Copy(from, to); _ = from.Close() }()
		}
	}()
	conn, err := h.Dial(t.Context())
	if err != nil {
		t.Fatalf("the roomkey itself: got %v, want a proof", err)
	}
	_ = conn.Close()
	relayed, other := h, h
	relayed.Address = netip.MustParseAddrPort(relay.Addr().String())
	other.key = [keySize]byte{}
	for name, wrong := range map[string]Holder{"a relay": relayed, "the roomkey of another lock": other} {
		if conn, err := wrong.Dial(t.Context()); !errors.Is(err, ErrUnproved) {
			t.Errorf("%s: got %v, %v, want %v", name, conn, err, ErrUnproved)
		}
	}
}

// The lock says who has the data folder, as long as somebody has it.
func TestClaim(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if _, err := ReadHolder(folder); !errors.Is(err, ErrNoHolder) {
		t.Errorf("holder of a new folder: got %v, want %v", err, ErrNoHolder)
	}
	lock, err := Claim(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Claim(folder); !errors.Is(err, ErrInUse) {
		t.Errorf("a second claim: got %v, want %v", err, ErrInUse)
	}
	if _, err := Hold(folder); !errors.Is(err, ErrInUse) {
		t.Errorf("hold: got %v, want %v", err, ErrInUse)
	}
	if _, err := ReadHolder(folder); !errors.Is(err, ErrSilent) {
		t.Errorf("holder that is not announced: got %v, want %v", err, ErrSilent)
	}
	want := NewHolder(netip.MustParseAddrPort("127.0.0.1:9090"), CommandStdio)
	if err := lock.Announce(want); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadHolder(folder); err != nil || got != want {
		t.Errorf("holder: got %v, %v, want %v", got, err, want)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadHolder(folder); !errors.Is(err, ErrNoHolder) {
		t.Errorf("holder after the end: got %v, want %v", err, ErrNoHolder)
	}
}

// A process that only asks who has a data folder holds its lock for an instant,
// and keeps nobody from claiming it.
func TestAskingLeavesTheLock(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first, err := Claim(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	release, err := Hold(folder)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(lockEvery, func() { _ = release() })
	second, err := Claim(folder)
	if err != nil {
		t.Fatalf("claim a folder that is asked about: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

// A serve that waits is seen, by one process at a time, until it has done.
func TestWait(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if Awaited(folder) {
		t.Error("a new folder: somebody waits, want nobody")
	}
	done, err := Wait(folder)
	if err != nil {
		t.Fatal(err)
	}
	if !Awaited(folder) {
		t.Error("nobody waits, want somebody")
	}
	if _, err := Wait(folder); !errors.Is(err, ErrInUse) {
		t.Errorf("a second one who waits: got %v, want %v", err, ErrInUse)
	}
	if err := done(); err != nil || Awaited(folder) {
		t.Errorf("done: got %v, and somebody waits: %t; want nobody", err, Awaited(folder))
	}
}
