package server

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
)

func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	const atOnce = 8
	var dialed atomic.Int64
	var together sync.WaitGroup // so that each call has a connection of its own
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		together.Done()
		together.Wait()
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			dialed.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	KeepConns(transport)
	client := &http.Client{Transport: transport}
	for range 3 {
		together.Add(atOnce)
		var calls sync.WaitGroup
		for range atOnce {
			calls.Go(func() {
				resp, err := client.Get(server.URL)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
			})
		}
		calls.Wait()
	}
	if got := dialed.Load(); got > atOnce+2 { // Go may dial while a connection is coming back
		t.Errorf("three times %d calls at once took %d connections", atOnce, got)
	}
}
