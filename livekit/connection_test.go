package livekit_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"roomkey/livekit"
)

// A node that dies resets the connections that were kept to it. A call that is just
// on its way on one of them is made again on a new one.
func TestResetOfAKeptConnection(t *testing.T) {
	w := setup(t)
	target, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	var used sync.Map // addresses of clients that were answered once
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if _, kept := used.LoadOrStore(r.RemoteAddr, true); !kept {
			proxy.ServeHTTP(rw, r)
			return
		}
		conn, _, err := rw.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.(*net.TCPConn).SetLinger(0) // a reset
		_ = conn.Close()
	}))
	t.Cleanup(server.Close)
	through := connect(t, livekit.Config{URL: server.URL})
	for range 4 {
		if _, err := through.Participants(t.Context(), w.room.ID); err != nil {
			t.Fatalf("Participants over a connection that was reset: %v", err)
		}
	}
}
