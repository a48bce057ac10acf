package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"sync"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/livekit/livekittest"
)

// gatedLiveKit is a real LiveKit behind a gate. While that is shut, requests
// wait before it.
type gatedLiveKit struct {
	url     string
	arrived chan string // the name of each request that found the gate shut

	mu      sync.Mutex
	shut    chan struct{} // nil is open
	givenUp int           // requests whose sender did not wait for the gate
}

func startGatedLiveKit(t *testing.T) *gatedLiveKit {
	t.Helper()
	target, err := url.Parse(livekittest.Start(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	g := &gatedLiveKit{arrived: make(chan string, 100)}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		shut := g.shut
		g.mu.Unlock()
		if shut != nil && !reconciles(r) {
			g.arrived <- path.Base(r.URL.Path)
			if !g.passes(r, shut) {
				return
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	g.url = server.URL
	t.Cleanup(server.Close)
	t.Cleanup(g.open)
	return g
}

// reconciles says whether Roomkey asks of its own accord: for all rooms there
// are, which is an empty request.
func reconciles(r *http.Request) bool {
	return path.Base(r.URL.Path) == "ListRooms" && r.ContentLength == 0
}

// passes waits with a request until the gate opens or its sender is gone.
func (g *gatedLiveKit) passes(r *http.Request, shut <-chan struct{}) bool {
	body, _ := io.ReadAll(r.Body) // only then a server notices that the sender is gone
	r.Body = io.NopCloser(bytes.NewReader(body))
	select {
	case <-shut:
		return true
	case <-r.Context().Done():
		g.mu.Lock()
		defer g.mu.Unlock()
		g.givenUp++
		return false
	}
}

func (g *gatedLiveKit) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut == nil {
		g.shut = make(chan struct{})
	}
}

func (g *gatedLiveKit) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		close(g.shut)
		g.shut = nil
	}
}

// await waits until a request stands before the gate.
func (g *gatedLiveKit) await(t *testing.T) {
	t.Helper()
	select {
	case <-g.arrived:
	case <-time.After(patience):
		t.Fatalf("no request reached LiveKit within %v", patience)
	}
}

// use points a program in this process to it.
func (g *gatedLiveKit) use(c *config.Config) {
	c.Rooms.CreateMedia = config.MediaAtCreate // every create asks it
	c.LiveKit.URL, c.LiveKit.APIKey, c.LiveKit.APISecret = g.url, livekittest.APIKey, livekittest.APISecret
}

// env points another process to it.
func (g *gatedLiveKit) env() []string {
	return []string{"LIVEKIT_URL=" + g.url,
		"LIVEKIT_API_KEY=" + livekittest.APIKey, "LIVEKIT_API_SECRET=" + livekittest.APISecret,
		"ROOMKEY_ROOMS_CREATE_MEDIA=" + config.MediaAtCreate}
}

// startHangingLiveKit is a server that takes connections and never says a word.
func startHangingLiveKit(t *testing.T) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns = append(conns, c)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
		for _, c := range conns {
			c.Close()
		}
	})
	return "http://" + l.Addr().String()
}

// foreignLiveKit points a program in this process to a LiveKit elsewhere.
func foreignLiveKit(url string) func(*config.Config) {
	return func(c *config.Config) { c.LiveKit.URL, c.LiveKit.APIKey, c.LiveKit.APISecret = url, "key", "secret" }
}
