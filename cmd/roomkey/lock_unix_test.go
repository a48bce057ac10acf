//go:build unix

package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/config"
)

// Whoever calls what a lock names shows a token of the owner. So nothing counts
// but an address of this machine.
func TestParseOwnAddress(t *testing.T) {
	t.Parallel()
	own := netip.MustParseAddr(config.Default().NodeIP(netip.MustParseAddrPort("0.0.0.0:9090")))
	for _, good := range []string{"127.0.0.1:9090", "127.0.0.53:1", "[::1]:65535", netip.AddrPortFrom(own, 9090).String()} {
		if got, err := parseOwnAddress(good); err != nil || got.String() != good {
			t.Errorf("parseOwnAddress(%q): got %v, %v, want it", good, got, err)
		}
	}
	for _, bad := range []string{"", "\n", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", ":9090", "0.0.0.0:9090", "[::]:9090", "::1:9090",
		"localhost:9090", "203.0.113.7:9090", "[2001:db8::1]:9090", "example.com:80", "http://127.0.0.1:9090", "127.0.0.1:9090/mcp", "me@127.0.0.1:9090",
		"127.0.0.1:9090@example.com:80", " 127.0.0.1:9090", "127.0.0.1:9090 ", "127.0.0.1:9090\n127.0.0.1:9091", "127.0.0.1:9090#", "127.0.0.1:9090\x00"} {
		if got, err := parseOwnAddress(bad); err == nil {
			t.Errorf("parseOwnAddress(%q): got %v, want an error", bad, got)
		}
	}
}

// startImpostor is another program that says it is a roomkey, and takes down how
// often it was shown a token.
func startImpostor(t *testing.T, address string) (url string, shown *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	shown = new(atomic.Int32)
	other := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			shown.Add(1)
		}
		_, _ = io.WriteString(w, `{"name": "roomkey", "proof": "`+strings.Repeat("00", keySize)+`"}`)
	}))
	_ = other.Listener.Close()
	other.Listener = l
	other.Start()
	t.Cleanup(other.Close)
	return other.URL, shown
}

// What the lock names and cannot prove that it has it is shown no token, and
// neither is what answers at the configured address.
func TestLockOfOthers(t *testing.T) {
	t.Parallel()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	configured, shown := startImpostor(t, address)
	named, shownToo := startImpostor(t, "127.0.0.1:0")
	data := t.TempDir()
	lock, err := lockData(data)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte("listen: "+address+"\nauth:\n  secret: "+testSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := newHolder(strings.TrimPrefix(named, "http://"), commandServe)
	if err != nil {
		t.Fatal(err)
	}
	key := hex.EncodeToString(h.key)
	for _, says := range []string{"", h.address.String() + "\n", named + "\n" + key + "\nserve\n", h.address.String() + "\n\nserve\n",
		h.address.String() + "\n" + key + "\nserve\n"} {
		if _, err := lock.WriteAt([]byte(says), 0); err != nil {
			t.Fatal(err)
		}
		var out, stderr bytes.Buffer
		code := run(t.Context(), streams{nil, &out, &stderr}, []string{"call", "list_rooms", "--data", data, "--config", file})
		if want := "unauthenticated: The roomkey at " + configured + " has another data folder than " + data; code != 3 || !strings.HasPrefix(stderr.String(), want) {
			t.Errorf("call with %q in the lock: got exit code %d, %s, want 3, %s", says, code, &stderr, want)
		}
		run(t.Context(), streams{nil, &out, &stderr}, []string{"call", "list_rooms", "--data", data, "--config", file, "--url", configured})
		if code = run(t.Context(), streams{nil, &out, &stderr}, []string{"doctor", "--data", data, "--config", file}); code != 1 {
			t.Errorf("doctor with %q in the lock: got exit code %d, want 1", says, code)
		}
	}
	var out, stderr bytes.Buffer
	code := run(t.Context(), streams{strings.NewReader(""), &out, &stderr}, []string{"stdio", "--data", data, "--config", file})
	if code != 1 {
		t.Errorf("stdio: got exit code %d, %s, want 1", code, &stderr)
	}
	if n := shown.Load() + shownToo.Load(); n > 0 {
		t.Errorf("the other programs were shown %d tokens, want none", n)
	}
}

// A program that passes everything on to the roomkey, the challenge too, proves
// nothing: it is at another address.
func TestProofIsForOneAddress(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
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
			to, err := net.Dial("tcp", a.holder.address.String())
			if err != nil {
				_ = from.Close()
				continue
			}
			go func() { _, _ = io.Copy(to, from); _ = to.Close() }()
			go func() { _, _ = io.Copy(from, to); _ = from.Close() }()
		}
	}()
	conn, err := a.holder.dial(t.Context())
	if err != nil {
		t.Fatalf("the roomkey itself: got %v, want a proof", err)
	}
	_ = conn.Close()
	relayed := a.holder
	relayed.address = netip.MustParseAddrPort(relay.Addr().String())
	if conn, err := relayed.dial(t.Context()); !errors.Is(err, errUnproved) {
		t.Errorf("a relay before it: got %v, %v, want %v", conn, err, errUnproved)
	}
	other := a.holder
	other.key = make([]byte, keySize)
	if conn, err := other.dial(t.Context()); !errors.Is(err, errUnproved) {
		t.Errorf("the roomkey of another lock: got %v, %v, want %v", conn, err, errUnproved)
	}
}

// Who only asks whose a data folder is has its lock for an instant, and keeps
// nobody from claiming it.
func TestAskingLeavesTheLock(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first, err := lockData(data)
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	asking, err := holdData(data)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(lockEvery, func() { asking.Close() })
	second, err := lockData(data)
	if err != nil {
		t.Fatalf("claim a folder that is asked about: %v", err)
	}
	second.Close()
}
