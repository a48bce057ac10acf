//go:build unix

package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"roomkey/cmd/roomkey/internal/datafolder"
)

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
		_, _ = io.WriteString(w, `{"name": "roomkey", "proof": "`+strings.Repeat("00", 32)+`"}`)
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
	lock, err := datafolder.Claim(data)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte("listen: "+address+"\nauth:\n  secret: "+testSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	const key = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	at := strings.TrimPrefix(named, "http://")
	for _, says := range []string{"", at + "\n", named + "\n" + key + "\nserve\n", at + "\n\nserve\n", at + "\n" + key + "\nserve\n"} {
		if err := os.WriteFile(filepath.Join(data, "lock"), []byte(says), 0o600); err != nil {
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
