package programtest

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

// GatedLiveKit is a real LiveKit behind a gate. While that is shut, requests
// wait before it.
type GatedLiveKit struct {
	URL     string
	arrived chan string // the name of each request that found the gate shut

	mu      sync.Mutex
	shut    chan struct{} // nil is open
	givenUp int           // requests whose sender did not wait for the gate
}

// StartGatedLiveKit starts one with an open gate.
func StartGatedLiveKit(t *testing.T) *GatedLiveKit {
	t.Helper()
	target, err := url.Parse(livekittest.Start(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	g := &GatedLiveKit{arrived: make(chan string, 100)}
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
	g.URL = server.URL
	t.Cleanup(server.Close)
	t.Cleanup(g.Open)
	return g
}

// reconciles says whether Roomkey asks of its own accord: for all rooms there
// are, which is an empty request.
func reconciles(r *http.Request) bool {
	return path.Base(r.URL.Path) == "ListRooms" && r.ContentLength == 0
}

// passes waits with a request until the gate opens or its sender is gone.
func (g *GatedLiveKit) passes(r *http.Request, shut <-chan struct{}) bool {
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

// Close shuts the gate.
func (g *GatedLiveKit) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut == nil {
		g.shut = make(chan struct{})
	}
}

// Open opens the gate; what waits before it goes on.
func (g *GatedLiveKit) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		close(g.shut)
		g.shut = nil
	}
}

// GivenUp is how many requests had a sender who did not wait for the gate.
func (g *GatedLiveKit) GivenUp() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.givenUp
}

// Await waits until a request stands before the gate.
func (g *GatedLiveKit) Await(t *testing.T) {
	t.Helper()
	select {
	case <-g.arrived:
	case <-time.After(Patience):
		t.Fatalf("no request reached LiveKit within %v", Patience)
	}
}

// Use points a program in this process to it.
func (g *GatedLiveKit) Use(c *config.Config) {
	c.Rooms.CreateMedia = config.MediaAtCreate // every create asks it
	c.LiveKit.URL, c.LiveKit.APIKey, c.LiveKit.APISecret = g.URL, livekittest.APIKey, livekittest.APISecret
}

// Env points another process to it.
func (g *GatedLiveKit) Env() []string {
	return []string{"LIVEKIT_URL=" + g.URL,
		"LIVEKIT_API_KEY=" + livekittest.APIKey, "LIVEKIT_API_SECRET=" + livekittest.APISecret,
		"ROOMKEY_ROOMS_CREATE_MEDIA=" + config.MediaAtCreate}
}

// StartHangingLiveKit is a server that takes connections and never says a word.
func StartHangingLiveKit(t *testing.T) (url string) {
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
