package livekit_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"

	"roomkey/livekit"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

func TestParticipantsSayWhoIsThere(t *testing.T) {
	w := setup(t)
	before := time.Now().Truncate(time.Millisecond)
	profile := meet.Profile{Name: "Ada L.", Role: meet.RoleHost, Grants: allowAll}
	token, err := w.Token(meet.Admission{Identity: "ada_1", RoomID: w.room.ID, UserID: "ada"}, profile,
		time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	ada := livekittest.Join(t, w.url, token)
	w.join("bob_1", meet.Grants{})

	people, err := w.Participants(t.Context(), w.room.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(people) != 2 || people[0].Identity != "ada_1" || people[1].Identity != "bob_1" {
		t.Fatalf("Participants = %+v, want ada_1 and then bob_1", people)
	}
	got := people[0]
	if !got.Profile.Equal(profile) || got.UserID != "ada" {
		t.Errorf("ada = %+v, want what her token says", got)
	}
	if got.JoinedAt.Before(before) || got.JoinedAt.After(time.Now()) {
		t.Errorf("JoinedAt = %v, want between %v and now", got.JoinedAt, before)
	}
	if got.Tracks == nil || len(got.Tracks) != 0 {
		t.Errorf("Tracks = %#v, want an empty list", got.Tracks)
	}

	ada.PublishMicrophone()
	ada.PublishCamera()
	microphone, camera := w.waitTrack("ada_1", meet.Microphone), w.waitTrack("ada_1", meet.Camera)
	if microphone.ID == "" || !microphone.Audio || microphone.Muted {
		t.Errorf("microphone = %+v, want an unmuted audio track with an id", microphone)
	}
	if camera.ID == "" || camera.Audio || camera.Muted {
		t.Errorf("camera = %+v, want an unmuted video track with an id", camera)
	}
	ada.SetMuted(meet.Microphone, true)
	livekittest.Wait(t, "ada's own mute to be listed", func() bool {
		track, _ := w.track("ada_1", meet.Microphone)
		return track.Muted
	})
}

func TestCountsAtOnce(t *testing.T) {
	w := setup(t)
	if got := w.count(); got != 0 {
		t.Errorf("count of an empty room = %d", got)
	}
	var last *livekittest.Person
	for i, identity := range []string{"a", "b", "c"} {
		last = w.join(identity, meet.Grants{})
		if got := w.count(); got != i+1 {
			t.Errorf("count right after %d joined = %d", i+1, got)
		}
	}
	for i, identity := range []string{"a", "b"} {
		if err := w.Remove(t.Context(), w.room.ID, identity); err != nil {
			t.Fatalf("Remove: %v", err)
		}
		if got, want := w.count(), 2-i; got != want {
			t.Errorf("count right after a removal = %d, want %d", got, want)
		}
	}

	ids := []string{"no-such-room", w.room.ID}
	for i := range 30 { // in one call
		room := meet.Room{ID: fmt.Sprint(w.room.ID, "-", i)}
		if err := w.EnsureRoom(t.Context(), room); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, room.ID)
	}
	counts, err := w.Counts(t.Context(), ids)
	if err != nil || len(counts) != 31 || counts[w.room.ID] != 1 || counts[ids[2]] != 0 {
		t.Errorf("Counts = %v, %v, want one person in one of the 31 rooms there are", counts, err)
	}
	if counts, err = w.Counts(t.Context(), nil); err != nil || counts == nil || len(counts) != 0 {
		t.Errorf("Counts of no rooms = %v, %v, want nothing", counts, err)
	}
	last.Leave()
	livekittest.Wait(t, "nobody to be left", func() bool { return w.count() == 0 && len(w.participants()) == 0 })
	people, err := w.Participants(t.Context(), "no-such-room")
	if err != nil || people == nil || len(people) != 0 {
		t.Errorf("Participants of no room = %#v, %v, want an empty list", people, err)
	}
}

// Recorders and the like are hidden; our own tokens never make one.
func TestHiddenOnesDoNotCount(t *testing.T) {
	w := setup(t)
	token, err := auth.NewAccessToken(livekittest.APIKey, livekittest.APISecret).SetIdentity("recorder").
		SetVideoGrant(&auth.VideoGrant{RoomJoin: true, Room: w.room.ID, Hidden: true}).ToJWT()
	if err != nil {
		t.Fatal(err)
	}
	livekittest.Join(t, w.url, token)
	w.join("a", meet.Grants{})
	if got := w.participants(); len(got) != 1 || w.count() != 1 {
		t.Errorf("there are %v, counted as %d, want a alone", got, w.count())
	}
}

func TestOnlyGrantedSourcesArePublished(t *testing.T) {
	w := setup(t)
	people := map[string]*livekittest.Person{
		"speaker":  w.join("speaker", meet.Grants{Publish: []meet.Source{meet.Microphone}, Subscribe: true}),
		"viewer":   w.join("viewer", meet.Grants{Subscribe: true}),
		"nobody":   w.join("nobody", meet.Grants{}),
		"listener": w.join("listener", allowAll),
	}
	type attempt struct {
		identity string
		source   meet.Source
	}
	refused := []attempt{
		{"speaker", meet.Camera}, {"speaker", meet.ScreenShare}, {"speaker", meet.ScreenShareAudio},
		{"viewer", meet.Microphone}, {"viewer", meet.Camera}, {"nobody", meet.Microphone},
	}
	for _, a := range refused {
		if people[a.identity].TryPublish(a.source) == nil {
			t.Errorf("%s published %s, which was not granted", a.identity, a.source)
		}
	}
	people["speaker"].PublishMicrophone()
	w.waitTrack("speaker", meet.Microphone)
	people["listener"].WaitReceives("speaker", meet.Microphone, true)
	for _, a := range refused {
		if track, ok := w.track(a.identity, a.source); ok {
			t.Errorf("%s has a track %+v, want none from a source not granted", a.identity, track)
		}
	}
	if people["nobody"].Receives("speaker", meet.Microphone) {
		t.Errorf("somebody without grants hears the speaker")
	}
}

func TestMuteIsSeenByEveryone(t *testing.T) {
	for _, source := range []meet.Source{meet.Microphone, meet.Camera} {
		t.Run(string(source), func(t *testing.T) {
			w := setup(t)
			speaker, listener := w.join("speaker", allowAll), w.join("listener", allowAll)
			speaker.PublishMicrophone()
			speaker.PublishCamera()
			track := w.waitTrack("speaker", source)
			livekittest.Wait(t, "the listener to receive the speaker", func() bool {
				return listener.Receives("speaker", source)
			})

			for range 2 { // the second time it is muted already
				ok, err := w.MuteTrack(t.Context(), w.room.ID, "speaker", track.ID)
				if err != nil || !ok {
					t.Fatalf("MuteTrack = %v, %v", ok, err)
				}
			}
			speaker.WaitMuted(source)
			livekittest.Wait(t, "the listener to receive nothing", func() bool { return !listener.Receives("speaker", source) })
			if track, _ := w.track("speaker", source); !track.Muted {
				t.Errorf("the server lists %+v, want it muted", track)
			}
			for _, other := range []meet.Source{meet.Microphone, meet.Camera} {
				if track := w.waitTrack("speaker", other); track.Muted != (other == source) {
					t.Errorf("%s muted = %v after muting %s", other, track.Muted, source)
				}
			}
		})
	}
}

// LiveKit waits a second or more for somebody who is not there, so it is asked to
// mute only those who are.
func TestMuteWhatIsGone(t *testing.T) {
	w := setup(t)
	w.join("a", allowAll)
	var mutes atomic.Int32
	proxy := proxied(t, w, func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/MutePublishedTrack") {
			mutes.Add(1)
		}
	})
	proxy.Start()
	t.Cleanup(proxy.Close)
	lk := connect(t, livekit.Config{URL: proxy.URL})
	for _, c := range []struct {
		room, identity, track string
		mutes                 int32
	}{
		{w.room.ID, "a", "TR_unknown", 1}, {w.room.ID, "unknown", "TR_unknown", 0}, {"no-such-room", "a", "TR_unknown", 0},
	} {
		mutes.Store(0)
		if ok, err := lk.MuteTrack(t.Context(), c.room, c.identity, c.track); ok || err != nil {
			t.Errorf("MuteTrack(%v) = %v, %v, want false", c, ok, err)
		}
		if got := mutes.Load(); got != c.mutes {
			t.Errorf("MuteTrack(%v): LiveKit was asked to mute %d times, want %d", c, got, c.mutes)
		}
	}
}

func TestRemove(t *testing.T) {
	w := setup(t)
	a, b := w.join("a", allowAll), w.join("b", allowAll)
	livekittest.Wait(t, "b to see a", func() bool { return b.Sees("a") })
	if err := w.Remove(t.Context(), w.room.ID, "a"); err != nil {
		t.Fatalf("Remove: %v", err)
	}
	if got := w.participants(); len(got) != 1 {
		t.Errorf("right after the removal there are %v, want b alone", got)
	}
	if reason := a.WaitDisconnected(); reason != "PARTICIPANT_REMOVED" {
		t.Errorf("a was disconnected for %s", reason)
	}
	livekittest.Wait(t, "b to see a no more", func() bool { return !b.Sees("a") })
	if !b.Connected() {
		t.Errorf("b is out too")
	}

	for _, room := range []string{w.room.ID, "no-such-room"} {
		err := w.Remove(t.Context(), room, "a")
		if !meet.IsCode(err, meet.CodeNotFound) || meet.AsError(err).Message != "Participant not found" {
			t.Errorf("second Remove = %v, want not found", err)
		}
	}
}

func TestClientsCannotChangeWhoTheyAre(t *testing.T) {
	w := setup(t)
	a := w.join("a", allowAll)
	before := w.participants()["a"]
	a.Room().LocalParticipant.SetAttributes(map[string]string{"role": "host", "admin": "true", "user_id": "the boss"})
	a.Room().LocalParticipant.SetName("The Boss")
	a.Room().LocalParticipant.SetMetadata("boss")
	// Signals are handled in order, so once the track is there, those were too.
	a.PublishMicrophone()
	w.waitTrack("a", meet.Microphone)
	after := w.participants()["a"]
	if !after.Profile.Equal(before.Profile) || after.UserID != before.UserID {
		t.Errorf("a is now %+v, was %+v", after, before)
	}
}

// A new profile holds at once: the source that was taken away ends, the other
// stays, the participant is told, and what was given back works.
func TestSetProfile(t *testing.T) {
	w := setup(t)
	speaker, listener := w.join("speaker", allowAll), w.join("listener", allowAll)
	heard := func(want bool) {
		t.Helper()
		livekittest.Wait(t, fmt.Sprint("the listener to hear the speaker: ", want), func() bool {
			return listener.Receives("speaker", meet.Microphone) == want
		})
	}
	speaker.PublishMicrophone()
	speaker.PublishCamera()
	heard(true)
	w.waitTrack("speaker", meet.Camera) // it is listed when its first packet has come

	set := func(identity string, profile meet.Profile) {
		t.Helper()
		if err := w.SetProfile(t.Context(), w.room.ID, identity, profile); err != nil {
			t.Fatalf("SetProfile: %v", err)
		}
	}
	less := meet.Profile{Name: "Renamed", Role: meet.RoleViewer,
		Grants: meet.Grants{Publish: []meet.Source{meet.Camera, meet.ScreenShare}, Subscribe: true}}
	for range 2 { // again changes nothing
		set("speaker", less)
	}
	speaker.WaitMayPublish(meet.Microphone, false)
	speaker.WaitTrackGone(meet.Microphone)
	heard(false)
	got := w.participants()["speaker"]
	if !got.Profile.Equal(less) || got.SID == "" {
		t.Errorf("the speaker is now %+v, want %+v", got, less)
	}
	if _, ok := w.track("speaker", meet.Camera); !ok {
		t.Error("the camera went as well")
	}
	set("speaker", meet.Profile{Role: meet.RoleGuest, Grants: allowAll})
	speaker.WaitMayPublish(meet.Microphone, true)
	speaker.PublishMicrophone()
	heard(true)

	for _, want := range []meet.Profile{{Role: meet.RoleHost, Admin: true}, {Role: meet.RoleGuest}} {
		set("speaker", want)
		if got := w.participants()["speaker"].Profile; got.Admin != want.Admin || got.Role != want.Role {
			t.Errorf("the speaker is now %+v, want %+v", got, want)
		}
	}
	speaker.WaitTrackGone(meet.Camera)
	if got := w.participants()["speaker"].Profile.Grants; !got.Equal(meet.Grants{}) {
		t.Errorf("no grants are %+v", got)
	}
	err := w.SetProfile(t.Context(), w.room.ID, "nobody", less)
	if !meet.IsCode(err, meet.CodeNotFound) {
		t.Errorf("SetProfile of nobody = %v, want not found", err)
	}
}
