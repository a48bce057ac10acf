package servicetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// tracksAtServer waits until the server knows of n tracks of somebody.
func tracksAtServer(t *testing.T, s *System, room meet.Room, person *livekittest.Person, n int) {
	t.Helper()
	livekittest.Wait(t, "tracks at the server", func() bool {
		roster, err := s.Roster(t.Context(), Ada, room.ID)
		people := roster.Participants
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range people {
			if p.Identity == person.Identity() {
				return len(p.Tracks) == n
			}
		}
		return false
	})
}

func TestParticipants(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{IsPublic: Of(true)})
	ada := s.Enter(t, Ada, room)
	guest := s.EnterByCode(t, s.NewCode(t, room, "guest", meet.CodeChange{}), "Gina")
	guest.PublishMicrophone()
	guest.PublishCamera()
	tracksAtServer(t, s, room, guest, 2)
	roster, err := s.Roster(t.Context(), Ada, room.Name)
	people := roster.Participants
	if err != nil || len(people) != 2 {
		t.Fatalf("participants = %+v, %v; want two", people, err)
	}
	first, second := people[0], people[1]
	if first.Identity != ada.Identity() || first.Name != "Ada" || first.UserID != "ada" || first.Role != "host" ||
		!first.Admin || len(first.Tracks) != 0 {
		t.Errorf("first = %+v; want Ada, who came first", first)
	}
	if second.Name != "Gina" || second.UserID != "" || second.Role != "guest" || second.Admin ||
		second.JoinedAt.Before(first.JoinedAt) {
		t.Errorf("second = %+v; want Gina", second)
	}
	details, err := s.Room(t.Context(), Bob, room.ID)
	if err != nil || details.Participants == nil || *details.Participants != 2 || details.Codes != nil {
		t.Errorf("details for Bob = %+v, %v; want two inside and no codes", details, err)
	}
}

func TestMute(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	person := s.Enter(t, Bob, room)
	nothing, err := s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: person.Identity()})
	if err != nil || nothing.Tracks == nil || len(nothing.Tracks) != 0 {
		t.Errorf("muting somebody without a microphone = %v, %v; want an empty list", nothing, err)
	}
	person.PublishMicrophone()
	person.PublishCamera()
	tracksAtServer(t, s, room, person, 2)
	muted, err := s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: person.Identity()})
	if err != nil || len(muted.Tracks) != 1 || muted.Tracks[0].Source != meet.Microphone ||
		muted.Tracks[0].Identity != person.Identity() || muted.Tracks[0].ID == "" {
		t.Errorf("muted = %+v, %v; want the microphone", muted, err)
	}
	person.WaitMuted(meet.Microphone)
	if person.Muted(meet.Camera) {
		t.Error("the camera went off as well")
	}
	again, err := s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: person.Identity()})
	if err != nil || len(again.Tracks) != 0 {
		t.Errorf("muting again = %+v, %v; want nothing to mute", again, err)
	}
	disabled, err := s.DisableVideo(t.Context(), Ada, room.ID, meet.MuteCall{Identity: person.Identity()})
	if err != nil || len(disabled.Tracks) != 1 || disabled.Tracks[0].Source != meet.Camera {
		t.Errorf("disabled = %+v, %v; want the camera", disabled, err)
	}
	person.WaitMuted(meet.Camera)
}

func TestMuteEveryoneButAdmins(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	ada := s.Enter(t, Ada, room)
	bob := s.Enter(t, Bob, room)
	guest := s.EnterByCode(t, s.NewCode(t, room, "guest", meet.CodeChange{}), "Guest")
	for _, person := range []*livekittest.Person{ada, bob, guest} {
		person.PublishMicrophone()
		tracksAtServer(t, s, room, person, 1)
	}
	muted, err := s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: meet.Everyone})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, track := range muted.Tracks {
		got[track.Identity] = true
	}
	if diff := cmp.Diff(map[string]bool{bob.Identity(): true, guest.Identity(): true}, got); diff != "" {
		t.Errorf("muted differs (-want +got):\n%s", diff)
	}
	bob.WaitMuted(meet.Microphone)
	guest.WaitMuted(meet.Microphone)
	if ada.Muted(meet.Microphone) {
		t.Error("the admin was muted")
	}
	_, err = s.DisableVideo(t.Context(), Ada, room.ID, meet.MuteCall{Identity: meet.Everyone})
	wantCode(t, "video off for everyone", err, "")
}

func TestKick(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	bob, guest := s.Enter(t, Bob, room), s.EnterByCode(t, s.NewCode(t, room, "guest", meet.CodeChange{}), "Guest")
	removed, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: bob.Identity(), Reason: "too loud"})
	if diff := cmp.Diff([]string{bob.Identity()}, removed); err != nil || diff != "" {
		t.Errorf("removed differs, %v (-want +got):\n%s", err, diff)
	}
	bob.WaitDisconnected()
	if !guest.Connected() {
		t.Error("somebody else was removed")
	}
	missing := map[string]string{"somebody who has gone": bob.Identity(), "nobody": "nobody_aaaaaaaaaaaa"}
	for what, identity := range missing {
		_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: identity})
		if !meet.IsCode(err, meet.CodeNotFound) || meet.AsError(err).Message != "Participant not found" {
			t.Errorf("kicking %s = %v; want Participant not found", what, err)
		}
	}
	for _, identity := range []string{"", "  ", "a\x00b"} {
		_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: identity})
		wantCode(t, "kick "+identity, err, meet.CodeInvalid)
	}
	bobs, _, err := s.CreateRoom(t.Context(), Bob, meet.RoomChange{}, false)
	wantCode(t, "create a room", err, "")
	_, err = s.Kick(t.Context(), Bob, bobs.ID, meet.KickCall{Identity: guest.Identity()})
	wantCode(t, "kick by a room of one's own", err, meet.CodeNotFound)
	_, err = s.Kick(t.Context(), Bob, room.ID, meet.KickCall{Identity: guest.Identity()})
	wantCode(t, "kick from somebody else's room", err, meet.CodeForbidden)
	if !guest.Connected() {
		t.Error("the guest was removed by a kick that was refused")
	}
	_, err = s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: bob.Identity()})
	wantCode(t, "muting somebody who has gone", err, meet.CodeNotFound)
}
