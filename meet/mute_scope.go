package meet

// VideoSource says which pictures to stop.
type VideoSource string

// The pictures that can be stopped.
const (
	VideoCamera VideoSource = "camera"       // with a lock the shared screen as well: no picture passes
	VideoScreen VideoSource = "screen_share" // the shared screen alone
	VideoAll    VideoSource = "all"          // both, and each is locked by itself
)

// VideoSources are all of them, for schemas and messages.
var VideoSources = []VideoSource{VideoCamera, VideoScreen, VideoAll}

// muteScope says what a call stops.
type muteScope struct {
	sources []Source // that a lock takes away
	action  EventAction
	matches func(Track) bool
}

// soundScope is all sound.
var soundScope = muteScope{sources: []Source{Microphone}, action: Muted, matches: Track.isSound}

// videoScope is what a call about pictures means.
func videoScope(call MuteCall) (muteScope, error) {
	scope := muteScope{sources: []Source{Camera}, action: VideoDisabled, matches: Track.isCamera}
	switch call.Source {
	case "", VideoCamera:
		if call.Lock != nil {
			scope.matches = Track.isPicture
		}
	case VideoScreen:
		scope.sources, scope.matches = []Source{ScreenShare}, Track.isScreen
	case VideoAll:
		scope.sources, scope.matches = []Source{Camera, ScreenShare}, Track.isPicture
	default:
		return muteScope{}, Invalid("source", "source must be camera, screen_share or all", "Leave it out for camera.")
	}
	return scope, nil
}

// playing gives the tracks in the scope that are not muted.
func (scope muteScope) playing(people []Person) (tracks []MutedTrack) {
	for _, person := range people {
		for _, track := range person.Tracks {
			if !track.Muted && scope.matches(track) {
				tracks = append(tracks, MutedTrack{person.Identity, track.ID, track.Source})
			}
		}
	}
	return tracks
}
