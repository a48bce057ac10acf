package servicetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// With RequireCode nobody gets in by the room's name alone, wherever they ask: not
// with an access token, not on a public room's page. Who is inside stays.
func TestRequireCode(t *testing.T) {
	t.Parallel()
	for name, public := range map[string]bool{"private": false, "public": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(t)
			room := s.NewRoom(t, meet.RoomChange{IsPublic: &public})
			code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
			inside := s.Enter(t, Bob, room)
			on := meet.SettingsChange{RequireCode: Of(true)}
			_, err := s.UpdateRoom(t.Context(), Ada, room.Name, meet.RoomChange{Settings: on}, false)
			wantCode(t, "change", err, "")
			byName, byCode := meet.JoinCall{RoomID: &room.Name}, meet.JoinCall{Code: &code.Code}
			byID, brought := meet.JoinCall{RoomID: &room.ID}, meet.JoinCall{RoomID: &room.ID, UserID: "carol"}
			for _, c := range []struct {
				what string
				p    meet.Principal
				call meet.JoinCall
				want meet.ErrorCode
			}{
				{"the admin", Ada, byName, ""}, {"a superadmin", Root, byName, ""}, {"whom the admin brings", Ada, brought, ""},
				{"a user", Bob, byName, meet.CodeForbidden}, {"a user by id", Bob, byID, meet.CodeForbidden},
				{"a guest", Gus, byName, meet.CodeForbidden}, {"whom a user brings", Bob, brought, meet.CodeForbidden},
				{"a user with a code", Bob, byCode, ""}, {"a guest with a code", Gus, byCode, ""},
				{"somebody with a code", Anon, byCode, ""},
			} {
				_, err := s.Join(t.Context(), c.p, c.call)
				wantCode(t, c.what, err, c.want)
			}
			for p, want := range map[*meet.Principal]meet.ErrorCode{&Anon: meet.CodeUnauthenticated,
				&Bob: meet.CodeForbidden, &Ada: ""} {
				_, err := s.Invitation(t.Context(), *p, byName)
				wantCode(t, "invitation of "+p.ID, err, want)
				_, err = s.JoinFromPage(t.Context(), *p, byName)
				wantCode(t, "page of "+p.ID, err, want)
			}
			if !inside.Connected() {
				t.Error("somebody who was inside was removed")
			}
		})
	}
}

// Where a host approves as well, people without a code may ask, and an approval
// lets them in.
func TestRequireCodeWithApproval(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{Settings: meet.SettingsChange{RequireCode: Of(true), RequireApproval: Of(true)}})
	asked, err := s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &room.ID})
	wantCode(t, "ask", err, "")
	if !asked.Waiting || !asked.Room.IsBrief() || asked.Room.Name != room.Name {
		t.Errorf("asked: %+v; want to wait, and no more than the name of the room", asked)
	}
	answer(t, s, room, asked.RequestID, true)
	let, err := s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &room.ID, RequestID: asked.RequestID})
	wantCode(t, "join", err, "")
	if let.Waiting || let.Room.IsBrief() {
		t.Errorf("approved: %+v; want to be let in", let)
	}
}

// With RequireSignIn nobody gets in who has not proved who they are, also not with a code
// or at the word of an admin. Who has signed in on the page comes in under their own name.
func TestRequireSignIn(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{IsPublic: Of(true)})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	inside := s.EnterByCode(t, code, "Hugo")
	on := meet.SettingsChange{RequireSignIn: Of(true)}
	_, err := s.UpdateRoom(t.Context(), Ada, room.Name, meet.RoomChange{Settings: on}, false)
	wantCode(t, "change", err, "")
	byName, byCode := meet.JoinCall{RoomID: &room.Name}, meet.JoinCall{Code: &code.Code}
	brought := meet.JoinCall{RoomID: &room.ID, UserID: "carol"}
	for _, c := range []struct {
		what string
		p    meet.Principal
		call meet.JoinCall
		want meet.ErrorCode
	}{
		{"the admin", Ada, byName, ""}, {"a user", Bob, byName, ""}, {"a user with a code", Bob, byCode, ""},
		{"a guest", Gus, byName, ""}, {"whom the admin brings", Ada, brought, meet.CodeForbidden},
		{"somebody with a code", Anon, byCode, meet.CodeForbidden},
	} {
		_, err := s.Join(t.Context(), c.p, c.call)
		wantCode(t, c.what, err, c.want)
	}
	eve := meet.Principal{ID: "https://idp.example|eve", Name: "Eve"}
	for _, call := range []meet.JoinCall{byName, byCode} {
		join := func(call meet.JoinCall) (meet.JoinResult, error) {
			if call.Code != nil {
				return s.Exchange(t.Context(), "192.0.2.1", call)
			}
			return s.JoinFromPage(t.Context(), Anon, call)
		}
		call.Name, call.UserID = "Ada", "ada"
		_, err := join(call)
		if wantCode(t, "not signed in", err, meet.CodeForbidden); meet.AsError(err).Reason != meet.ReasonSignInRequired {
			t.Errorf("not signed in: got the reason %q", meet.AsError(err).Reason)
		}
		call.SignedIn = eve
		got, err := join(call)
		if wantCode(t, "signed in", err, ""); got.Role != meet.RoleGuest {
			t.Errorf("signed in: got the role %s, want guest", got.Role)
		}
		events, _, err := s.Events(t.Context(), Ada, meet.EventFilter{RoomID: &room.ID})
		if err != nil {
			t.Fatal(err)
		}
		newest := events[0]
		if who, rest, _ := newest.About(); newest.Action != meet.Admitted || !who.Verified || who.UserID != eve.ID ||
			rest["participant_name"] != "Eve" {
			t.Errorf("the event is %+v", newest)
		}
	}
	if !inside.Connected() {
		t.Error("somebody who was inside was removed")
	}
	_, err = s.UpdateRoom(t.Context(), Ada, room.Name, meet.RoomChange{
		Settings: meet.SettingsChange{RequireCode: Of(true)}}, false)
	wantCode(t, "change", err, "")
	byName.SignedIn = eve
	_, err = s.JoinFromPage(t.Context(), Anon, byName)
	wantCode(t, "signed in, and no code", err, meet.CodeUnauthenticated)
}

// A stranger learns of a private room its name, and whether it is active.
func TestStrangersSeeNoPrivateRoom(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{ExpiresIn: Of(time.Hour)})
	for _, p := range []meet.Principal{Bob, Gus} {
		got, err := s.Room(t.Context(), p, room.ID)
		wantCode(t, "show", err, "")
		if diff := cmp.Diff(meet.RoomDetails{Room: meet.Room{Name: room.Name, State: meet.RoomActive}}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", p.ID, diff)
		}
	}
	s.Admit(t, Bob, room)
	for _, p := range []meet.Principal{Ada, Root, Bob} {
		if got, err := s.Room(t.Context(), p, room.ID); err != nil || got.IsBrief() || got.Participants == nil {
			t.Errorf("%s: %+v, %v; want the whole room", p.ID, got, err)
		}
	}
	_, err := s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{IsPublic: Of(true)}, false)
	wantCode(t, "publish", err, "")
	if got, err := s.Room(t.Context(), Gus, room.ID); err != nil || got.IsBrief() {
		t.Errorf("a public room: %+v, %v; want the whole room", got, err)
	}
	_, err = s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{IsPublic: Of(false)}, false)
	wantCode(t, "hide", err, "")
	s.Clock.Advance(time.Hour)
	if got, err := s.Room(t.Context(), Gus, room.ID); err != nil || got.State == meet.RoomActive {
		t.Errorf("after its time: %+v, %v; want that it is not active", got, err)
	}
}
