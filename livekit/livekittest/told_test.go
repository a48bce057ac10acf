package livekittest_test

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// each runs a test on every LiveKit that there is.
func each(t *testing.T, test func(t *testing.T, url string)) {
	t.Parallel()
	if !livekittest.UnderRaceDetector {
		t.Run("embedded", func(t *testing.T) {
			t.Parallel()
			test(t, livekittest.Start(t).URL())
		})
	}
	t.Run("stock", func(t *testing.T) {
		t.Parallel()
		test(t, livekittest.StartServer(t, livekittest.ServerOptions{}).URL())
	})
}

// rooms is LiveKit's API, for what the product does not do.
func rooms(url string) *lksdk.RoomServiceClient {
	return lksdk.NewRoomServiceClient(url, livekittest.APIKey, livekittest.APISecret)
}

// videoGrant is what a token allows.
func videoGrant(t *testing.T, token string) *auth.VideoGrant {
	t.Helper()
	var claims struct {
		jwt.RegisteredClaims
		Video *auth.VideoGrant `json:"video"`
	}
	key := func(*jwt.Token) (any, error) { return []byte(livekittest.APISecret), nil }
	if _, err := jwt.ParseWithClaims(token, &claims, key); err != nil {
		t.Fatalf("a token of LiveKit's: %v", err)
	}
	return claims.Video
}

func makeRoom(t *testing.T, url string) string {
	t.Helper()
	room := newRoom()
	if _, err := rooms(url).CreateRoom(t.Context(), &livekit.CreateRoomRequest{Name: room}); err != nil {
		t.Fatalf("CreateRoom: %v", err)
	}
	return room
}

func TestWhatAPersonIsTold(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		lk, room := newAdapter(t, url), makeRoom(t, url)
		first := newToken(t, lk, room, "a", allowAll)
		a := livekittest.Join(t, url, first)
		b := livekittest.Join(t, url, newToken(t, lk, room, "b", allowAll))
		a.PublishMicrophone()
		livekittest.Wait(t, "b to hear a", func() bool { return b.Receives("a", meet.Microphone) })
		if !a.MayPublish(meet.Microphone) || !a.GoneAt().IsZero() {
			t.Error("a may not publish sound, or is gone: want neither")
		}
		second := a.WaitToken(first) // it comes as soon as one is inside

		called := time.Now()
		_, err := rooms(url).UpdateParticipant(t.Context(), &livekit.UpdateParticipantRequest{Room: room, Identity: "a",
			Permission: &livekit.ParticipantPermission{CanSubscribe: true, CanPublish: true, CanPublishData: true,
				CanPublishSources: []livekit.TrackSource{livekit.TrackSource_CAMERA}}})
		if err != nil {
			t.Fatalf("UpdateParticipant: %v", err)
		}
		told, gone := a.WaitMayPublish(meet.Microphone, false), a.WaitTrackGone(meet.Microphone)
		t.Logf("after the call: told within %v, track taken within %v, b without it within %v",
			told.Sub(called), gone.Sub(called), b.WaitNotReceiving("a", meet.Microphone).Sub(called))
		if grant := videoGrant(t, a.WaitToken(second)); grant.GetCanPublishSource(livekit.TrackSource_MICROPHONE) ||
			!grant.GetCanPublishSource(livekit.TrackSource_CAMERA) {
			t.Errorf("the new token: got %+v, want the camera without the microphone", grant)
		}

		a.Resume()
		a.Restart()
		livekittest.Wait(t, "a to be quite there again", func() bool {
			p, err := rooms(url).GetParticipant(t.Context(), &livekit.RoomParticipantIdentity{Room: room, Identity: "a"})
			return err == nil && p.GetState() == livekit.ParticipantInfo_ACTIVE
		})
		called = time.Now()
		if err := lk.Remove(t.Context(), room, "a"); err != nil {
			t.Fatalf("Remove: %v", err)
		}
		if reason := a.WaitDisconnected(); reason != "PARTICIPANT_REMOVED" {
			t.Errorf("disconnected: got %s", reason)
		}
		t.Logf("gone within %v", a.GoneAt().Sub(called))
	})
}

// Whoever shows another token is who it says.
func TestShowToken(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		lk, room := newAdapter(t, url), makeRoom(t, url)
		a := livekittest.Join(t, url, newToken(t, lk, room, "a", allowAll))
		a.ShowToken(newToken(t, lk, room, "b", allowAll))
		a.Restart()
		livekittest.Wait(t, "to be b", func() bool { return a.Identity() == "b" })
	})
}
