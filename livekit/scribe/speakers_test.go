package scribe_test

import (
	"sync/atomic"
	"testing"

	"github.com/livekit/protocol/auth"

	"roomkey/livekit/livekittest"
	"roomkey/livekit/scribe"
)

// Who knows who speaks gets no sound but LiveKit's own silence.
func TestSpeakersWithoutSound(t *testing.T) {
	t.Parallel()
	server := livekittest.StartServer(t, livekittest.ServerOptions{})
	token := func(identity string) string {
		token, err := auth.NewAccessToken(livekittest.APIKey, livekittest.APISecret).SetIdentity(identity).
			SetVideoGrant(&auth.VideoGrant{RoomCreate: true, RoomJoin: true, Room: "room"}).ToJWT()
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	ada := livekittest.Join(t, server.URL(), token("ada"))
	bob := livekittest.Join(t, server.URL(), token("bob"))
	p, err := scribe.Join(t.Context(), scribe.Config{URL: server.URL(), Token: token("scribe"), Speakers: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var got atomic.Int32 // packets of Ada's; LiveKit's own have 80 bytes
	p.OnSound(func(payload []byte) {
		if len(payload) < 80 {
			got.Add(1)
		}
	})

	speaks := ada.PublishVoice()
	for range 3 { // long enough for Bob to hear her
		for _, now := range []bool{true, false} {
			speaks.Store(now)
			livekittest.Wait(t, "Ada to be heard speaking or not", func() bool {
				return p.Speaking()[ada.Room().LocalParticipant.SID()] == now
			})
		}
	}
	livekittest.Wait(t, "Bob to hear Ada", func() bool { return bob.Heard("ada") })
	if n := got.Load(); n != 0 {
		t.Errorf("%d packets of Ada's have come", n)
	}
	if n := p.Subscriptions(); n != 1 {
		t.Errorf("subscribed to %d tracks, want one", n)
	}
}
