package embedded_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	livekitpb "github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"

	"roomkey/livekit"
	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// announcements are all that can be made. The cid says which source is right.
func announcements() (reqs []*livekitpb.AddTrackRequest) {
	right := map[livekitpb.TrackType][]livekitpb.TrackSource{
		livekitpb.TrackType_AUDIO: {livekitpb.TrackSource_MICROPHONE, livekitpb.TrackSource_SCREEN_SHARE_AUDIO},
		livekitpb.TrackType_VIDEO: {livekitpb.TrackSource_CAMERA, livekitpb.TrackSource_SCREEN_SHARE},
	}
	for kind, sources := range right {
		for number := range livekitpb.TrackSource_name {
			source := livekitpb.TrackSource(number)
			want := sources[0]
			if source == sources[1] {
				want = source
			}
			reqs = append(reqs, &livekitpb.AddTrackRequest{Cid: fmt.Sprintf("%v %v is %v", kind, source, want), Type: kind, Source: source})
		}
	}
	return reqs
}

// announced is what a server makes of announcements: those allowed, and those
// not, by cid.
func announced(t *testing.T, conn *websocket.Conn, n int) (allowed, refused map[string]livekitpb.TrackSource) {
	t.Helper()
	allowed, refused = make(map[string]livekitpb.TrackSource), make(map[string]livekitpb.TrackSource)
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for len(allowed)+len(refused) < n {
		_, message, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("%d allowed and %d refused of %d announcements so far: %v", len(allowed), len(refused), n, err)
		}
		var r livekitpb.SignalResponse
		if err := proto.Unmarshal(message, &r); err != nil {
			t.Fatal(err)
		}
		if p := r.GetTrackPublished(); p != nil {
			allowed[p.Cid] = p.Track.Source
		}
		if no := r.GetRequestResponse(); no.GetReason() == livekitpb.RequestResponse_NOT_ALLOWED {
			refused[no.GetAddTrack().GetCid()] = no.GetAddTrack().GetSource()
		}
	}
	return allowed, refused
}

// Whatever source a track is announced with, it gets one that fits its type, and
// the permission for that one counts: in the request to connect, and later.
func TestAnnouncementsAreMadeHonest(t *testing.T) {
	t.Parallel()
	s := start(t, config())
	may := []meet.Source{meet.Camera, meet.ScreenShare}
	for _, inRequest := range []bool{true, false} {
		conn := dial(t, s, grantedToken(t, s, "honest", fmt.Sprint("person ", inRequest), may), inRequest)
		reqs := announcements()
		if !inRequest {
			for _, req := range reqs {
				message, err := proto.Marshal(&livekitpb.SignalRequest{Message: &livekitpb.SignalRequest_AddTrack{AddTrack: req}})
				if err != nil {
					t.Fatal(err)
				}
				if err := conn.WriteMessage(websocket.BinaryMessage, message); err != nil {
					t.Fatal(err)
				}
			}
		}
		allowed, refused := announced(t, conn, len(reqs))
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

// dial connects to signalling, and may announce everything at once.
func dial(t *testing.T, s *embedded.Server, token string, announcing bool) *websocket.Conn {
	t.Helper()
	query := url.Values{"protocol": {"16"}, "access_token": {token}}
	path := "/rtc?"
	if announcing {
		join, err := proto.Marshal(&livekitpb.JoinRequest{ClientInfo: &livekitpb.ClientInfo{Protocol: 16}, AddTrackRequests: announcements()})
		if err != nil {
			t.Fatal(err)
		}
		wrapped, err := proto.Marshal(&livekitpb.WrappedJoinRequest{JoinRequest: join})
		if err != nil {
			t.Fatal(err)
		}
		path = "/rtc/v1?"
		query.Set("join_request", base64.URLEncoding.EncodeToString(wrapped))
	}
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL(), "http")+path+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// grantedToken is token for somebody who may publish that alone.
func grantedToken(t *testing.T, s *embedded.Server, room, identity string, may []meet.Source) string {
	t.Helper()
	token(t, s, room, identity) // makes the room
	lk, err := livekit.New(livekit.Config{URL: s.URL(), APIKey: livekittest.APIKey, APISecret: livekittest.APISecret})
	if err != nil {
		t.Fatal(err)
	}
	token, err := lk.Token(meet.Admission{Identity: identity, RoomID: room}, meet.Profile{Grants: meet.Grants{Publish: may}}, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return token
}
