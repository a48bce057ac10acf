package e2e_test

import (
	"fmt"
	"slices"
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// A setting that changes while people publish reaches them at once, and people who
// connect with a token from before. It does not lift a lock.
func TestSettings(t *testing.T) {
	each(t, nil, func(t *testing.T, s *system) {
		ada, bob, eve, locked := s.guest("ada"), s.guest("bob"), s.guest("eve"), s.guest("locked")
		viewer, before := s.enter(s.exchange(meet.RoleViewer, "vera")), s.exchange(meet.RoleGuest, "late")
		s.do("mute_participant", arg{"identity": locked.pass.Identity, "lock": true}, nil)
		for _, source := range []meet.Source{meet.Camera, meet.Microphone} {
			ada.Publish(source)
			bob.WaitReceives(ada.pass.Identity, source, true)
		}
		set := func(what string, settings arg, wait func()) {
			t.Helper()
			began := s.do("update_room", arg{"settings": settings}, nil)
			wait()
			s.atOnce("5 "+what, began)
		}
		set("allow_video false", arg{"allow_video": false}, func() {
			ada.WaitTrackGone(meet.Camera)
			bob.WaitReceives(ada.pass.Identity, meet.Camera, false)
			ada.WaitMayPublish(meet.ScreenShare, false)
		})
		if !bob.Receives(ada.pass.Identity, meet.Microphone) {
			t.Error("the microphone went with the camera")
		}
		late := s.enter(before)
		late.WaitMayPublish(meet.Camera, false)
		late.WaitMayPublish(meet.Microphone, true)

		set("allow_chat false", arg{"allow_chat": false}, func() { waitChat(t, false, ada, bob, late, eve) })
		eve.Send("nobody gets this") // the SDK sends it all the same

		set("allow_audio false", arg{"allow_audio": false}, func() {
			ada.WaitTrackGone(meet.Microphone)
			bob.WaitReceives(ada.pass.Identity, meet.Microphone, false)
		})
		set("allow_audio, allow_video true", arg{"allow_audio": true, "allow_video": true}, func() {
			for _, p := range []person{ada, late} {
				waitPublishes(p, true)
			}
		})
		set("allow_screen_share false", arg{"allow_screen_share": false}, func() {
			ada.WaitMayPublish(meet.ScreenShare, false)
			late.WaitMayPublish(meet.ScreenShare, false)
		})
		ada.Publish(meet.Camera)
		bob.WaitReceives(ada.pass.Identity, meet.Camera, true)
		locked.WaitMayPublish(meet.Camera, true)
		// A message may reach LiveKit late. One of somebody who is gone is never passed on.
		eve.Leave()
		livekittest.Wait(t, "the sender to be gone", func() bool { return !bob.Sees(eve.Identity()) })
		set("allow_chat true", arg{"allow_chat": true}, func() { waitChat(t, true, ada, bob, late) })
		ada.Send("and this")
		bob.WaitMessage("and this")
		if slices.Contains(bob.Messages(), "nobody gets this") {
			t.Error("a message came through while there was no chat")
		}
		if locked.MayPublish(meet.Microphone) || locked.MayPublish(meet.ScreenShareAudio) {
			t.Error("changed settings have lifted a lock")
		}
		checkViewer(t, viewer)
	})
}

// waitChat waits until all of them have been told that they may chat, or not.
func waitChat(t *testing.T, want bool, people ...person) {
	t.Helper()
	for _, p := range people {
		livekittest.Wait(t, fmt.Sprintf("permission to chat to be %t", want), func() bool {
			return p.Permissions().GetCanPublishData() == want
		})
	}
}

// waitPublishes waits until somebody may publish camera and microphone, or neither.
func waitPublishes(p person, want bool) {
	p.WaitMayPublish(meet.Camera, want)
	p.WaitMayPublish(meet.Microphone, want)
}

// checkViewer checks that somebody may watch and nothing else.
func checkViewer(t *testing.T, p person) {
	t.Helper()
	if may := p.Permissions(); may.GetCanPublish() || may.GetCanPublishData() || !may.GetCanSubscribe() {
		t.Errorf("viewer: got %v, want to watch and nothing else", may)
	}
}

// In a webinar people who joined without a code are viewers, and guests again after
// it. Admins and people with a code keep their role.
func TestWebinar(t *testing.T) {
	each(t, nil, func(t *testing.T, s *system) {
		host, guest := s.enter(s.joinAs(admin)), s.guest("gwen")
		viewer, before := s.enter(s.exchange(meet.RoleViewer, "vera")), s.joinAs("nobody")
		nina := s.enter(s.joinAs("nina"))
		nina.Publish(meet.Camera)
		guest.WaitReceives(nina.pass.Identity, meet.Camera, true)

		began := s.do("update_room", arg{"mode": "webinar"}, nil)
		nina.WaitTrackGone(meet.Camera)
		waitPublishes(nina, false)
		s.atOnce("5 mode webinar", began)
		guest.WaitReceives(nina.pass.Identity, meet.Camera, false)
		livekittest.Wait(t, "others to know nina as a viewer", func() bool {
			seen := guest.Room().GetParticipantByIdentity(nina.pass.Identity)
			return seen != nil && seen.Attributes()["role"] == meet.RoleViewer
		})
		late := s.enter(before)
		waitPublishes(late, false)
		if !host.MayPublish(meet.Camera) || !guest.MayPublish(meet.Camera) {
			t.Error("the webinar has taken the camera from the host or from a guest by code")
		}

		began = s.do("update_room", arg{"mode": "standard"}, nil)
		waitPublishes(nina, true)
		waitPublishes(late, true)
		s.atOnce("5 mode standard", began)
		nina.Publish(meet.Microphone)
		guest.WaitReceives(nina.pass.Identity, meet.Microphone, true)
		checkViewer(t, viewer)
	})
}
