package pagetest

import (
	"slices"
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// publishes waits until the server knows of a source of somebody, muted or not.
func (s *site) publishes(room meet.Room, name string, source meet.Source, muted bool) {
	s.t.Helper()
	livekittest.Wait(s.t, name+" to publish "+string(source), func() bool {
		return slices.ContainsFunc(s.people(room), func(p meet.Participant) bool {
			return p.Name == name && slices.ContainsFunc(p.Tracks, func(t meet.Track) bool { return t.Source == source && t.Muted == muted })
		})
	})
}

func TestTheHostMutesSomebody(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	bob := s.open(wide)
	bob.join(codes["guest"], "Bob")
	s.publishes(room, "Bob", meet.Microphone, false)
	s.publishes(room, "Bob", meet.Camera, false)
	identity := s.identity(room, "Bob")

	if _, err := s.Mute(t.Context(), meettest.Ada, room.ID, meet.StopCall{Identity: identity}); err != nil {
		t.Fatal(err)
	}
	bob.readOut("The host muted you")
	bob.wait("the microphone button to say so", control("Microphone")+`.getAttribute("aria-pressed") === "false"`)
	if _, err := s.DisableVideo(t.Context(), meettest.Ada, room.ID, meet.StopCall{Identity: identity}); err != nil {
		t.Fatal(err)
	}
	bob.readOut("The host turned your camera off")
	bob.wait("the camera button to say so", control("Camera")+`.getAttribute("aria-pressed") === "false"`)
	bob.press("Microphone") // by themself: nobody is told that it was the host
	s.publishes(room, "Bob", meet.Microphone, false)
	bob.press("Microphone")
	s.publishes(room, "Bob", meet.Microphone, true)
	bob.quiet()
}

func TestBeingRemoved(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	bob := s.open(wide)
	bob.join(codes["guest"], "Bob")
	if _, err := s.Kick(t.Context(), meettest.Ada, room.ID, meet.KickCall{Identity: s.identity(room, "Bob"), Reason: "too loud"}); err != nil {
		t.Fatal(err)
	}
	bob.message("removed", "You were removed from the room")
	if bob.has("Microphone") || eval[bool](bob, `!!document.querySelector("video")`) {
		t.Error("the call goes on behind the message")
	}
	// Reloading asks anew: it does not slip back in.
	bob.visit("/join/" + codes["guest"])
	bob.screen("prejoin")
	if got := s.names(room); len(got) != 0 {
		t.Errorf("inside are %v, want nobody", got)
	}
	bob.quiet()
}

func TestTheRoomEnds(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, codes := s.room(meet.RoomChange{})
	bob := s.open(wide)
	bob.join(codes["guest"], "Bob")
	if _, _, err := s.EndRoom(t.Context(), meettest.Ada, room.ID, room.Name); err != nil {
		t.Fatal(err)
	}
	bob.message("ended", "The room has ended")
	bob.quiet()
}
