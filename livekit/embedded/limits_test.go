package embedded_test

import (
	"encoding/base64"
	"errors"
	"fmt"
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
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
)

// counted collects what OnLimit is told.
type counted struct {
	mu     sync.Mutex
	limits []string
}

func (c *counted) on(limit string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limits = append(c.limits, limit)
}

func (c *counted) has(limit string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.limits, limit)
}

// bounded runs a server with these limits.
func bounded(t *testing.T, limits embedded.Limits) (*embedded.Server, *counted) {
	t.Helper()
	c := &counted{}
	cfg := config()
	cfg.Limits, cfg.OnLimit = limits, c.on
	return start(t, cfg), c
}

// say sends a message as a client does.
func say(t *testing.T, conn *websocket.Conn, request *livekitpb.SignalRequest) error {
	t.Helper()
	message, err := proto.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	return conn.WriteMessage(websocket.BinaryMessage, message)
}

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

func padded(n int) *livekitpb.SignalRequest {
	return &livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_UpdateMetadata{
		UpdateMetadata: &livekitpb.UpdateParticipantMetadata{Metadata: strings.Repeat("x", n)}}}
}

// A message has a length that it may have, in one frame or in several.
func TestLongMessagesEndTheConnection(t *testing.T) {
	t.Parallel()
	const most = 64 << 10
	s, limits := bounded(t, embedded.Limits{SignalBytes: most})
	conn := dial(t, s, token(t, s, "room", "a"), false)
	if err := say(t, conn, padded(most-100)); err != nil {
		t.Fatal(err)
	}
	announce(t, conn, "still there")
	untilPublished(t, conn)
	_ = say(t, conn, padded(most))
	if end := closed(t, conn); end.Code != websocket.CloseMessageTooBig || end.Text != "message too long" {
		t.Errorf("it ended with %v", end)
	}

	conn = dial(t, s, token(t, s, "room", "b"), false)
	part, err := conn.NextWriter(websocket.BinaryMessage)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 * most / 1024 { // the writer's buffer is 4 KiB: each of these becomes a few frames
		if _, err := part.Write([]byte(strings.Repeat("x", 1024))); err != nil {
			break
		}
	}
	if end := closed(t, conn); end.Code != websocket.CloseMessageTooBig {
		t.Errorf("in several frames: it ended with %v", end)
	}
	if !limits.has("signalling_message_bytes") {
		t.Error("nobody counts it")
	}
}

// A compressed message of a few hundred bytes could be of any length.
func TestCompressionIsNotAccepted(t *testing.T) {
	t.Parallel()
	s := start(t, config())
	query := url.Values{"protocol": {"16"}, "access_token": {token(t, s, "room", "a")}}
	dialer := websocket.Dialer{EnableCompression: true}
	conn, resp, err := dialer.Dial("ws"+strings.TrimPrefix(s.URL(), "http")+"/rtc?"+query.Encode(), http.Header{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := resp.Header.Get("Sec-Websocket-Extensions"); got != "" {
		t.Errorf("the server accepts %s", got)
	}
}

func announce(t *testing.T, conn *websocket.Conn, cid string) {
	t.Helper()
	if err := say(t, conn, &livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_AddTrack{AddTrack: &livekitpb.AddTrackRequest{
		Cid: cid, Type: livekitpb.TrackType_AUDIO, Source: livekitpb.TrackSource_MICROPHONE}}}); err != nil {
		t.Fatal(err)
	}
}

// untilPublished gives what the server says until it takes a track.
func untilPublished(t *testing.T, conn *websocket.Conn) (said []*livekitpb.SignalResponse) {
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
		if said = append(said, r); r.GetTrackPublished() != nil {
			return said
		}
	}
}

// What LiveKit acts out for its own tests reaches it from nobody.
func TestFaultsAreNotActedOut(t *testing.T) {
	t.Parallel()
	s, limits := bounded(t, embedded.Limits{})
	conn := dial(t, s, token(t, s, "room", "a"), false)
	for _, scenario := range []*livekitpb.SimulateScenario{
		{Scenario: &livekitpb.SimulateScenario_SpeakerUpdate{SpeakerUpdate: 1 << 30}},
		{Scenario: &livekitpb.SimulateScenario_ServerLeave{ServerLeave: true}},
		{Scenario: &livekitpb.SimulateScenario_NodeFailure{NodeFailure: true}},
		{Scenario: &livekitpb.SimulateScenario_LeaveRequestFullReconnect{LeaveRequestFullReconnect: true}},
	} {
		if err := say(t, conn, &livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_Simulate{Simulate: scenario}}); err != nil {
			t.Fatal(err)
		}
	}
	_ = say(t, conn, &livekitpb.SignalRequest{})
	announce(t, conn, "after all of them")
	for _, r := range untilPublished(t, conn) {
		if r.GetSpeakersChanged() != nil || r.GetLeave() != nil {
			t.Errorf("LiveKit acted it out: %v", r)
		}
	}
	if !limits.has("signalling_kind") {
		t.Error("nobody counts it")
	}
}

func ping() *livekitpb.SignalRequest {
	return &livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_Ping{Ping: 1}}
}

// Whatever kind of messages they are, so many are no client's.
func TestTooManyMessagesEndTheConnection(t *testing.T) {
	t.Parallel()
	s, limits := bounded(t, embedded.Limits{SignalsPerSecond: 20})
	for name, send := range map[string]func(*websocket.Conn) error{
		"messages": func(conn *websocket.Conn) error { return say(t, conn, ping()) },
		"pings": func(conn *websocket.Conn) error {
			return conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Minute))
		},
		"JSON": func(conn *websocket.Conn) error {
			return conn.WriteMessage(websocket.TextMessage, []byte(`{"ping": 1}`))
		},
		"bad kinds": func(conn *websocket.Conn) error { return say(t, conn, &livekitpb.SignalRequest{}) },
		"half words": func(conn *websocket.Conn) error {
			return conn.WriteControl(websocket.PongMessage, nil, time.Now().Add(time.Minute))
		},
	} {
		conn := dial(t, s, token(t, s, "room", name), false)
		for range 200 {
			if err := send(conn); err != nil {
				t.Fatalf("%s: fewer than there may be at once: %v", name, err)
			}
		}
		go func() {
			for range 100_000 { // more than may come in any time the sending can take
				if send(conn) != nil {
					return
				}
			}
		}()
		if end := closed(t, conn); end.Code != websocket.ClosePolicyViolation || end.Text != "too many messages" {
			t.Errorf("%s: it ended with %v", name, end)
		}
	}
	if !limits.has("signalling_messages_per_second") {
		t.Error("nobody counts it")
	}
}

// LiveKit keeps a place for every track that somebody names.
func TestTooManyTracksEndTheConnection(t *testing.T) {
	t.Parallel()
	s, limits := bounded(t, embedded.Limits{})
	ids := func(from, n int) (ids []string) {
		for i := range n {
			ids = append(ids, fmt.Sprintf("TR_%08d", from+i))
		}
		return ids
	}
	for name, request := range map[string]func(ids []string) *livekitpb.SignalRequest{
		"subscriptions": func(ids []string) *livekitpb.SignalRequest {
			return &livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_Subscription{
				Subscription: &livekitpb.UpdateSubscription{TrackSids: ids, Subscribe: true}}}
		},
		"by participant": func(ids []string) *livekitpb.SignalRequest {
			return &livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_Subscription{Subscription: &livekitpb.UpdateSubscription{
				ParticipantTracks: []*livekitpb.ParticipantTracks{{ParticipantSid: "PA_x", TrackSids: ids}}}}}
		},
		"settings": func(ids []string) *livekitpb.SignalRequest {
			return &livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_TrackSetting{TrackSetting: &livekitpb.UpdateTrackSettings{TrackSids: ids}}}
		},
	} {
		conn := dial(t, s, token(t, s, "room", name), false)
		for n := range 6 {
			if say(t, conn, request(ids(n*1000, 1000))) != nil {
				break
			}
		}
		if end := closed(t, conn); end.Text != "too many tracks" {
			t.Errorf("%s: it ended with %v", name, end)
		}
	}
	conn := dial(t, s, token(t, s, "room", "own"), false)
	for n := range 501 {
		announce(t, conn, fmt.Sprint(n))
		if n < 500 {
			untilPublished(t, conn) // LiveKit hangs up on those who send faster than it works
		}
	}
	if end := closed(t, conn); end.Text != "too many tracks" {
		t.Errorf("tracks of their own: it ended with %v", end)
	}
	conn = dial(t, s, token(t, s, "room", "lines"), false)
	offer := &livekitpb.SessionDescription{Type: "offer", Sdp: "v=0\r\n" + strings.Repeat("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", 3000)}
	if err := say(t, conn, &livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_Offer{Offer: offer}}); err != nil {
		t.Fatal(err)
	}
	if end := closed(t, conn); end.Text != "too many tracks" {
		t.Errorf("an offer of many lines: it ended with %v", end)
	}
	if !limits.has("signalling_tracks") {
		t.Error("nobody counts it")
	}
}

// Who signals and never has a media connection costs memory, and takes a seat.
func TestWhoHasNoMediaGoes(t *testing.T) {
	t.Parallel()
	s, limits := bounded(t, embedded.Limits{})
	person := livekittest.Join(t, s.URL(), token(t, s, "room", "person"))
	conn := dial(t, s, token(t, s, "room", "ghost"), false)
	closed(t, conn)
	if !limits.has("signalling_without_media") {
		t.Error("nobody counts it")
	}
	if !person.Connected() {
		t.Error("somebody with a media connection was removed too")
	}
	livekittest.Wait(t, "the ghost to be gone", func() bool { return !person.Sees("ghost") })
}

// LiveKit keeps metrics by protocol for as long as the process lives.
func TestProtocolsAreKnownOnes(t *testing.T) {
	t.Parallel()
	s := start(t, config())
	for _, protocol := range []int32{12345, -7, 1 << 30} {
		identity := fmt.Sprint("v0 ", protocol)
		query := url.Values{"protocol": {fmt.Sprint(protocol)}, "access_token": {token(t, s, "room", identity)}}
		join, err := proto.Marshal(&livekitpb.JoinRequest{ClientInfo: &livekitpb.ClientInfo{Protocol: protocol}})
		if err != nil {
			t.Fatal(err)
		}
		wrapped, err := proto.Marshal(&livekitpb.WrappedJoinRequest{JoinRequest: join})
		if err != nil {
			t.Fatal(err)
		}
		query1 := url.Values{"join_request": {base64.URLEncoding.EncodeToString(wrapped)}, "access_token": {token(t, s, "room", "v1 "+identity)}}
		for path, query := range map[string]url.Values{"/rtc": query, "/rtc/v1": query1} {
			conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL(), "http")+path+"?"+query.Encode(), nil)
			if err != nil {
				t.Fatal(err)
			}
			announce(t, conn, "a track")
			announced(t, conn, 1)
			conn.Close()
		}
	}
	for _, label := range protocolLabels(t) {
		if n, err := strconv.Atoi(label); err != nil || n < 0 || n > 99 {
			t.Errorf("metrics have a series for protocol %s", label)
		}
	}
}

// protocolLabels are the protocols that LiveKit has metrics for.
func protocolLabels(t *testing.T) (labels []string) {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "protocol_version" {
					labels = append(labels, label.GetValue())
				}
			}
		}
	}
	if len(labels) == 0 {
		t.Fatal("LiveKit has no metrics by protocol any more: the test proves nothing")
	}
	return labels
}

// Nobody without a token has a body read, and nobody a long one.
func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	s := start(t, config())
	call := s.URL() + "/twirp/livekit.RoomService/ListRooms"
	resp, err := http.Post(call, "application/json", strings.NewReader(strings.Repeat(" ", 100)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token: %s", resp.Status)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, call, strings.NewReader(`{"names": ["`+strings.Repeat("x", 2<<20)+`"]}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token(t, s, "room", "a"))
	if resp, err = http.DefaultClient.Do(req); err != nil {
		return // it hung up while the body was still coming
	}
	resp.Body.Close()
	if resp.StatusCode < 400 || resp.StatusCode == http.StatusUnauthorized {
		t.Errorf("a long body: %s", resp.Status)
	}
}
