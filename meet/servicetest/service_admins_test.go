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

// appoint names the co-admins of a room of Ada's.
func appoint(t *testing.T, s *System, room meet.Room, admins ...string) meet.UpdatedRoom {
	t.Helper()
	updated, err := s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{Admins: &admins}, false)
	wantCode(t, "name co-admins", err, "")
	return updated
}

// listed gives the relationship to each room in a list, by name.
func listed(t *testing.T, s *System, p meet.Principal, scope meet.Scope) map[string]meet.Relationship {
	t.Helper()
	rooms, _, err := s.Rooms(t.Context(), p, meet.RoomFilter{Scope: scope})
	wantCode(t, "list", err, "")
	found := map[string]meet.Relationship{}
	for _, room := range rooms {
		found[room.Name] = room.Relationship
	}
	return found
}

func TestACoAdminDoesWhatAnAdminDoes(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{Name: Of("shared"), Admins: &[]string{" bob ", "bob", "gus"},
		Settings: meet.SettingsChange{RequireApproval: Of(true), RequireCode: Of(true)}})
	if want := []string{"bob", "gus"}; !slices.Equal(room.Admins, want) {
		t.Errorf("co-admins = %q, want %q", room.Admins, want)
	}
	a := s.Admit(t, Bob, room)
	if a.Waiting || a.Role != meet.RoleHost {
		t.Fatalf("Bob is %+v; want him to come in as host", a)
	}
	bob, ada := s.EnterWith(t, a), s.Enter(t, Ada, room)
	roster, err := s.Roster(t.Context(), Bob, room.ID)
	wantCode(t, "list people", err, "")
	for _, person := range roster.Participants {
		if !person.Admin || person.Role != meet.RoleHost {
			t.Errorf("%s is %s, admin %v", person.Identity, person.Role, person.Admin)
		}
	}
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	waiting := askToJoin(t, s, code, "")
	_, err = s.AnswerJoinRequest(t.Context(), Bob, room.ID, waiting.RequestID, true)
	wantCode(t, "let somebody in", err, "")
	waiting = askToJoin(t, s, code, "")
	_, err = s.AnswerAsHost(t.Context(), a.Token, waiting.RequestID, true)
	wantCode(t, "let somebody in on the page", err, "")
	_, _, err = s.Events(t.Context(), Bob, meet.EventFilter{RoomID: &room.ID})
	wantCode(t, "read events", err, "")
	details, err := s.Room(t.Context(), Bob, room.ID)
	if err != nil || !details.IsAdmin || len(details.Codes) != 1 || len(details.Admins) != 2 {
		t.Errorf("Bob sees %+v, %v; want the codes and the co-admins", details, err)
	}
	want := map[string]meet.Relationship{"shared": meet.RelAdmin}
	if diff := cmp.Diff(want, listed(t, s, Bob, meet.ScopeMine)); diff != "" {
		t.Errorf("Bob's rooms differ (-want +got):\n%s", diff)
	}

	// What a co-admin may not.
	for what, change := range map[string]meet.RoomChange{"hand over": {AdminID: Of("bob")},
		"name co-admins": {Admins: &[]string{"bob"}}, "both": {Admins: &[]string{}, AdminID: Of("ada")}} {
		_, err = s.UpdateRoom(t.Context(), Bob, room.ID, change, false)
		wantCode(t, what, err, meet.CodeForbidden)
	}
	_, err = s.Kick(t.Context(), Bob, room.ID, meet.KickCall{Identity: "Ada"})
	wantCode(t, "remove the admin", err, meet.CodeForbidden)
	_, err = s.Mute(t.Context(), Bob, room.ID, meet.MuteCall{Identity: ada.Identity(), Lock: Of(true)})
	wantCode(t, "lock the admin", err, meet.CodeForbidden)
	removed, err := s.Kick(t.Context(), Bob, room.ID, meet.KickCall{Identity: meet.Everyone})
	if err != nil || len(removed) != 0 || !ada.Connected() || !bob.Connected() {
		t.Errorf("everyone but admins = %v, %v; want nobody", removed, err)
	}
	_, err = s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: bob.Identity()})
	wantCode(t, "remove a co-admin", err, "")
	bob.WaitDisconnected()

	// A guest's token gives no admin's rights, and nobody else learns who the co-admins are.
	_, err = s.UpdateRoom(t.Context(), Gus, room.ID, meet.RoomChange{IsPublic: Of(true)}, false)
	wantCode(t, "change by a guest", err, meet.CodeForbidden)
	_, err = s.UpdateRoom(t.Context(), Bob, room.ID, meet.RoomChange{IsPublic: Of(true)}, false)
	wantCode(t, "change by a co-admin", err, "")
	if details, err = s.Room(t.Context(), Gus, room.ID); err != nil || details.Admins != nil {
		t.Errorf("a guest sees the co-admins %q, %v", details.Admins, err)
	}
	_, _, err = s.EndRoom(t.Context(), Bob, room.ID, room.Name)
	wantCode(t, "end", err, "")
}

// Who is inside when they become a co-admin is a host at once, and no more when
// they are none any longer: what their token says does not matter.
func TestCoAdminsChangeAtOnce(t *testing.T) {
	t.Parallel()
	t.Run("inside", func(t *testing.T) { t.Parallel(); testCoAdminsChangeAtOnce(t, New(t)) })
	t.Run("foreign", func(t *testing.T) {
		t.Parallel()
		testCoAdminsChangeAtOnce(t, NewOn(t, livekittest.StartServer(t, livekittest.ServerOptions{}).URL()))
	})
}

func testCoAdminsChangeAtOnce(t *testing.T, s *System) {
	room, code := roomWithApproval(t, s, meet.RoomChange{Mode: Of(meet.Webinar)})
	appoint(t, s, room, "bob")
	a := s.Admit(t, Bob, room)
	appoint(t, s, room) // he is not inside yet
	bob := s.EnterWith(t, a)
	livekittest.Wait(t, "Bob to be corrected", func() bool {
		wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
		return bob.Attributes()["role"] == meet.RoleViewer
	})
	wantRole := func(role, admin string) {
		t.Helper()
		livekittest.Wait(t, "Bob to be "+role, func() bool {
			return bob.Attributes()["role"] == role && bob.Attributes()["admin"] == admin
		})
		bob.WaitMayPublish(meet.Microphone, role == meet.RoleHost)
		roster, err := s.Roster(t.Context(), Ada, room.ID)
		if err != nil || len(roster.Participants) != 1 {
			t.Fatalf("inside are %+v, %v; want Bob", roster.Participants, err)
		}
		if got := roster.Participants[0]; got.Role != role || got.Admin != (admin != "") {
			t.Errorf("Bob is %s, admin %v; want %s", got.Role, got.Admin, role)
		}
	}
	wantRole(meet.RoleViewer, "")
	waiting := askToJoin(t, s, code, "")
	_, err := s.AnswerAsHost(t.Context(), a.Token, waiting.RequestID, true)
	wantCode(t, "an answer by somebody who is no co-admin any more", err, meet.CodeForbidden)
	_, err = s.Mute(t.Context(), Ada, room.ID, meet.MuteCall{Identity: meet.Everyone, Lock: Of(true)})
	wantCode(t, "lock", err, "")

	appoint(t, s, room, "bob")
	wantRole(meet.RoleHost, "true")
	_, err = s.AnswerAsHost(t.Context(), a.Token, waiting.RequestID, true)
	wantCode(t, "an answer by a co-admin", err, "")
	appoint(t, s, room)
	wantRole(meet.RoleViewer, "")
}

func TestARoomIsHandedOver(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{Name: Of("handed"), Admins: &[]string{"bob", "cem"}})
	ada, root := s.Enter(t, Ada, room), s.Enter(t, Root, room)
	updated, err := s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{AdminID: Of("bob")}, false)
	wantCode(t, "hand over", err, "")
	if updated.AdminID != "bob" || !slices.Equal(updated.Admins, []string{"cem"}) ||
		!slices.Equal(updated.Changed, []string{"admin_id", "admins"}) {
		t.Errorf("after the hand-over: %+v; want Bob as admin and no more as co-admin", updated)
	}
	livekittest.Wait(t, "Ada to be a guest", func() bool { return ada.Attributes()["role"] == meet.RoleGuest })
	if root.Attributes()["role"] != meet.RoleHost {
		t.Error("a superadmin lost the role of a host")
	}
	for what, change := range map[string]meet.RoomChange{"change": {IsPublic: Of(true)},
		"take back": {AdminID: Of("ada")}} {
		_, err = s.UpdateRoom(t.Context(), Ada, room.ID, change, false)
		wantCode(t, what, err, meet.CodeForbidden)
	}
	if got := s.Admit(t, Ada, room); got.Role != meet.RoleGuest {
		t.Errorf("the former admin comes in as %s", got.Role)
	}
	want := []map[string]meet.Relationship{{"handed": meet.RelCreator}, {"handed": meet.RelAdmin}}
	got := []map[string]meet.Relationship{listed(t, s, Ada, meet.ScopeMine), listed(t, s, Bob, meet.ScopeMine)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the rooms of Ada and Bob differ (-want +got):\n%s", diff)
	}
	events, _, err := s.Events(t.Context(), Bob, meet.EventFilter{RoomID: &room.ID, Kind: "room"})
	wantCode(t, "read events", err, "")
	details := map[string]string{"admin_id": "bob", "admins": "cem"}
	if diff := cmp.Diff(details, events[0].Details); diff != "" || events[0].Actor != "ada" || events[0].AdminID != "bob" {
		t.Errorf("the event %+v differs (-want +got):\n%s", events[0], diff)
	}
	_, err = s.UpdateRoom(t.Context(), Root, room.ID, meet.RoomChange{Admins: &[]string{"ada"}}, false)
	wantCode(t, "a superadmin names a co-admin", err, "")
	livekittest.Wait(t, "Ada to be a host", func() bool { return ada.Attributes()["role"] == meet.RoleHost })
}

// Who waits at the door when they become a co-admin is let in.
func TestAWaitingCoAdminIsLetIn(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, _ := roomWithApproval(t, s, meet.RoomChange{})
	call := meet.JoinCall{RoomID: &room.ID}
	asked, err := s.Join(t.Context(), Bob, call)
	if err != nil || !asked.Waiting {
		t.Fatalf("Bob is %+v, %v; want him to wait", asked, err)
	}
	call.RequestID, call.Wait = asked.RequestID, time.Minute
	let := make(chan meet.JoinResult, 1)
	go func() {
		result, _ := s.Join(t.Context(), Bob, call)
		let <- result
	}()
	livekittest.Wait(t, "the call to wait", func() bool { return s.Waiters(room.ID) == 1 })
	appoint(t, s, room, "bob")
	if got := <-let; got.Token == "" || got.Role != meet.RoleHost {
		t.Errorf("Bob is %+v; want him inside as host", got)
	}
}

func TestWhoCanBeAnAdmin(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	var many []string
	for i := range meet.MaxAdmins + 1 {
		many = append(many, "user-"+strings.Repeat("x", i+1))
	}
	for what, change := range map[string]meet.RoomChange{
		"too many":         {Admins: &many},
		"nobody":           {Admins: &[]string{"bob", " "}},
		"control":          {Admins: &[]string{"bo\nb"}},
		"too long":         {Admins: &[]string{strings.Repeat("x", meet.MaxUserID+1)}},
		"the program":      {AdminID: Of("Roomkey")},
		"without a token":  {AdminID: Of("anonymous")},
		"admin is nobody":  {AdminID: Of("")},
		"admin is control": {AdminID: Of("bo\u202eb")},
	} {
		_, err := s.UpdateRoom(t.Context(), Ada, room.ID, change, false)
		wantCode(t, what, err, meet.CodeInvalid)
		if field := meet.AsError(err).Field; field != "admins" && field != "admin_id" {
			t.Errorf("%s: the error is about %q", what, field)
		}
	}
	with := slices.Concat(many[1:], []string{"ada"}) // the admin does not count
	if got := appoint(t, s, room, with...); len(got.Admins) != meet.MaxAdmins {
		t.Errorf("there are %d co-admins; want %d", len(got.Admins), meet.MaxAdmins)
	}
	if got := appoint(t, s, room, with...); len(got.Changed) != 0 {
		t.Errorf("the same co-admins changed %q", got.Changed)
	}
	none, err := s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{Name: Of("renamed")}, false)
	if err != nil || len(none.Admins) != meet.MaxAdmins {
		t.Errorf("a change of the name left %d co-admins, %v", len(none.Admins), err)
	}
	if got := appoint(t, s, room); got.Admins != nil {
		t.Errorf("the co-admins are %q; want none", got.Admins)
	}
}
