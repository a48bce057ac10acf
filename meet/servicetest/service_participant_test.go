package servicetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// update has Ada change somebody.
func update(
	t *testing.T, s *System, room meet.Room, who string, change meet.ParticipantChange,
) meet.UpdatedParticipant {
	t.Helper()
	change.Identity = who
	updated, err := s.UpdateParticipant(t.Context(), Ada, room.ID, change)
	wantCode(t, "update", err, "")
	return updated
}

// allow is a change of one right.
func allow(right meet.Property, allowed bool) meet.ParticipantChange {
	var c meet.ParticipantChange
	switch right {
	case meet.PropertyMicrophone:
		c.Allow.Microphone = &allowed
	case meet.PropertyCamera:
		c.Allow.Camera = &allowed
	case meet.PropertyScreenShare:
		c.Allow.ScreenShare = &allowed
	default:
		c.Allow.Chat = &allowed
	}
	return c
}

// waitChat waits until somebody may write, or may not.
func waitChat(t *testing.T, person *livekittest.Person, want bool) {
	t.Helper()
	livekittest.Wait(t, "the right to write to be as wanted", func() bool {
		return person.Permissions().GetCanPublishData() == want
	})
}

// wantSet checks what Ada sees of what is set for somebody: property, value and
// minutes until it ends by the test's clock, as "role host 10".
func wantSet(t *testing.T, s *System, room meet.Room, identity string, want ...string) {
	t.Helper()
	roster, err := s.Roster(t.Context(), Ada, room.ID)
	wantCode(t, "roster", err, "")
	got := []string{}
	for _, person := range roster.Participants {
		for _, property := range meet.Properties {
			override, ok := person.Set[property]
			if !ok || person.Identity != identity {
				continue
			}
			line := string(property) + " " + override.Value
			if !override.Until.IsZero() {
				line += " " + override.Until.Sub(s.Clock.Now()).Round(time.Minute).String()
			}
			got = append(got, line)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("set for %s: got %q, want %q", identity, got, want)
	}
}

// A right that is given for a time is there at once, beyond role and settings, and is
// gone when its time is over. Nobody joins anew for it, and nobody else has it.
func TestARightForATime(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{Settings: meet.SettingsChange{AllowScreenShare: Of(false)}})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	eve, witness := s.EnterByCode(t, code, "Eve"), s.EnterByCode(t, code, "Will")
	change := allow(meet.PropertyScreenShare, true)
	change.For = Of(10 * time.Minute)
	updated := update(t, s, room, "Eve", change)
	if diff := cmp.Diff([]meet.Property{meet.PropertyScreenShare}, updated.Changed); diff != "" {
		t.Errorf("changed differs (-want +got):\n%s", diff)
	}
	if !slices.Equal(updated.May, meet.Rights) {
		t.Errorf("Eve may %v; want everything", updated.May)
	}
	wantSet(t, s, room, eve.Identity(), "screen_share true 10m0s")
	eve.WaitMayPublish(meet.ScreenShare, true)
	eve.WaitMayPublish(meet.ScreenShareAudio, true)
	eve.Publish(meet.ScreenShare)
	witness.WaitReceives(eve.Identity(), meet.ScreenShare, true)
	if witness.MayPublish(meet.ScreenShare) {
		t.Error("somebody else may share the screen as well")
	}
	if again := update(t, s, room, eve.Identity(), allow(meet.PropertyChat, true)); len(again.Changed) != 1 {
		t.Errorf("another right: changed %v; want chat", again.Changed)
	}

	s.Clock.Advance(10*time.Minute - time.Second)
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	if !eve.MayPublish(meet.ScreenShare) || countEvents(t, s, room, meet.UpdateEnded) != 0 {
		t.Error("the right has ended before its time")
	}
	s.Clock.Advance(time.Second)
	wantSet(t, s, room, eve.Identity(), "chat true") // also before anything is swept
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	eve.WaitMayPublish(meet.ScreenShare, false)
	eve.WaitTrackGone(meet.ScreenShare)
	witness.WaitReceives(eve.Identity(), meet.ScreenShare, false)
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	if n := countEvents(t, s, room, meet.UpdateEnded); n != 1 {
		t.Errorf("%d events of its end; want one", n)
	}
	if !eve.MayPublish(meet.Microphone) || !eve.Connected() {
		t.Error("more than the right has ended")
	}
}

// LiveKit is told of the end also if it could not be told when the time came.
func TestARightEndsWithoutASweep(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{Mode: Of(meet.Webinar)})
	bob := s.Enter(t, Bob, room)
	change := meet.ParticipantChange{Role: Of(meet.RoleHost), For: Of(time.Minute)}
	update(t, s, room, bob.Identity(), change)
	bob.WaitMayPublish(meet.Camera, true)
	s.Clock.Advance(time.Minute)
	livekittest.Wait(t, "the role to end", func() bool { // LiveKit's list of rooms is late
		wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
		return !bob.MayPublish(meet.Camera) && bob.Attributes()["role"] == meet.RoleViewer
	})
}

// What is taken is taken at once, with what is published of it.
func TestTakingRights(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	eve, witness := s.EnterByCode(t, code, "Eve"), s.EnterByCode(t, code, "Will")
	eve.Publish(meet.Microphone)
	eve.Publish(meet.Camera)
	tracksAtServer(t, s, room, eve, 2)
	updated := update(t, s, room, eve.Identity(), allow(meet.PropertyMicrophone, false))
	if len(updated.Tracks) != 1 || updated.Tracks[0].Source != meet.Camera {
		t.Errorf("tracks: %+v; want the camera alone", updated.Tracks)
	}
	want := []meet.Property{meet.PropertyCamera, meet.PropertyScreenShare, meet.PropertyChat}
	if !slices.Equal(updated.May, want) {
		t.Errorf("Eve may %v; want %v", updated.May, want)
	}
	eve.WaitTrackGone(meet.Microphone)
	witness.WaitReceives(eve.Identity(), meet.Microphone, false)
	witness.WaitReceives(eve.Identity(), meet.Camera, true)
	for _, name := range []meet.Source{meet.Microphone, meet.ScreenShareAudio} {
		eve.WaitMayPublish(name, false) // sound is sound
	}
	update(t, s, room, eve.Identity(), allow(meet.PropertyChat, false))
	waitChat(t, eve, false)
	update(t, s, room, eve.Identity(), allow(meet.PropertyCamera, false))
	witness.WaitReceives(eve.Identity(), meet.Camera, false)
	for _, right := range []meet.Property{meet.PropertyMicrophone, meet.PropertyCamera, meet.PropertyChat} {
		update(t, s, room, eve.Identity(), allow(right, true))
	}
	waitChat(t, eve, true)
	eve.WaitMayPublish(meet.Camera, true)
	eve.Publish(meet.Microphone)
	witness.WaitReceives(eve.Identity(), meet.Microphone, true)
}

// A role comes with all that it may: to publish, and to let others in on the page.
// It goes in the same way.
func TestPromoteAndDemote(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{Mode: Of(meet.Webinar)})
	waiting, err := s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &room.ID})
	wantCode(t, "join", err, "")
	answer(t, s, room, waiting.RequestID, true)
	dave := s.EnterWith(t, s.Admit(t, Bob, room))
	token := dave.Token()
	if _, err := s.HostView(t.Context(), token, "", 0); !meet.IsCode(err, meet.CodeForbidden) {
		t.Fatalf("a viewer reads join requests: %v", err)
	}
	first := askToJoin(t, s, code, "eve")
	updated := update(t, s, room, dave.Identity(), meet.ParticipantChange{Role: Of(meet.RoleHost)})
	if updated.Role != meet.RoleHost || !slices.Equal(updated.May, meet.Rights) {
		t.Errorf("updated: role %s, may %v; want a host who may everything", updated.Role, updated.May)
	}
	dave.WaitMayPublish(meet.ScreenShare, true)
	livekittest.Wait(t, "the role to be told", func() bool { return dave.Attributes()["role"] == meet.RoleHost })
	list, err := s.HostView(t.Context(), token, "", 0)
	if err != nil || len(list.Requests) != 1 {
		t.Fatalf("requests for the new host: %+v, %v; want one", list, err)
	}
	_, err = s.AnswerAsHost(t.Context(), token, first.RequestID, true)
	wantCode(t, "answer as the new host", err, "")

	update(t, s, room, dave.Identity(), meet.ParticipantChange{Role: Of(meet.RoleGuest), For: Of(time.Minute)})
	second := askToJoin(t, s, code, "mallory")
	_, err = s.AnswerAsHost(t.Context(), token, second.RequestID, true)
	wantCode(t, "answer while a guest", err, meet.CodeForbidden)
	s.Clock.Advance(time.Minute)
	_, err = s.AnswerAsHost(t.Context(), token, second.RequestID, true)
	wantCode(t, "answer as host again", err, "")

	list, err = s.HostView(t.Context(), token, "", 0)
	wantCode(t, "list", err, "")
	ended := make(chan error, 1)
	go func() {
		_, err := s.HostView(t.Context(), token, list.Version, time.Hour)
		ended <- err
	}()
	livekittest.Wait(t, "the host to wait", func() bool { return s.Waiters(room.ID) == 1 })
	update(t, s, room, dave.Identity(), meet.ParticipantChange{Role: Of(meet.RoleViewer)})
	wantCode(t, "the call that waited", <-ended, meet.CodeForbidden)
	dave.WaitMayPublish(meet.Microphone, false)
}

// Everybody inside sees a new name, and the trail has both.
func TestRename(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	eve, witness := s.EnterByCode(t, code, "Eve"), s.EnterByCode(t, code, "Will")
	sees := func(name string) {
		t.Helper()
		livekittest.Wait(t, name+" to be seen", func() bool {
			them := witness.Room().GetParticipantByIdentity(eve.Identity())
			return them != nil && them.Name() == name
		})
	}
	sees("Eve")
	updated := update(t, s, room, "Eve", meet.ParticipantChange{Name: Of(" Eva "), For: Of(time.Minute)})
	if updated.Name != "Eva" || !slices.Equal(updated.Changed, []meet.Property{meet.PropertyName}) {
		t.Errorf("updated: %s, changed %v; want Eva and the name", updated.Name, updated.Changed)
	}
	sees("Eva")
	if same := update(t, s, room, "Eva", meet.ParticipantChange{Role: Of(meet.RoleGuest)}); len(same.Changed) != 0 {
		t.Errorf("the role that she has: changed %v; want nothing", same.Changed)
	}
	likeCode := meet.ParticipantChange{Name: Of("like " + strings.ToUpper(code.Code)), For: Of(time.Second)}
	update(t, s, room, "Eva", likeCode)
	_, text := allEvents(t, s, room)
	if strings.Contains(strings.ToLower(text), code.Code) || !strings.Contains(text, "Eva") {
		t.Errorf("the events should have the names, but no code:\n%s", text)
	}
	s.Clock.Advance(time.Minute)
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	sees("Eve")
}

// A lock on the person is stronger than what they are allowed, and a lock on everyone
// ends what was allowed before it.
func TestRightsAndLocks(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	eve, other := s.EnterByCode(t, code, "Eve"), s.EnterByCode(t, code, "Other")
	lock := func(identity string, locked bool) {
		t.Helper()
		_, err := s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: identity, Lock: &locked})
		wantCode(t, "lock", err, "")
	}
	lock(eve.Identity(), true)
	updated := update(t, s, room, eve.Identity(), allow(meet.PropertyMicrophone, true))
	if slices.Contains(updated.May, meet.PropertyMicrophone) || !slices.Contains(updated.Locked, meet.Microphone) {
		t.Errorf("locked %v, may %v; want the microphone locked", updated.Locked, updated.May)
	}
	eve.WaitMayPublish(meet.Microphone, false)
	lock(eve.Identity(), false)
	eve.WaitMayPublish(meet.Microphone, true)

	lock(meet.Everyone, true)
	eve.WaitMayPublish(meet.Microphone, false)
	other.WaitMayPublish(meet.Microphone, false)
	wantSet(t, s, room, eve.Identity())
	change := allow(meet.PropertyMicrophone, true)
	change.For = Of(time.Minute)
	updated = update(t, s, room, eve.Identity(), change)
	if !slices.Contains(updated.May, meet.PropertyMicrophone) || len(updated.Locked) != 0 {
		t.Errorf("locked %v, may %v; want the microphone allowed", updated.Locked, updated.May)
	}
	eve.WaitMayPublish(meet.Microphone, true)
	if other.MayPublish(meet.Microphone) {
		t.Error("somebody else may speak as well")
	}
	s.Clock.Advance(time.Minute)
	wantCode(t, "sweep", s.Sweep(t.Context()), "")
	eve.WaitMayPublish(meet.Microphone, false)

	update(t, s, room, eve.Identity(), change)
	eve.WaitMayPublish(meet.Microphone, true)
	lock(meet.Everyone, true)
	eve.WaitMayPublish(meet.Microphone, false)
}

// What is set holds for somebody who connects again, and for a proven person who joins
// anew. Who only types their user id is given nothing.
func TestRightsOfAPersonWhoComesBack(t *testing.T) {
	t.Parallel()
	s := withSessionGate(t)
	room := s.NewRoom(t, meet.RoomChange{Mode: Of(meet.Webinar)})
	code := s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{})
	admitted := s.Admit(t, Bob, room)
	bob := s.EnterWith(t, admitted)
	change := meet.ParticipantChange{Role: Of(meet.RoleHost), Name: Of("Robert")}
	update(t, s, room, bob.Identity(), change)
	bob.WaitMayPublish(meet.Camera, true)
	bob.ShowToken(admitted.Token)
	bob.Restart()
	bob.WaitMayPublish(meet.Camera, true)
	anew := s.Admit(t, Bob, room)
	if anew.Role != meet.RoleHost {
		t.Errorf("joined anew as %s; want host", anew.Role)
	}
	wantSet(t, s, room, s.EnterWith(t, anew).Identity(), "role host", "name Robert")

	admitted, eve := enterByCode(t, s, code.Code, "eve")
	change.Allow.Chat = Of(false)
	update(t, s, room, admitted.Identity, change)
	eve.WaitMayPublish(meet.Camera, true)
	again, pretender := enterByCode(t, s, code.Code, "eve")
	if again.Role != meet.RoleViewer || pretender.MayPublish(meet.Camera) {
		t.Errorf("somebody who typed a host's user id came in as %s", again.Role)
	}
	wantSet(t, s, room, again.Identity, "name Robert", "chat false")

	_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: anew.Identity})
	wantCode(t, "kick", err, "")
	_, err = s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: bob.Identity()})
	wantCode(t, "kick", err, "")
	if removed := s.Admit(t, Bob, room); removed.Role != meet.RoleViewer {
		t.Errorf("after a removal Bob is %s; want viewer", removed.Role)
	}
	_, _, err = s.EndRoom(t.Context(), Ada, room.ID, room.Name)
	wantCode(t, "end", err, "")
	_, err = s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{}, true)
	wantCode(t, "reopen", err, "")
	if reopened := s.Admit(t, Bob, room); reopened.Role != meet.RoleViewer {
		t.Errorf("after the room was opened again Bob is %s; want viewer", reopened.Role)
	}
}
