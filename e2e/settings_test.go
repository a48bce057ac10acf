package e2e_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// A setting that changes while people publish reaches them at once, and those
// who connect with a token made before.
func TestSettings(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		ada, bob, viewer := s.guest("ada"), s.guest("bob"), s.enter(s.exchange(meet.RoleViewer, "vera"))
		before := s.exchange(meet.RoleGuest, "late")
		publish(t, ada, meet.Camera)
		publish(t, ada, meet.Microphone)
		for _, source := range []meet.Source{meet.Camera, meet.Microphone} {
			livekittest.Wait(t, "bob to get it", func() bool { return bob.Receives(ada.pass.Identity, source) })
		}

		began := s.set(arg{"allow_video": false})
		s.atOnce("5 allow_video false", "camera gone", ada.WaitTrackGone(meet.Camera).Sub(began))
		s.atOnce("5 allow_video false: for others", "not received", bob.WaitNotReceiving(ada.pass.Identity, meet.Camera).Sub(began))
		ada.WaitMayPublish(meet.ScreenShare, false)
		if !bob.Receives(ada.pass.Identity, meet.Microphone) {
			t.Error("the microphone went with the camera")
		}

		began = time.Now()
		late := s.enter(before)
		s.atOnce("5 allow_video false: token made before", "no camera", late.WaitMayPublish(meet.Camera, false).Sub(began))
		if !late.MayPublish(meet.Microphone) {
			t.Error("the microphone was taken from who came late")
		}

		began = s.set(arg{"allow_chat": false})
		s.atOnce("5 allow_chat false", "told", s.waitData(ada, false).Sub(began))
		s.waitData(bob, false)
		s.waitData(late, false)
		ada.Send("nobody hears this") // the SDK does not know better; the server does not pass it on
		began = s.set(arg{"allow_chat": true})
		s.atOnce("5 allow_chat true", "told", s.waitData(ada, true).Sub(began))
		ada.Send("and this")
		bob.WaitMessage("and this")
		if slices.Contains(bob.Messages(), "nobody hears this") {
			t.Error("a message came through while there was no chat")
		}

		began = s.set(arg{"allow_audio": false})
		s.atOnce("5 allow_audio false", "microphone gone", ada.WaitTrackGone(meet.Microphone).Sub(began))
		bob.WaitNotReceiving(ada.pass.Identity, meet.Microphone)

		began = s.set(arg{"allow_audio": true, "allow_video": true})
		s.atOnce("5 allow_audio, allow_video true", "told", ada.waitPublishes(true).Sub(began))
		late.waitPublishes(true)
		publish(t, ada, meet.Camera)
		livekittest.Wait(t, "bob to see ada again", func() bool { return bob.Receives(ada.pass.Identity, meet.Camera) })
		if may := viewer.Permissions(); may.GetCanPublish() || may.GetCanPublishData() || !may.GetCanSubscribe() {
			t.Errorf("viewer: got %v, want to watch and nothing else", may)
		}
	})
}

// set changes settings of the room.
func (s *scene) set(settings arg) (began time.Time) {
	s.t.Helper()
	return s.do("update_room", arg{"settings": settings}, nil)
}

// waitData waits until somebody was told that they may chat, or not.
func (s *scene) waitData(p person, want bool) time.Time {
	s.t.Helper()
	return p.WaitPermissions(fmt.Sprintf("data to be %t", want), func(may *permission) bool { return may.GetCanPublishData() == want })
}

// waitPublishes waits until somebody may publish camera and microphone, or
// nothing at all.
func (p person) waitPublishes(want bool) time.Time {
	one, two := p.WaitMayPublish(meet.Camera, want), p.WaitMayPublish(meet.Microphone, want)
	if two.After(one) {
		return two
	}
	return one
}

// In a webinar those who joined without a code are viewers, and guests again
// after it. Admins and those with a code are not concerned.
func TestWebinar(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		host, guest, viewer := s.host(), s.guest("gwen"), s.enter(s.exchange(meet.RoleViewer, "vera"))
		before := s.joinAs("nobody", nil)
		nina := s.enter(s.joinAs("nina", nil))
		publish(t, nina, meet.Camera)
		livekittest.Wait(t, "gwen to see nina", func() bool { return guest.Receives(nina.pass.Identity, meet.Camera) })

		began := s.do("update_room", arg{"mode": "webinar"}, nil)
		s.atOnce("5 mode webinar: who joined by name", "camera gone", nina.WaitTrackGone(meet.Camera).Sub(began))
		nina.waitPublishes(false)
		guest.WaitNotReceiving(nina.pass.Identity, meet.Camera)
		livekittest.Wait(t, "others to know nina as a viewer", func() bool { return s.roleSeen(guest, nina) == meet.RoleViewer })
		began = time.Now()
		late := s.enter(before)
		s.atOnce("5 mode webinar: token made before", "viewer", late.waitPublishes(false).Sub(began))
		if !host.MayPublish(meet.Camera) || !guest.MayPublish(meet.Camera) {
			t.Error("the webinar has taken the camera from the host or from who came by a code")
		}

		began = s.do("update_room", arg{"mode": "standard"}, nil)
		s.atOnce("5 mode standard: who joined by name", "told", nina.waitPublishes(true).Sub(began))
		late.waitPublishes(true)
		publish(t, nina, meet.Microphone)
		livekittest.Wait(t, "gwen to hear nina", func() bool { return guest.Receives(nina.pass.Identity, meet.Microphone) })
		if viewer.MayPublish(meet.Camera) || viewer.MayPublish(meet.Microphone) || viewer.Permissions().GetCanPublishData() {
			t.Error("the viewer by code may publish: want never more than the role")
		}
		table.add("5 viewer by code through all of it", s.mode, "stays viewer")
	})
}

// roleSeen is the role that somebody sees of another.
func (s *scene) roleSeen(by, of person) string {
	other := by.Room().GetParticipantByIdentity(of.pass.Identity)
	if other == nil {
		return ""
	}
	return other.Attributes()["role"]
}

// A lock outlives settings that come and go.
func TestLockUnderSettings(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.open(t, nil)
		ada, bob := s.guest("ada"), s.guest("bob")
		s.do("mute_participant", arg{"identity": ada.pass.Identity, "lock": true}, nil)
		s.set(arg{"allow_audio": false, "allow_chat": false})
		s.set(arg{"allow_audio": true})
		bob.WaitMayPublish(meet.ScreenShareAudio, true)
		ada.WaitPermissions("chat to be off", func(may *livekit.ParticipantPermission) bool { return !may.GetCanPublishData() })
		if ada.MayPublish(meet.Microphone) || ada.MayPublish(meet.ScreenShareAudio) {
			t.Error("changed settings have lifted a lock")
		}
	})
}
