package embedded_test

import (
	"sync"
	"testing"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"

	"roomkey/livekit/livekittest"
)

// A receiver without a picture asks for a key frame again and again, and the sender is
// soon asked for the next one. LiveKit by itself lets a second pass in between, so with
// that no two requests come closer.
func TestAKeyFrameIsSoonAskedForAgain(t *testing.T) {
	t.Parallel()
	a, b := joinSeeing(t, start(t, config()))
	const soon = 700 * time.Millisecond
	var mu sync.Mutex
	var last time.Time
	shortest := time.Hour
	a.PublishTwoSizes(func() {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		if !last.IsZero() {
			shortest = min(shortest, now.Sub(last))
		}
		last = now
	})
	livekittest.Wait(t, "two requests for a key frame soon after each other", func() bool {
		sender := b.Room().GetParticipantByIdentity("a")
		for _, pub := range sender.TrackPublications() {
			if track, ok := pub.Track().(*webrtc.TrackRemote); ok && pub.Kind() == lksdk.TrackKindVideo {
				sender.WritePLI(track.SSRC())
			}
		}
		mu.Lock()
		defer mu.Unlock()
		return shortest < soon
	})
	t.Logf("%s between two requests", shortest)
}
