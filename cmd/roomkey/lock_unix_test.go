//go:build unix

package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Whoever calls what a lock names shows a token of the owner. So nothing counts
// but an address of this machine.
func TestParseOwnAddress(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"127.0.0.1:9090", "127.0.0.53:1", "[::1]:65535", netip.AddrPortFrom(outwardAddress(), 9090).String()} {
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

// What has the lock and is no roomkey, or names none, is shown no token.
func TestLockOfOthers(t *testing.T) {
	t.Parallel()
	var shown atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			shown.Add(1)
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	defer other.Close()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
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
	for _, named := range []string{strings.TrimPrefix(other.URL, "http://"), other.URL, strings.Replace(other.URL, "127.0.0.1", "localhost", 1), address, ""} {
		if err := announce(lock, named); err != nil {
			t.Fatal(err)
		}
		var out, stderr bytes.Buffer
		code := run(t.Context(), streams{nil, &out, &stderr}, []string{"call", "list_rooms", "--data", data, "--config", file})
		if want := "unavailable: No roomkey answers at http://" + address; code != 9 || !strings.HasPrefix(stderr.String(), want) {
			t.Errorf("call with %q in the lock: got exit code %d, %s, want 9, %s", named, code, &stderr, want)
		}
		stderr.Reset()
		code = run(t.Context(), streams{strings.NewReader(""), &out, &stderr}, []string{"stdio", "--data", data, "--config", file})
		if want := errDataInUse.Error(); code != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("stdio with %q in the lock: got exit code %d, %s, want 1, %s", named, code, &stderr, want)
		}
	}
	if n := shown.Load(); n > 0 {
		t.Errorf("the other program was shown %d tokens, want none", n)
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
