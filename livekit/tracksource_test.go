package livekit_test

import (
	"fmt"
	"testing"

	pb "github.com/livekit/protocol/livekit"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// names are all that a track can be announced as.
var names = append([]meet.Source{meet.UnknownSource}, meet.Sources...)

// a liar may publish what is of one type, and tries what is of the other.
type liar struct {
	what    string
	may     []meet.Source
	sends   meet.Source
	honest  meet.Source // what they may send
	kind    pb.TrackType
	noticed func(listener *livekittest.Person, identity string) bool
	allowed func(listener *livekittest.Person, identity string) bool
}

var liars = []liar{
	{"sound", []meet.Source{meet.Camera, meet.ScreenShare}, meet.Microphone, meet.Camera, pb.TrackType_VIDEO,
		(*livekittest.Person).Heard, (*livekittest.Person).Saw},
	{"picture", []meet.Source{meet.Microphone, meet.ScreenShareAudio}, meet.Camera, meet.Microphone, pb.TrackType_AUDIO,
		(*livekittest.Person).Saw, (*livekittest.Person).Heard},
}

// joinLiar lets one in.
func (w testRoom) joinLiar(l liar, identity string) *livekittest.Person {
	w.Helper()
	return w.join(identity, meet.Grants{Publish: l.may, Subscribe: true, Data: true})
}

// silent fails the test if anything of what the liar must not send was there.
func (w testRoom) silent(l liar, listener *livekittest.Person, identity string) {
	w.Helper()
	if l.noticed(listener, identity) {
		w.Errorf("%s of %s came through", l.what, identity)
	}
	for _, track := range w.participants()[identity].Tracks {
		if track.Audio == (l.sends == meet.Microphone) {
			w.Errorf("%s is listed with %+v", identity, track)
		}
	}
}

// What is locked is locked under every name, also in a session that was taken
// up again.
func TestNothingIsPublishedUnderAnotherName(t *testing.T) {
	for _, l := range liars {
		t.Run(l.what, func(t *testing.T) {
			w := setup(t)
			listener := w.join("listener", allowAll)
			var people []*livekittest.Person
			for _, name := range names {
				person := w.joinLiar(l, "with "+string(name))
				person.ClaimSource(name)
				people = append(people, person)
			}
			resumed := w.joinLiar(l, "resumed")
			if !livekittest.UnderRaceDetector {
				resumed.Resume()
			}
			resumed.ClaimSource(l.honest)
			people = append(people, resumed)
			for _, person := range people {
				if person.TryPublish(l.sends) == nil {
					t.Errorf("publishing %s succeeded for %s, want it refused", l.what, person.Identity())
				}
			}
			for _, person := range people {
				w.silent(l, listener, person.Identity())
			}
		})
	}
}

// The type is checked when something comes, whatever it was announced as.
func TestNothingIsPublishedAsAnotherType(t *testing.T) {
	for _, l := range liars {
		t.Run(l.what, func(t *testing.T) {
			w := setup(t)
			listener, person := w.join("listener", allowAll), w.joinLiar(l, "liar")
			person.Claim(func(req *pb.AddTrackRequest) { req.Type, req.Source = l.kind, pb.TrackSource_UNKNOWN })
			if err := person.TryPublish(l.sends); err != nil {
				t.Fatalf("announcing %s as something else: %v", l.what, err)
			}
			person.Claim(nil)
			if err := person.TryPublish(l.honest); err != nil {
				t.Fatalf("publish honestly afterwards: %v", err)
			}
			livekittest.Wait(t, "what is allowed to come", func() bool { return l.allowed(listener, "liar") })
			livekittest.Wait(t, "only what is allowed to be listed", func() bool {
				return len(w.participants()["liar"].Tracks) == 1
			})
			w.silent(l, listener, "liar")
		})
	}
}

// Who names no source gets that of what they send.
func TestWhoNamesNoSource(t *testing.T) {
	w := setup(t)
	listener, person := w.join("listener", allowAll), w.join("simple", allowAll)
	person.ClaimSource(meet.UnknownSource)
	person.PublishMicrophone()
	person.PublishCamera()
	for _, source := range []meet.Source{meet.Microphone, meet.Camera} {
		w.waitTrack("simple", source)
		livekittest.Wait(t, string(source)+" to come", func() bool { return listener.Receives("simple", source) })
	}
}

// Everything at once, again, and after the connection was lost in both ways.
func TestHonestPeopleNoticeNothing(t *testing.T) {
	w := setup(t)
	listener, person := w.join("listener", allowAll), w.join("person", allowAll)
	everything := func(when string) {
		t.Helper()
		for _, source := range meet.Sources {
			livekittest.Wait(t, fmt.Sprintf("%s to come %s", source, when), func() bool {
				return listener.Receives("person", source)
			})
			sound := source == meet.Microphone || source == meet.ScreenShareAudio
			if track := w.waitTrack("person", source); track.Audio != sound {
				t.Errorf("%s, %s is %+v", when, source, track)
			}
		}
	}
	publish := func(sources ...meet.Source) {
		t.Helper()
		for _, source := range sources {
			if err := person.TryPublish(source); err != nil {
				t.Fatalf("publish %s: %v", source, err)
			}
		}
	}

	publish(meet.Sources...)
	everything("at first")

	for _, source := range meet.Sources {
		person.Unpublish(source)
		livekittest.Wait(t, string(source)+" to end", func() bool { return !listener.Receives("person", source) })
	}
	publish(meet.Sources...)
	everything("once more")
	if livekittest.UnderRaceDetector {
		return
	}

	person.Resume()
	everything("after a resumption")
	person.Unpublish(meet.Microphone)
	livekittest.Wait(t, "the microphone to end", func() bool { return !listener.Receives("person", meet.Microphone) })
	publish(meet.Microphone)
	everything("published after a resumption")

	person.Restart()
	everything("after a restart")
}
