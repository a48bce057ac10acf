package livekit_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	pb "github.com/livekit/protocol/livekit"

	"roomkey/livekit"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// A server that is not ours tells of every track. What it tells of it is what
// comes, whatever was announced.
func TestReadWebhookOfATrack(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var events []meet.MediaEvent
	var lk *livekit.Server // made before anything is told
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		event, err := lk.ReadWebhook(r)
		if err != nil {
			t.Errorf("ReadWebhook: %v", err)
		}
		events = append(events, event)
	}))
	t.Cleanup(endpoint.Close)
	server := livekittest.StartServer(t, livekittest.ServerOptions{Webhooks: []string{endpoint.URL}})
	mu.Lock()
	lk = connect(t, livekit.Config{URL: server.URL()})
	mu.Unlock()

	w := testRoom{T: t, Server: lk, url: server.URL(), room: meet.Room{ID: "room-" + rand.Text()}}
	w.ensure()
	published := func(identity string, source meet.Source) (found meet.MediaEvent) {
		t.Helper()
		livekittest.Wait(t, "to be told of "+string(source), func() bool {
			mu.Lock()
			defer mu.Unlock()
			i := slices.IndexFunc(events, func(e meet.MediaEvent) bool {
				return e.Kind == meet.MediaTrackPublished && e.Participant.Identity == identity &&
					len(e.Participant.Tracks) == 1 && e.Participant.Tracks[0].Source == source
			})
			if i >= 0 {
				found = events[i]
			}
			return i >= 0
		})
		return found
	}

	ada := w.join("ada", allowAll)
	ada.PublishMicrophone()
	microphone := w.waitTrack("ada", meet.Microphone)
	e := published("ada", meet.Microphone)
	if e.ID == "" || e.At.IsZero() || e.RoomID != w.room.ID || e.RoomSID == "" ||
		e.Participant.SID != w.participants()["ada"].SID {
		t.Errorf("track_published is %+v, want the ids of room and participant", e)
	}
	if got := e.Participant.Tracks[0]; got != microphone || !got.Audio {
		t.Errorf("the track is %+v, want %+v, and audio", got, microphone)
	}

	ada.Claim(func(req *pb.AddTrackRequest) { req.Type, req.Source = pb.TrackType_VIDEO, pb.TrackSource_CAMERA })
	ada.PublishMicrophone()
	if got := published("ada", meet.Camera).Participant.Tracks[0]; !got.Audio || got != w.waitTrack("ada", meet.Camera) {
		t.Errorf("sound that was announced as a camera's picture is %+v, want audio", got)
	}
}
