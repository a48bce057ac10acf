// People is a program that connects one participant for each of its join tokens
// to a LiveKit server, and has each publish sound and picture. It prints a line
// when everybody receives everything, and goes on until it is ended. It takes
// the server's URL and the tokens as arguments.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1], os.Args[2:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "people:", err)
		os.Exit(1)
	}
}

// patience is how long everything may take until all receive everything.
const patience = 2 * time.Minute

func run(ctx context.Context, url string, tokens []string) error {
	lksdk.SetLogger(logger.GetDiscardLogger())
	received := make(chan struct{})
	callback := lksdk.NewRoomCallback()
	callback.OnTrackSubscribed = func(*webrtc.TrackRemote, *lksdk.RemoteTrackPublication, *lksdk.RemoteParticipant) {
		received <- struct{}{}
	}
	published := make(chan error)
	for _, token := range tokens {
		go func() {
			room, err := lksdk.ConnectToRoomWithToken(url, token, callback, lksdk.WithConnectTimeout(patience))
			if err == nil {
				err = publish(room)
			}
			published <- err
		}()
	}
	const tracks = 2 // of each person
	late := time.After(patience)
	for left := len(tokens) * (1 + tracks*(len(tokens)-1)); left > 0; left-- {
		select {
		case err := <-published:
			if err != nil {
				return err
			}
		case <-received:
		case <-late:
			return fmt.Errorf("%d of the tracks have not come", left)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	fmt.Println("everybody receives everything")
	<-ctx.Done()
	return nil
}

// publish publishes silence and a black picture.
func publish(room *lksdk.Room) error {
	for _, kind := range []struct {
		source livekit.TrackSource
		codec  webrtc.RTPCodecCapability
		frames frames
	}{
		{
			livekit.TrackSource_MICROPHONE,
			webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2},
			frames{frame: []byte{0xf8, 0xff, 0xfe}, every: 20 * time.Millisecond},
		},
		{
			livekit.TrackSource_CAMERA,
			webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000},
			frames{frame: []byte{
				0x30, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x01, 0x00, 0x01, 0x00, 0x0e,
				0xc0, 0xfe, 0x25, 0xa4, 0x00, 0x03, 0x70, 0x00, 0x00, 0x00, 0x00,
			}, every: time.Second / 15},
		},
	} {
		track, err := lksdk.NewLocalSampleTrack(kind.codec)
		if err == nil {
			err = track.StartWrite(&kind.frames, nil)
		}
		if err == nil {
			_, err = room.LocalParticipant.PublishTrack(track, &lksdk.TrackPublicationOptions{Source: kind.source})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// frames gives the same frame for ever.
type frames struct {
	lksdk.BaseSampleProvider
	frame []byte
	every time.Duration
}

// NextSample is called by the SDK when it is time for a frame.
func (f *frames) NextSample(context.Context) (media.Sample, error) {
	return media.Sample{Data: f.frame, Duration: f.every}, nil
}
