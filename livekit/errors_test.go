package livekit_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"

	"roomkey/livekit"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest/freeport"
)

// calls are all methods that ask the server something.
var calls = map[string]func(context.Context, *livekit.Server) error{
	"EnsureRoom": func(ctx context.Context, lk *livekit.Server) error { return lk.EnsureRoom(ctx, meet.Room{ID: "r"}) },
	"DeleteRoom": func(ctx context.Context, lk *livekit.Server) error {
		_, err := lk.DeleteRoom(ctx, "r")
		return err
	},
	"Rooms": func(ctx context.Context, lk *livekit.Server) error {
		_, err := lk.Rooms(ctx)
		return err
	},
	"SetProfile": func(ctx context.Context, lk *livekit.Server) error {
		return lk.SetProfile(ctx, "r", "a", meet.Profile{})
	},
	"SetHand": func(ctx context.Context, lk *livekit.Server) error {
		return lk.SetHand(ctx, "r", "a", time.Time{})
	},
	"Participants": func(ctx context.Context, lk *livekit.Server) error {
		_, err := lk.Participants(ctx, "r")
		return err
	},
	"Counts": func(ctx context.Context, lk *livekit.Server) error {
		_, err := lk.Counts(ctx, []string{"r"})
		return err
	},
	"Remove": func(ctx context.Context, lk *livekit.Server) error { return lk.Remove(ctx, "r", "a") },
	"MuteTrack": func(ctx context.Context, lk *livekit.Server) error {
		_, err := lk.MuteTrack(ctx, "r", "a", "TR_x")
		return err
	},
	"Ping": func(ctx context.Context, lk *livekit.Server) error { return lk.Ping(ctx) },
}

// wantUnavailable makes every call and checks its error.
func wantUnavailable(t *testing.T, lk *livekit.Server, host string) {
	t.Helper()
	var all sync.WaitGroup
	for name, call := range calls {
		all.Go(func() {
			start := time.Now()
			err := call(t.Context(), lk)
			if took := time.Since(start); took > time.Minute {
				t.Errorf("%s answered after %v", name, took)
			}
			if !meet.IsCode(err, meet.CodeUnavailable) {
				t.Errorf("%s = %v, want unavailable", name, err)
				return
			}
			e := meet.AsError(err)
			if e.Message != "The media server cannot be reached" || e.Err == nil || !e.Retryable() {
				t.Errorf("%s = %#v, want the fixed message and a cause", name, e)
			}
			for _, secret := range []string{host, livekittest.APIKey, livekittest.APISecret} {
				if strings.Contains(e.Message+e.Hint, secret) {
					t.Errorf("%s tells the caller %q", name, secret)
				}
			}
		})
	}
	all.Wait()
}

func TestServerDown(t *testing.T) {
	t.Parallel()
	port, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	host := "127.0.0.1:" + strconv.Itoa(port)
	wantUnavailable(t, connect(t, livekit.Config{URL: "http://" + host}), host)
}

func TestServerAcceptsAndSaysNothing(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, conn) }()
		}
	}()
	host := l.Addr().String()
	wantUnavailable(t, connect(t, livekit.Config{URL: "http://" + host, Timeout: 200 * time.Millisecond}), host)

	// The caller's own deadline counts too, and so does a caller who leaves.
	lk := connect(t, livekit.Config{URL: "http://" + host, Timeout: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for name, call := range calls {
		if err := call(ctx, lk); !meet.IsCode(err, meet.CodeUnavailable) {
			t.Errorf("%s with the caller's deadline = %v, want unavailable", name, err)
		}
	}
}

// standIn is a server that is not LiveKit.
func standIn(t *testing.T, handler http.HandlerFunc) (lk *livekit.Server, host string) {
	t.Helper()
	t.Parallel()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return connect(t, livekit.Config{URL: s.URL, Timeout: time.Second}), strings.TrimPrefix(s.URL, "http://")
}

func TestServerAnswersSomethingElse(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", code) }
	}
	for name, handler := range map[string]http.HandlerFunc{
		"500":            status(http.StatusInternalServerError),
		"503":            status(http.StatusServiceUnavailable),
		"502 of a proxy": status(http.StatusBadGateway),
		// Not LiveKit's not_found: nothing is known about the room.
		"404 of a web server": status(http.StatusNotFound),
		"a redirect":          http.RedirectHandler("/login", http.StatusFound).ServeHTTP,
		"half an answer": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/protobuf")
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
		"garbage": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/protobuf")
			_, _ = w.Write([]byte("\xff\xff\xff not protobuf"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			lk, host := standIn(t, handler)
			wantUnavailable(t, lk, host)
		})
	}
}

func TestWrongKeyIsUnavailable(t *testing.T) {
	w := setup(t)
	lk := livekit.New(livekit.Config{URL: w.url, APIKey: livekittest.APIKey,
		APISecret: "another-secret-of-thirty-two-characters"})
	wantUnavailable(t, lk, w.url)
}

// proxied is the real server behind a proxy that sees the requests.
func proxied(t *testing.T, w testRoom, see func(*http.Request)) *httptest.Server {
	t.Helper()
	target, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		see(r)
		proxy.ServeHTTP(rw, r)
	}))
	return s
}

func TestEveryCallHasTheNarrowestGrant(t *testing.T) {
	w := setup(t)
	w.join("a", meet.Grants{})
	w.join("b", meet.Grants{})
	var mu sync.Mutex
	got := make(map[string]auth.VideoGrant)
	proxy := proxied(t, w, func(r *http.Request) {
		v, err := auth.ParseAPIToken(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		if err != nil {
			t.Errorf("%s has no token: %v", r.URL.Path, err)
			return
		}
		registered, grants, err := v.Verify(livekittest.APISecret)
		if err != nil || registered.ExpiresAt.After(time.Now().Add(7*time.Hour)) {
			t.Errorf("%s: token %+v, %v", r.URL.Path, registered, err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		got[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]] = *grants.Video
	})
	proxy.Start()
	t.Cleanup(proxy.Close)
	lk := connect(t, livekit.Config{URL: proxy.URL})

	ctx, id := t.Context(), w.room.ID
	_ = lk.EnsureRoom(ctx, w.room)
	_, _ = lk.Counts(ctx, []string{id})
	_, _ = lk.MuteTrack(ctx, id, "a", "TR_x")
	_ = lk.Remove(ctx, id, "a")
	_ = lk.SetProfile(ctx, id, "a", meet.Profile{})
	_, _ = lk.DeleteRoom(ctx, id)

	inRoom := auth.VideoGrant{RoomAdmin: true, Room: id}
	want := map[string]auth.VideoGrant{
		"CreateRoom": {RoomCreate: true}, "DeleteRoom": {RoomCreate: true}, "ListRooms": {RoomList: true},
		"ListParticipants": inRoom, "GetParticipant": inRoom, "MutePublishedTrack": inRoom,
		"RemoveParticipant": inRoom, "UpdateParticipant": inRoom,
		"UpdateSubscriptions": inRoom, "ListDispatch": inRoom, // whether people are connected, where it may be a cluster
	}
	for method, grant := range want {
		if g, called := got[method]; !called || !sameGrant(g, grant) {
			t.Errorf("%s was called with %+v (called: %v), want %+v", method, g, called, grant)
		}
	}
	if len(got) != len(want) {
		t.Errorf("called %v, want only %v", got, want)
	}
}

func sameGrant(a, b auth.VideoGrant) bool {
	return a.RoomAdmin == b.RoomAdmin && a.RoomCreate == b.RoomCreate && a.RoomList == b.RoomList && a.Room == b.Room &&
		!a.RoomJoin && !a.RoomRecord && !a.IngressAdmin && !a.Agent
}

func TestConnectionsAreReused(t *testing.T) {
	w := setup(t)
	proxy := proxied(t, w, func(*http.Request) {})
	var opened atomic.Int32
	proxy.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	proxy.Start()
	t.Cleanup(proxy.Close)
	lk := connect(t, livekit.Config{URL: proxy.URL})
	for range 20 {
		if err := lk.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = lk.Remove(t.Context(), w.room.ID, "nobody") // an error must not cost the connection
	}
	// A call may begin before the last one has given its connection back.
	if n := opened.Load(); n > 10 {
		t.Errorf("40 calls one after the other opened %d connections", n)
	}
}
