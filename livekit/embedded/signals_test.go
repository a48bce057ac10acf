package embedded_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	livekitpb "github.com/livekit/protocol/livekit"
	"github.com/prometheus/client_golang/prometheus"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

func padded(n int) *livekitpb.SignalRequest {
	return &livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_UpdateMetadata{
		UpdateMetadata: &livekitpb.UpdateParticipantMetadata{Metadata: strings.Repeat("x", n)}}}
}

// A message has a greatest length, in one frame or in several.
func TestLongMessagesEndTheConnection(t *testing.T) {
	t.Parallel()
	const most = 64 << 10
	s, limits := startLimited(t, meet.ParticipantLimits{SignalBytes: most})
	conn := dial(t, s, token(t, s, "room", "a"))
	if err := say(t, conn, padded(most-100)); err != nil {
		t.Fatal(err)
	}
	announce(t, conn, microphone("still there"))
	listen(t, conn, published)
	_ = say(t, conn, padded(most))
	if end := closed(t, conn); end.Code != websocket.CloseMessageTooBig || end.Text != "message too long" {
		t.Errorf("it ended with %v", end)
	}

	conn = dial(t, s, token(t, s, "room", "b"))
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
	limits.check(t, "signalling_message_bytes")
}

// LiveKit acts out faults for its own tests. Nobody can ask for that here.
func TestFaultsAreNotActedOut(t *testing.T) {
	t.Parallel()
	s, limits := startLimited(t, meet.ParticipantLimits{})
	conn := dial(t, s, token(t, s, "room", "a"))
	for _, scenario := range []*livekitpb.SimulateScenario{
		{Scenario: &livekitpb.SimulateScenario_SpeakerUpdate{SpeakerUpdate: 1 << 30}},
		{Scenario: &livekitpb.SimulateScenario_ServerLeave{ServerLeave: true}},
		{Scenario: &livekitpb.SimulateScenario_NodeFailure{NodeFailure: true}},
		{Scenario: &livekitpb.SimulateScenario_LeaveRequestFullReconnect{LeaveRequestFullReconnect: true}},
	} {
		request := &livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_Simulate{Simulate: scenario}}
		if err := say(t, conn, request); err != nil {
			t.Fatal(err)
		}
	}
	_ = say(t, conn, &livekitpb.SignalRequest{})
	announce(t, conn, microphone("after all of them"))
	listen(t, conn, func(r *livekitpb.SignalResponse) bool {
		if r.GetSpeakersChanged() != nil || r.GetLeave() != nil {
			t.Errorf("LiveKit acted it out: %v", r)
		}
		return published(r)
	})
	limits.check(t, "signalling_kind")
}

// So many messages no client sends, whatever their kind.
func TestTooManyMessagesEndTheConnection(t *testing.T) {
	t.Parallel()
	s, limits := startLimited(t, meet.ParticipantLimits{SignalsPerSecond: 20})
	ping := &livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_Ping{Ping: 1}}
	for name, send := range map[string]func(*websocket.Conn) error{
		"messages":  func(conn *websocket.Conn) error { return say(t, conn, ping) },
		"bad kinds": func(conn *websocket.Conn) error { return say(t, conn, &livekitpb.SignalRequest{}) },
		"JSON": func(conn *websocket.Conn) error {
			return conn.WriteMessage(websocket.TextMessage, []byte(`{"ping": 1}`))
		},
		"pings": func(conn *websocket.Conn) error {
			return conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Minute))
		},
		"pongs": func(conn *websocket.Conn) error {
			return conn.WriteControl(websocket.PongMessage, nil, time.Now().Add(time.Minute))
		},
	} {
		conn := dial(t, s, token(t, s, "room", name))
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
	limits.check(t, "signalling_messages_per_second")
}

// LiveKit keeps a place for every track that somebody names.
func TestTooManyTracksEndTheConnection(t *testing.T) {
	t.Parallel()
	s, limits := startLimited(t, meet.ParticipantLimits{})
	tooMany := func(name string, conn *websocket.Conn) {
		t.Helper()
		if end := closed(t, conn); end.Text != "too many tracks" {
			t.Errorf("%s: it ended with %v", name, end)
		}
	}
	subscription := func(s *livekitpb.UpdateSubscription) *livekitpb.SignalRequest {
		return &livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_Subscription{Subscription: s}}
	}
	for name, request := range map[string]func(ids []string) *livekitpb.SignalRequest{
		"subscriptions": func(ids []string) *livekitpb.SignalRequest {
			return subscription(&livekitpb.UpdateSubscription{TrackSids: ids, Subscribe: true})
		},
		"by participant": func(ids []string) *livekitpb.SignalRequest {
			return subscription(&livekitpb.UpdateSubscription{
				ParticipantTracks: []*livekitpb.ParticipantTracks{{ParticipantSid: "PA_x", TrackSids: ids}}})
		},
		"settings": func(ids []string) *livekitpb.SignalRequest {
			return &livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_TrackSetting{
				TrackSetting: &livekitpb.UpdateTrackSettings{TrackSids: ids}}}
		},
	} {
		conn := dial(t, s, token(t, s, "room", name))
		for n := range 6 {
			var ids []string
			for i := range 1000 {
				ids = append(ids, fmt.Sprintf("TR_%04d%04d", n, i))
			}
			if say(t, conn, request(ids)) != nil {
				break
			}
		}
		tooMany(name, conn)
	}
	conn := dial(t, s, token(t, s, "room", "own"))
	for n := range 501 {
		announce(t, conn, microphone(fmt.Sprint(n)))
		if n < 500 {
			listen(t, conn, published) // LiveKit hangs up on those who send faster than it works
		}
	}
	tooMany("tracks of their own", conn)
	conn = dial(t, s, token(t, s, "room", "lines"))
	sdp := "v=0\r\n" + strings.Repeat("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", 3000)
	offer := &livekitpb.SignalRequest_Offer{Offer: &livekitpb.SessionDescription{Type: "offer", Sdp: sdp}}
	if err := say(t, conn, &livekitpb.SignalRequest{Message: offer}); err != nil {
		t.Fatal(err)
	}
	tooMany("an offer of many lines", conn)
	limits.check(t, "signalling_tracks")
}

// Somebody who signals and never has a media connection costs memory, and takes
// a seat.
func TestWithoutMediaNobodyStays(t *testing.T) {
	t.Parallel()
	const within = time.Second
	s, limits := startLimited(t, meet.ParticipantLimits{MediaWithin: within})
	var person *livekittest.Person
	livekittest.Wait(t, "somebody to have media in time", func() (ok bool) {
		var err error
		person, err = livekittest.TryJoinFor(t, s.URL(), token(t, s, "room", "person"), within)
		return err == nil
	})
	closed(t, dial(t, s, token(t, s, "room", "ghost"))) // who came later, so the person's time is over
	limits.check(t, "signalling_without_media")
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
		request := &livekitpb.JoinRequest{ClientInfo: &livekitpb.ClientInfo{Protocol: protocol}}
		for _, conn := range []*websocket.Conn{
			dialWith(t, s, "/rtc", query),
			dialJoining(t, s, token(t, s, "room", "v1 "+identity), request),
		} {
			announce(t, conn, microphone("a track"))
			listen(t, conn, published)
		}
	}
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	labels := 0
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() != "protocol_version" {
					continue
				}
				labels++
				if n, err := strconv.Atoi(label.GetValue()); err != nil || n < 0 || n > 99 {
					t.Errorf("metrics have a series for protocol %s", label.GetValue())
				}
			}
		}
	}
	if labels == 0 {
		t.Fatal("LiveKit has no metrics by protocol any more: the test proves nothing")
	}
}

// announcements are all that can be made. The cid says which source is right.
func announcements() (reqs []*livekitpb.AddTrackRequest) {
	right := map[livekitpb.TrackType][]livekitpb.TrackSource{
		livekitpb.TrackType_AUDIO: {livekitpb.TrackSource_MICROPHONE, livekitpb.TrackSource_SCREEN_SHARE_AUDIO},
		livekitpb.TrackType_VIDEO: {livekitpb.TrackSource_CAMERA, livekitpb.TrackSource_SCREEN_SHARE},
	}
	for kind, sources := range right {
		for number := range livekitpb.TrackSource_name {
			source, want := livekitpb.TrackSource(number), sources[0]
			if source == sources[1] {
				want = source
			}
			cid := fmt.Sprintf("%v %v is %v", kind, source, want)
			reqs = append(reqs, &livekitpb.AddTrackRequest{Cid: cid, Type: kind, Source: source})
		}
	}
	return reqs
}

// Whatever source a track is announced with, it gets one that fits its type, and
// the permission for that one counts: in the request to connect, and later.
func TestAnnouncedTracksGetTheirTrueSource(t *testing.T) {
	t.Parallel()
	s, reqs := start(t, config()), announcements()
	for _, inRequest := range []bool{true, false} {
		who := tokenWith(t, s, "room", fmt.Sprint("person ", inRequest),
			meet.Grants{Publish: []meet.Source{meet.Camera, meet.ScreenShare}})
		var conn *websocket.Conn
		if inRequest {
			client := &livekitpb.ClientInfo{Protocol: 16}
			conn = dialJoining(t, s, who, &livekitpb.JoinRequest{ClientInfo: client, AddTrackRequests: reqs})
		} else {
			conn = dial(t, s, who)
			for _, req := range reqs {
				announce(t, conn, req)
			}
		}
		allowed, refused := map[string]livekitpb.TrackSource{}, map[string]livekitpb.TrackSource{}
		listen(t, conn, func(r *livekitpb.SignalResponse) bool {
			if p := r.GetTrackPublished(); p != nil {
				allowed[p.Cid] = p.Track.Source
			}
			if no := r.GetRequestResponse(); no.GetReason() == livekitpb.RequestResponse_NOT_ALLOWED {
				refused[no.GetAddTrack().GetCid()] = no.GetAddTrack().GetSource()
			}
			return len(allowed)+len(refused) >= len(reqs)
		})
		for _, req := range reqs {
			_, want, _ := strings.Cut(req.Cid, " is ")
			got, ok := allowed[req.Cid]
			if req.Type == livekitpb.TrackType_AUDIO {
				got, ok = refused[req.Cid]
			}
			if !ok || got.String() != want {
				t.Errorf("in the request to connect %t: %s: got %v, %t", inRequest, req.Cid, got, ok)
			}
		}
	}
}
