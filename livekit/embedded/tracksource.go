package embedded

import (
	"strings"

	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

// LiveKit v1.13.5 checks whether somebody may publish by the source that the
// client names, and does not check what comes: sound under the name of a camera,
// or announced as a picture, goes through. Two corrections close that:
//
//   - An announced track gets a source that its type can have before LiveKit
//     sees it (boundedSignals), so a false source gains nothing.
//   - A track of another type than was announced is removed when LiveKit tells
//     that it is published (roomEvents), before anybody can have negotiated to
//     receive it.
//
// Tracks are announced on signalling connections alone.

// trueSource is the source of a track of that type. LiveKit itself refuses what
// is neither sound nor picture.
func trueSource(kind livekit.TrackType, source livekit.TrackSource) livekit.TrackSource {
	switch kind {
	case livekit.TrackType_AUDIO:
		if source != livekit.TrackSource_SCREEN_SHARE_AUDIO {
			return livekit.TrackSource_MICROPHONE
		}
	case livekit.TrackType_VIDEO:
		if source != livekit.TrackSource_SCREEN_SHARE {
			return livekit.TrackSource_CAMERA
		}
	}
	return source
}

// withTrueSource gives the request itself, or a copy with the true source.
func withTrueSource(req *livekit.AddTrackRequest) *livekit.AddTrackRequest {
	source := trueSource(req.GetType(), req.GetSource())
	if req == nil || source == req.Source {
		return req
	}
	req = proto.CloneOf(req)
	req.Source = source
	return req
}

// hasOtherType says whether what came of a track is not of the announced type.
func hasOtherType(track *livekit.TrackInfo) bool {
	prefix := strings.ToLower(track.GetType().String()) + "/"
	other := func(mime string) bool { return !strings.HasPrefix(strings.ToLower(mime), prefix) }
	for _, c := range track.GetCodecs() {
		if c.GetMimeType() != "" && other(c.GetMimeType()) {
			return true
		}
	}
	return other(track.GetMimeType())
}
