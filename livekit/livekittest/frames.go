package livekittest

import (
	"context"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4/pkg/media"
)

// silentOpus is 20 ms of silence.
var silentOpus = []byte{0xf8, 0xff, 0xfe}

// blackVP8 is a key frame of one black pixel, so that any moment is a good one
// to begin watching.
var blackVP8 = []byte{
	0x30, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x01, 0x00, 0x01, 0x00, 0x0e,
	0xc0, 0xfe, 0x25, 0xa4, 0x00, 0x03, 0x70, 0x00, 0x00, 0x00, 0x00,
}

// loop is a camera or a microphone that gives the same frame for ever.
type loop struct {
	lksdk.BaseSampleProvider
	frame []byte
	every time.Duration
}

// NextSample is called by the SDK whenever it is time for one.
func (l *loop) NextSample(context.Context) (media.Sample, error) {
	return media.Sample{Data: l.frame, Duration: l.every}, nil
}
