package servicetest

import (
	"strings"
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// A moderator may say a name, a user id or the beginning of an identity, where one
// person inside is meant by it. Where several are, nothing happens and they are
// listed.
func TestModeratorsNamePeople(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	enter := func(name, userID string) *livekittest.Person {
		t.Helper()
		a, err := s.Exchange(t.Context(), "192.0.2.7", meet.JoinCall{Code: &code.Code, Name: name, UserID: userID})
		wantCode(t, "exchange", err, "")
		return s.EnterWith(t, a)
	}
	dave, daves := enter("Dave", "d-1"), enter("dave", "d-2")
	eve, frank := enter("Eve", "e-1"), enter("Frank", "")
	lock := func(identity string) ([]string, error) {
		done, err := s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: identity, Lock: Of(true)})
		return done.Locked, err
	}
	for _, c := range []struct {
		given string
		want  *livekittest.Person
	}{
		{"\t" + dave.Identity() + " ", dave}, {"d-2", daves}, {"EVE", eve}, {frank.Identity()[:9], frank},
	} {
		got, err := lock(c.given)
		if err != nil || len(got) != 1 || got[0] != c.want.Identity() {
			t.Errorf("%q: %v, %v; want %s", c.given, got, err, c.want.Identity())
		}
	}
	for given, want := range map[string]meet.ErrorCode{
		"Dave": meet.CodeInvalid, "e-": meet.CodeNotFound, "nobody": meet.CodeNotFound, " ": meet.CodeInvalid,
	} {
		_, err := lock(given)
		wantCode(t, given, err, want)
	}
	_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: "Dave"})
	e := meet.AsError(err)
	if e.Field != "identity" || !strings.Contains(e.Hint, dave.Identity()) || !strings.Contains(e.Hint, daves.Identity()) {
		t.Errorf("kick Dave: %v, hint %q; want both listed", e, e.Hint)
	}
	removed, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: "eve", Block: true})
	if err != nil || len(removed) != 1 || removed[0] != eve.Identity() {
		t.Errorf("kick eve: %v, %v; want her removed", removed, err)
	}
	wantCode(t, "unblock", s.Unblock(t.Context(), Ada, room.ID, " Eve"), "")
	if !dave.Connected() || !daves.Connected() || !frank.Connected() {
		t.Error("somebody else was removed")
	}
}

// Somebody who has left can be blocked by the identity that the trail has, and the
// code they came by is closed to them.
func TestBlockSomebodyWhoHasLeft(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	a, eve := enterByCode(t, s, code.Code, "eve")
	_, other := enterByCode(t, s, code.Code, "carol")
	eve.Leave()
	livekittest.Wait(t, "LiveKit to see that she has left", func() bool {
		people, err := s.Media.Participants(t.Context(), room.ID)
		return err == nil && len(people) == 1
	})
	_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: a.Identity})
	wantCode(t, "a kick without a block", err, meet.CodeNotFound)
	if hint := meet.AsError(err).Hint; !strings.Contains(hint, "block true") {
		t.Errorf("hint %q; want that a block works", hint)
	}
	for range 2 {
		removed, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: a.Identity, Block: true, Reason: "spam"})
		if err != nil || removed == nil || len(removed) != 0 {
			t.Errorf("block: %v, %v; want nobody removed", removed, err)
		}
	}
	_, err = exchange(t, s, code.Code, "eve")
	wantCode(t, "coming back", err, meet.CodeForbidden)
	if !isTokenDead(t, s, a.Token) || !other.Connected() {
		t.Errorf("her token is dead %v, the other one is inside %v; want both", isTokenDead(t, s, a.Token), other.Connected())
	}
	_, err = s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: "nobody_abc", Block: true})
	wantCode(t, "a block of nobody", err, meet.CodeNotFound)
	elsewhere := s.NewRoom(t, meet.RoomChange{})
	_, err = s.Kick(t.Context(), Ada, elsewhere.ID, meet.KickCall{Identity: a.Identity, Block: true})
	wantCode(t, "a block in another room", err, meet.CodeNotFound)
	wantCode(t, "unblock", s.Unblock(t.Context(), Ada, room.ID, a.Identity), "")
	_, err = exchange(t, s, code.Code, "eve")
	wantCode(t, "after the block", err, "")
}

// Everybody but one: kicked, muted, locked, and given back.
func TestEverybodyButOne(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	ada, eve, bob := s.Enter(t, Ada, room), s.EnterByCode(t, code, "Eve"), s.EnterByCode(t, code, "Bob")
	for _, p := range []*livekittest.Person{ada, eve, bob} {
		p.PublishMicrophone()
		p.PublishCamera()
		tracksAtServer(t, s, room, p, 2)
	}
	butEve := meet.MuteCall{Identity: meet.Everyone, Except: []string{"Eve"}}
	for what, stop := range map[string]func() (meet.MuteResult, error){
		"mute":  func() (meet.MuteResult, error) { return s.Mute(t.Context(), Ada, room.ID, butEve) },
		"video": func() (meet.MuteResult, error) { return s.DisableVideo(t.Context(), Ada, room.ID, butEve) },
	} {
		done, err := stop()
		if err != nil || len(done.Tracks) != 1 || done.Tracks[0].Identity != bob.Identity() {
			t.Errorf("%s: %+v, %v; want Bob's track alone", what, done, err)
		}
	}
	lock := func(locked bool) {
		t.Helper()
		call := butEve
		call.Lock = &locked
		_, err := s.Mute(t.Context(), Ada, room.ID, call)
		wantCode(t, "lock", err, "")
	}
	lock(true)
	bob.WaitMayPublish(meet.Microphone, false)
	late := s.EnterByCode(t, code, "Carl")
	late.WaitMayPublish(meet.Microphone, false)
	if !eve.MayPublish(meet.Microphone) || !ada.MayPublish(meet.Microphone) {
		t.Error("Eve or the admin was locked")
	}
	_, err := s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: meet.Everyone, Lock: Of(true)})
	wantCode(t, "lock everybody", err, "")
	eve.WaitMayPublish(meet.Microphone, false)
	lock(true)
	eve.WaitMayPublish(meet.Microphone, true)
	_, err = s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: meet.Everyone, Lock: Of(true)})
	wantCode(t, "lock everybody", err, "")
	eve.WaitMayPublish(meet.Microphone, false)
	lock(false)
	bob.WaitMayPublish(meet.Microphone, true)
	eve.WaitMayPublish(meet.Microphone, false)

	for what, call := range map[string]meet.KickCall{
		"except without *":     {Identity: "Bob", Except: []string{"Eve"}},
		"except *":             {Identity: meet.Everyone, Except: []string{meet.Everyone}},
		"a block of everybody": {Identity: meet.Everyone, Block: true},
	} {
		_, err := s.Kick(t.Context(), Ada, room.ID, call)
		wantCode(t, what, err, meet.CodeInvalid)
	}
	_, err = s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: meet.Everyone, Except: []string{"Eva"}})
	wantCode(t, "except nobody", err, meet.CodeNotFound)
	removed, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: meet.Everyone, Except: []string{"Eve"}})
	if err != nil || len(removed) != 2 {
		t.Errorf("removed %v, %v; want Bob and Carl", removed, err)
	}
	bob.WaitDisconnected()
	late.WaitDisconnected()
	if !eve.Connected() || !ada.Connected() {
		t.Error("Eve or the admin was removed")
	}
}
