package servicetest

import (
	"testing"

	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// Screen sharing has a setting of its own, which reaches the people inside at
// once. Without video there is no shared screen either.
func TestAllowScreenShare(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	guest := s.EnterByCode(t, s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}), "Gina")
	viewer := s.EnterByCode(t, s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{}), "Vera")
	set := func(change meet.SettingsChange) {
		t.Helper()
		_, err := s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{Settings: change}, false)
		wantCode(t, "change", err, "")
	}
	share := func() {
		t.Helper()
		for _, source := range []meet.Source{meet.ScreenShare, meet.ScreenShareAudio} {
			guest.WaitMayPublish(source, true)
			guest.Publish(source)
			viewer.WaitReceives(guest.Identity(), source, true)
		}
	}
	for _, source := range []meet.Source{meet.Camera, meet.Microphone} {
		guest.Publish(source)
		viewer.WaitReceives(guest.Identity(), source, true)
	}
	share()

	set(meet.SettingsChange{AllowScreenShare: Of(false)})
	for _, source := range []meet.Source{meet.ScreenShare, meet.ScreenShareAudio} {
		guest.WaitTrackGone(source)
		guest.WaitMayPublish(source, false)
		viewer.WaitReceives(guest.Identity(), source, false)
	}
	for _, source := range []meet.Source{meet.Camera, meet.Microphone} {
		if !guest.MayPublish(source) || !viewer.Receives(guest.Identity(), source) {
			t.Errorf("the %s went with the shared screen", source)
		}
	}
	late := s.EnterByCode(t, s.NewCode(t, room, meet.RoleHost, meet.CodeChange{}), "Hugo")
	late.WaitMayPublish(meet.ScreenShare, false)

	set(meet.SettingsChange{AllowScreenShare: Of(true)})
	share()
	set(meet.SettingsChange{AllowVideo: Of(false)})
	guest.WaitTrackGone(meet.ScreenShare)
	if !guest.MayPublish(meet.ScreenShareAudio) {
		t.Error("the sound of the shared screen went with its picture")
	}
}
