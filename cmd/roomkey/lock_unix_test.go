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
	"roomkey/cmd/roomkey/internal/programtest"
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
	address := programtest.FreeAddress(t)
	configured, shown := startImpostor(t, address)
	named, shownToo := startImpostor(t, "127.0.0.1:0")
	data := t.TempDir()
	lock, err := datafolder.Claim(data)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte("listen: "+address+"\nauth:\n  secret: "+programtest.Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	roomkey := func(args ...string) (code int, said string) {
		var out, stderr bytes.Buffer
		args = append(args, "--data", data, "--config", file)
		code = run(t.Context(), streams{strings.NewReader(""), &out, &stderr}, args)
		return code, stderr.String()
	}
	const key = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	at := strings.TrimPrefix(named, "http://")
	want := "unauthenticated: The roomkey at " + configured + " has another data folder than " + data
	for _, says := range []string{
		"", at + "\n", named + "\n" + key + "\nserve\n", at + "\n\nserve\n", at + "\n" + key + "\nserve\n",
	} {
		if err := os.WriteFile(filepath.Join(data, "lock"), []byte(says), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, said := roomkey("call", "list_rooms"); code != 3 || !strings.HasPrefix(said, want) {
			t.Errorf("call with %q in the lock: got exit code %d, %s, want 3, %s", says, code, said, want)
		}
		roomkey("call", "list_rooms", "--url", configured)
		if code, said := roomkey("doctor"); code != 1 {
			t.Errorf("doctor with %q in the lock: got exit code %d, %s, want 1", says, code, said)
		}
	}
	if code, said := roomkey("stdio"); code != 1 {
		t.Errorf("stdio: got exit code %d, %s, want 1", code, said)
	}
	if n := shown.Load() + shownToo.Load(); n > 0 {
		t.Errorf("the other programs were shown %d tokens, want none", n)
	}
}
