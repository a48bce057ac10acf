package embedded_test

import (
	"cmp"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	livekitpb "github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"

	"roomkey/livekit"
	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest/freeport"
)

func config() embedded.Config {
	return embedded.Config{APIKey: livekittest.APIKey, APISecret: livekittest.APISecret}
}

// start runs a server until the end of the test.
func start(t *testing.T, cfg embedded.Config) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(t.Context(), cfg)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *embedded.Server) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

// counted collects what OnLimit is told.
type counted struct {
	mu     sync.Mutex
	limits []string
}

func (c *counted) add(limit string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limits = append(c.limits, limit)
}

// check checks that a limit was counted.
func (c *counted) check(t *testing.T, limit string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.limits, limit) {
		t.Errorf("OnLimit was told of %q, want %s among them", c.limits, limit)
	}
}

// startLimited runs a server with these limits; a limit of 0 is the default one.
func startLimited(t *testing.T, limits meet.ParticipantLimits) (*embedded.Server, *counted) {
	t.Helper()
	c, standard := &counted{}, meet.DefaultParticipantLimits
	limits.SignalBytes = cmp.Or(limits.SignalBytes, standard.SignalBytes)
	limits.SignalsPerSecond = cmp.Or(limits.SignalsPerSecond, standard.SignalsPerSecond)
	limits.MediaWithin = cmp.Or(limits.MediaWithin, standard.MediaWithin)
	limits.DataBytesPerSecond = cmp.Or(limits.DataBytesPerSecond, standard.DataBytesPerSecond)
	limits.DataMessagesPerSecond = cmp.Or(limits.DataMessagesPerSecond, standard.DataMessagesPerSecond)
	cfg := config()
	cfg.Limits, cfg.OnLimit = limits, c.add
	return start(t, cfg), c
}

// newAdapter reaches a LiveKit as the product does.
func newAdapter(t *testing.T, url string) *livekit.Server {
	t.Helper()
	return livekit.New(livekit.Config{URL: url, APIKey: livekittest.APIKey, APISecret: livekittest.APISecret})
}

// newToken lets somebody into a room.
func newToken(t *testing.T, lk *livekit.Server, room, identity string, grants meet.Grants) string {
	t.Helper()
	admission, profile := meet.Admission{Identity: identity, RoomID: room}, meet.Profile{Grants: grants}
	token, err := lk.Token(admission, profile, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// token makes a room at the server and lets somebody in.
func token(t *testing.T, s *embedded.Server, room, identity string) string {
	t.Helper()
	return tokenWith(t, s, room, identity, meet.Grants{Publish: meet.Sources, Subscribe: true, Data: true})
}

// tokenWith is token for somebody with these grants.
func tokenWith(t *testing.T, s *embedded.Server, room, identity string, grants meet.Grants) string {
	t.Helper()
	lk := newAdapter(t, s.URL())
	if err := lk.EnsureRoom(t.Context(), meet.Room{ID: room}); err != nil {
		t.Fatal(err)
	}
	return newToken(t, lk, room, identity, grants)
}

// join connects two people, a and b, who may do everything.
func join(t *testing.T, s *embedded.Server) (a, b *livekittest.Person) {
	t.Helper()
	a = livekittest.Join(t, s.URL(), token(t, s, "room", "a"))
	return a, livekittest.Join(t, s.URL(), token(t, s, "room", "b"))
}

// joinSeeing is join, and they see each other. LiveKit may take 3 s for that.
func joinSeeing(t *testing.T, s *embedded.Server) (a, b *livekittest.Person) {
	t.Helper()
	a, b = join(t, s)
	livekittest.Wait(t, "them to see each other", func() bool { return a.Sees("b") && b.Sees("a") })
	return a, b
}

// waitHears has a publish sound and b hear it.
func waitHears(t *testing.T, a, b *livekittest.Person) {
	t.Helper()
	a.PublishMicrophone()
	livekittest.Wait(t, "b to hear a", func() bool { return b.Receives("a", meet.Microphone) })
}

// port is that of signalling and API.
func port(t *testing.T, s *embedded.Server) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimPrefix(s.URL(), "http://127.0.0.1:"))
	if err != nil {
		t.Fatalf("URL %s is not on 127.0.0.1", s.URL())
	}
	return n
}

// freePort is a port that nobody uses, by TCP or UDP.
func freePort(t *testing.T) int {
	t.Helper()
	port, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// outside is an address of this machine that is not the loopback's.
func outside(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	t.Skip("this machine has no address but the loopback's")
	return ""
}

// dial connects to signalling.
func dial(t *testing.T, s *embedded.Server, token string) *websocket.Conn {
	t.Helper()
	return dialWith(t, s, "/rtc", url.Values{"protocol": {"16"}, "access_token": {token}})
}

// dialJoining connects to signalling with a request that says more.
func dialJoining(t *testing.T, s *embedded.Server, token string, request *livekitpb.JoinRequest) *websocket.Conn {
	t.Helper()
	wrapped := marshal(t, &livekitpb.WrappedJoinRequest{JoinRequest: marshal(t, request)})
	return dialWith(t, s, "/rtc/v1",
		url.Values{"access_token": {token}, "join_request": {base64.URLEncoding.EncodeToString(wrapped)}})
}

func dialWith(t *testing.T, s *embedded.Server, path string, query url.Values) *websocket.Conn {
	t.Helper()
	dialer := websocket.Dialer{EnableCompression: true} // which no server may accept
	conn, resp, err := dialer.Dial("ws"+strings.TrimPrefix(s.URL(), "http")+path+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if got := resp.Header.Get("Sec-Websocket-Extensions"); got != "" {
		t.Errorf("the server accepts %s: a compressed message could be of any length", got)
	}
	return conn
}

func marshal(t *testing.T, message proto.Message) []byte {
	t.Helper()
	data, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// say sends a message as a client does.
func say(t *testing.T, conn *websocket.Conn, request *livekitpb.SignalRequest) error {
	t.Helper()
	return conn.WriteMessage(websocket.BinaryMessage, marshal(t, request))
}

// announce says that a track will come.
func announce(t *testing.T, conn *websocket.Conn, req *livekitpb.AddTrackRequest) {
	t.Helper()
	request := &livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_AddTrack{AddTrack: req}}
	if err := say(t, conn, request); err != nil {
		t.Fatal(err)
	}
}

// microphone is the announcement of one.
func microphone(cid string) *livekitpb.AddTrackRequest {
	return &livekitpb.AddTrackRequest{
		Cid:    cid,
		Type:   livekitpb.TrackType_AUDIO,
		Source: livekitpb.TrackSource_MICROPHONE,
	}
}

// listen gives what the server says to f until that is enough.
func listen(t *testing.T, conn *websocket.Conn, f func(*livekitpb.SignalResponse) (enough bool)) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("the connection ended: %v", err)
		}
		r := new(livekitpb.SignalResponse)
		if err := proto.Unmarshal(message, r); err != nil {
			t.Fatal(err)
		}
		if f(r) {
			return
		}
	}
}

// published says that the server has taken a track.
func published(r *livekitpb.SignalResponse) bool { return r.GetTrackPublished() != nil }

// closed reads to the end of a connection and says how it ended.
func closed(t *testing.T, conn *websocket.Conn) *websocket.CloseError {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		_, _, err := conn.ReadMessage()
		var end *websocket.CloseError
		if errors.As(err, &end) {
			return end
		}
		if err != nil {
			t.Fatalf("the connection ended without a close frame: %v", err)
		}
	}
}

// post calls the server's HTTP without a body that is right, and gives the status.
func post(t *testing.T, url, token, body string) (status int, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	resp.Body.Close()
	return resp.StatusCode, nil
}
