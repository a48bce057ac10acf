package livekittest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	samples "github.com/pion/webrtc/v4/pkg/media"

	"roomkey/meet"
)

// silentOpus is 20 ms of silence.
var silentOpus = []byte{0xf8, 0xff, 0xfe}

var (
	opus = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	vp8  = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
)

// blackVP8 is a key frame of one black pixel, so that any moment is a good one
// to begin watching.
var blackVP8 = []byte{
	0x30, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x01, 0x00, 0x01, 0x00, 0x0e,
	0xc0, 0xfe, 0x25, 0xa4, 0x00, 0x03, 0x70, 0x00, 0x00, 0x00, 0x00,
}

// frameLoop is a camera or a microphone that gives the same frame for ever.
type frameLoop struct {
	lksdk.BaseSampleProvider
	frame []byte
	every time.Duration
}

// NextSample is called by the SDK when it is time for a frame.
func (l *frameLoop) NextSample(context.Context) (samples.Sample, error) {
	return samples.Sample{Data: l.frame, Duration: l.every}, nil
}

// voice is a microphone whose level says whether somebody speaks.
type voice struct {
	frameLoop
	speaks atomic.Bool
}

// CurrentAudioLevel is called by the SDK for each frame: how many decibels it is below
// the loudest.
func (v *voice) CurrentAudioLevel() uint8 {
	if v.speaks.Load() {
		return 10
	}
	return 127
}

// PublishVoice publishes a microphone on which this person speaks as long as speaks
// is true.
func (p *Person) PublishVoice() (speaks *atomic.Bool) {
	p.tb.Helper()
	track, err := lksdk.NewLocalSampleTrack(opus)
	if err != nil {
		p.tb.Fatalf("make track: %v", err)
	}
	v := &voice{frameLoop: frameLoop{frame: silentOpus, every: 20 * time.Millisecond}}
	if err := track.StartWrite(v, nil); err != nil {
		p.tb.Fatalf("write track: %v", err)
	}
	options := &lksdk.TrackPublicationOptions{Name: "voice", Source: livekit.TrackSource_MICROPHONE}
	if _, err := p.room.LocalParticipant.PublishTrack(track, options); err != nil {
		p.tb.Fatalf("publish a voice: %v", err)
	}
	return &v.speaks
}

// PublishMicrophone publishes silence.
func (p *Person) PublishMicrophone() {
	p.tb.Helper()
	p.Publish(meet.Microphone)
}

// PublishCamera publishes a black picture.
func (p *Person) PublishCamera() {
	p.tb.Helper()
	p.Publish(meet.Camera)
}

// Publish publishes what must be allowed. On a busy machine the SDK may give up
// before the server has answered; then it is tried again.
func (p *Person) Publish(source meet.Source) {
	p.tb.Helper()
	for deadline := time.Now().Add(patience); ; {
		err := p.TryPublish(source)
		if err == nil {
			return
		}
		if !errors.Is(err, lksdk.ErrTrackPublishTimeout) || time.Now().After(deadline) {
			p.tb.Fatalf("publish %s: %v", source, err)
		}
	}
}

// PublishTwoSizes publishes a camera as browsers do, in a large and a small size.
// asked is called for each key frame that the server asks of the large one.
func (p *Person) PublishTwoSizes(asked func()) {
	p.tb.Helper()
	handle := func(packet rtcp.Packet) {
		if _, ok := packet.(*rtcp.PictureLossIndication); ok {
			asked()
		}
	}
	sizes := make([]*lksdk.LocalTrack, 2)
	for i, layer := range []*livekit.VideoLayer{
		{Quality: livekit.VideoQuality_LOW, Width: 320, Height: 180},
		{Quality: livekit.VideoQuality_HIGH, Width: 1280, Height: 720},
	} {
		options := []lksdk.LocalTrackOptions{lksdk.WithSimulcast("camera", layer)}
		if layer.Quality == livekit.VideoQuality_HIGH {
			options = append(options, lksdk.WithRTCPHandler(handle))
		}
		track, err := lksdk.NewLocalSampleTrack(vp8, options...)
		if err == nil {
			err = track.StartWrite(&frameLoop{frame: blackVP8, every: time.Second / 15}, nil)
		}
		if err != nil {
			p.tb.Fatalf("make track: %v", err)
		}
		sizes[i] = track
	}
	options := &lksdk.TrackPublicationOptions{Name: "camera", Source: livekit.TrackSource_CAMERA}
	if _, err := p.room.LocalParticipant.PublishSimulcastTrack(sizes, options); err != nil {
		p.tb.Fatalf("publish a camera: %v", err)
	}
}

// errNotAllowed is LiveKit's refusal of a publication.
var errNotAllowed = errors.New("the server does not allow it")

// TryPublish publishes sound or picture under any of [meet.Sources] and returns
// when the server has accepted or refused it. The SDK itself does not read a
// refusal, and gives up after 10 s.
func (p *Person) TryPublish(source meet.Source) error {
	track, err := newTrack(source)
	if err != nil {
		return err
	}
	refused := make(chan struct{})
	p.mu.Lock()
	p.refused[track.ID()] = sync.OnceFunc(func() { close(refused) })
	p.mu.Unlock()
	published := make(chan error, 1)
	go func() {
		options := &lksdk.TrackPublicationOptions{Name: string(source), Source: trackSource(source)}
		_, err := p.room.LocalParticipant.PublishTrack(track, options)
		published <- err
	}()
	select {
	case err = <-published:
		return err
	case <-refused:
		return errNotAllowed
	}
}

// trackSource is LiveKit's word for source.
func trackSource(source meet.Source) livekit.TrackSource {
	return livekit.TrackSource(livekit.TrackSource_value[strings.ToUpper(string(source))])
}

// newTrack makes a track that repeats one frame.
func newTrack(source meet.Source) (*lksdk.LocalTrack, error) {
	codec := vp8
	frames := frameLoop{frame: blackVP8, every: time.Second / 15}
	if source == meet.Microphone || source == meet.ScreenShareAudio {
		codec = opus
		frames = frameLoop{frame: silentOpus, every: 20 * time.Millisecond}
	}
	track, err := lksdk.NewLocalSampleTrack(codec)
	if err != nil {
		return nil, fmt.Errorf("make track: %w", err)
	}
	return track, track.StartWrite(&frames, nil)
}

// Unpublish ends the track of that source.
func (p *Person) Unpublish(source meet.Source) {
	p.tb.Helper()
	pub := p.room.LocalParticipant.GetTrackPublication(trackSource(source))
	if pub == nil {
		p.tb.Fatalf("%s is not published", source)
	}
	if err := p.room.LocalParticipant.UnpublishTrack(pub.SID()); err != nil {
		p.tb.Fatalf("unpublish %s: %v", source, err)
	}
}

// Muted says whether this person knows a published track of theirs as muted.
func (p *Person) Muted(source meet.Source) bool {
	pub := p.room.LocalParticipant.GetTrackPublication(trackSource(source))
	return pub != nil && pub.IsMuted()
}

// WaitMuted waits until this person knows the track as muted.
func (p *Person) WaitMuted(source meet.Source) {
	p.tb.Helper()
	Wait(p.tb, fmt.Sprintf("%s to be muted", source), func() bool { return p.Muted(source) })
}

// WaitStopped waits until this person knows that nothing is sent from that source:
// the track is muted, or there is none.
func (p *Person) WaitStopped(source meet.Source) {
	p.tb.Helper()
	Wait(p.tb, fmt.Sprintf("own %s to be stopped", source), func() bool {
		pub := p.room.LocalParticipant.GetTrackPublication(trackSource(source))
		return pub == nil || pub.IsMuted()
	})
}

// SetMuted mutes or unmutes as the person's own button does.
func (p *Person) SetMuted(source meet.Source, muted bool) {
	p.tb.Helper()
	pub, ok := p.room.LocalParticipant.GetTrackPublication(trackSource(source)).(*lksdk.LocalTrackPublication)
	if !ok {
		p.tb.Fatalf("%s is not published", source)
	}
	pub.SetMuted(muted)
}

// Receives says whether this person hears or sees that source of somebody
// else: it is published and not muted, and this person is subscribed to it.
func (p *Person) Receives(identity string, source meet.Source) bool {
	other := p.room.GetParticipantByIdentity(identity)
	if other == nil {
		return false
	}
	pub := other.GetTrackPublication(trackSource(source))
	if pub == nil || pub.IsMuted() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.received[pub.SID()] // the SDK's own IsSubscribed is a data race
}

func (p *Person) subscribed(track *webrtc.TrackRemote, pub *lksdk.RemoteTrackPublication,
	from *lksdk.RemoteParticipant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.received[pub.SID()] = true
	p.arrived[media{from.Identity(), track.Kind()}] = true
}

func (p *Person) unsubscribed(_ *webrtc.TrackRemote, pub *lksdk.RemoteTrackPublication, _ *lksdk.RemoteParticipant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.received[pub.SID()] = false
}

// WaitReceives waits until Receives is as wanted.
func (p *Person) WaitReceives(identity string, source meet.Source, want bool) {
	p.tb.Helper()
	Wait(p.tb, fmt.Sprintf("receiving %s of %s to be %t", source, identity, want), func() bool {
		return p.Receives(identity, source) == want
	})
}

// Heard says whether sound of another person has ever come, under whatever name.
func (p *Person) Heard(identity string) bool { return p.got(media{identity, webrtc.RTPCodecTypeAudio}) }

// Saw says whether a picture of another person has ever come, under whatever name.
func (p *Person) Saw(identity string) bool { return p.got(media{identity, webrtc.RTPCodecTypeVideo}) }

func (p *Person) got(what media) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.arrived[what]
}
