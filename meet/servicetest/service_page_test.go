package servicetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

func TestInvitations(t *testing.T) {
	t.Parallel()
	s := New(t)
	settings := meet.SettingsChange{AllowVideo: Of(false), E2EE: Of(true), RequireApproval: Of(true)}
	room := s.NewRoom(t, meet.RoomChange{Name: Of("daily"), Settings: settings})
	voice := []meet.Source{meet.Microphone, meet.ScreenShareAudio}
	speak := meet.Grants{Publish: voice, Subscribe: true, Data: true}
	for role, want := range map[string]meet.Invitation{
		"host":   {RoomName: "daily", Role: "host", Grants: speak, E2EE: true, Admits: true, Hosts: true},
		"guest":  {RoomName: "daily", Role: "guest", Grants: speak, E2EE: true, Waits: true},
		"viewer": {RoomName: "daily", Role: "viewer", Grants: meet.Grants{Subscribe: true}, E2EE: true, Waits: true},
	} {
		code := s.NewCode(t, room, role, meet.CodeChange{MaxUses: Of(1)})
		for range 3 { // looking uses nothing up
			got, err := s.Invitation(t.Context(), Anon, meet.JoinCall{Code: &code.Code})
			wantCode(t, role, err, "")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: the invitation differs (-want +got):\n%s", role, diff)
			}
		}
	}
	if n := waitingNow(t, s, room); len(n) != 0 {
		t.Errorf("looking made requests: %v", n)
	}
	for p, role := range map[*meet.Principal]string{&Ada: "host", &Bob: "guest"} {
		got, err := s.Invitation(t.Context(), *p, meet.JoinCall{RoomID: Of("daily")})
		wantCode(t, p.ID, err, "")
		if got.Role != role || got.Waits == got.Admits {
			t.Errorf("%s: %+v; want role %s", p.ID, got, role)
		}
	}
}

// An invitation tells of a code no more than the exchange does, and counts
// against guessers like it.
func TestInvitationsTellNoMoreThanTheExchange(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	disabled := s.NewCode(t, room, "guest", meet.CodeChange{Enabled: Of(false)})
	for i, code := range []string{"aaa-aaaa-aaa", disabled.Code, "nonsense", ""} {
		address := []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}[i]
		guesser := meet.Principal{Role: meet.Anonymous, Address: address}
		_, err := s.Invitation(t.Context(), guesser, meet.JoinCall{Code: &code})
		_, exchange := s.Exchange(t.Context(), address, meet.JoinCall{Code: &code})
		wantCode(t, "invitation", err, meet.CodeNotFound)
		a, b := meet.AsError(err), meet.AsError(exchange)
		if a.Message != b.Message || a.Hint != b.Hint || a.Field != b.Field {
			t.Errorf("%q: %+v; want what the exchange says: %+v", code, a, b)
		}
		for range 8 {
			_, _ = s.Invitation(t.Context(), guesser, meet.JoinCall{Code: &code})
		}
		_, err = s.Exchange(t.Context(), address, meet.JoinCall{Code: &code})
		wantCode(t, "the eleventh look at "+code, err, meet.CodeRateLimited)
	}
}

func TestPublicRoomsAreOpenOnTheirPage(t *testing.T) {
	t.Parallel()
	s := New(t)
	public := s.NewRoom(t, meet.RoomChange{IsPublic: Of(true)})
	webinar := s.NewRoom(t, meet.RoomChange{IsPublic: Of(true), Mode: Of(meet.Webinar)})
	private := s.NewRoom(t, meet.RoomChange{})
	ended := s.NewRoom(t, meet.RoomChange{IsPublic: Of(true)})
	_, _, err := s.EndRoom(t.Context(), Ada, ended.ID, ended.Name)
	wantCode(t, "end", err, "")
	for room, role := range map[string]string{public.Name: "guest", webinar.Name: "viewer"} {
		i, err := s.Invitation(t.Context(), Anon, meet.JoinCall{RoomID: &room})
		wantCode(t, "invitation", err, "")
		a, err := s.JoinFromPage(t.Context(), Anon, meet.JoinCall{RoomID: &room, Name: "\u202eEve", UserID: "ada"})
		wantCode(t, "enter", err, "")
		if i.Role != role || a.Role != role || a.Token == "" || a.Identity[:4] != "ada_" {
			t.Errorf("%s: invited as %s, admitted as %+v; want %s", room, i.Role, a, role)
		}
		person := livekittest.Join(t, s.URL, a.Token)
		if person.Attributes()["admin"] != "" || person.Room().LocalParticipant.Name() != "Eve" {
			t.Errorf("%s: attributes %v, name %q", room, person.Attributes(), person.Room().LocalParticipant.Name())
		}
	}
	var first *meet.Error
	for _, room := range []string{private.Name, private.ID, ended.Name, "no-such-room", "", "Not A Name!"} {
		_, err := s.Invitation(t.Context(), Anon, meet.JoinCall{RoomID: &room})
		wantCode(t, "invitation to "+room, err, meet.CodeUnauthenticated)
		_, err = s.JoinFromPage(t.Context(), Anon, meet.JoinCall{RoomID: &room})
		wantCode(t, "enter "+room, err, meet.CodeUnauthenticated)
		e := meet.AsError(err)
		if first == nil {
			first = e
		}
		if *e != *first {
			t.Errorf("%q: %+v; want the same as for the others: %+v", room, e, first)
		}
		_, err = s.Join(t.Context(), Anon, meet.JoinCall{RoomID: &public.Name}) // elsewhere than on the page
		wantCode(t, "join", err, meet.CodeUnauthenticated)
	}
	_, err = s.JoinFromPage(t.Context(), Zero, meet.JoinCall{RoomID: &public.Name})
	wantCode(t, "enter as nobody", err, meet.CodeUnauthenticated)
	_, err = s.JoinFromPage(t.Context(), Bob, meet.JoinCall{RoomID: &ended.Name})
	wantCode(t, "enter an ended room", err, meet.CodeGone)
}

// People inside in a role that admits others see who waits, and let them in,
// for as long as they are inside.
func TestHostsInsideAnswer(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	host := s.NewCode(t, room, meet.RoleHost, meet.CodeChange{})
	a := askToJoin(t, s, host, "")
	outside := func(what, token string) {
		t.Helper()
		list, err := s.HostView(t.Context(), token, "", 0)
		if err != nil || list.Inside || list.Requests != nil || list.Version != "" {
			t.Errorf("list, %s: %+v, %v; want nothing told", what, list, err)
		}
		_, err = s.AnswerAsHost(t.Context(), token, "aaaaaaaaaaaaaaaaaaaaaaaaaa", true)
		wantCode(t, "answer, "+what, err, meet.CodeForbidden)
	}
	refused := func(what, token string, want meet.ErrorCode) {
		t.Helper()
		_, err := s.HostView(t.Context(), token, "", 0)
		wantCode(t, "list, "+what, err, want)
		_, err = s.AnswerAsHost(t.Context(), token, "aaaaaaaaaaaaaaaaaaaaaaaaaa", true)
		wantCode(t, "answer, "+what, err, want)
	}
	outside("not inside yet", a.Token)
	person := s.EnterWith(t, a)
	before, err := s.HostView(t.Context(), a.Token, "", 0)
	if err != nil || !before.Inside || len(before.Requests) != 0 || before.Version == "" {
		t.Fatalf("requests: %+v, %v; want none and a version", before, err)
	}

	type result struct {
		meet.HostView
		err error
	}
	listed := make(chan result, 1)
	hold := func(token, version string) {
		list, err := s.HostView(t.Context(), token, version, time.Minute)
		listed <- result{list, err}
	}
	go hold(a.Token, before.Version)
	livekittest.Wait(t, "the call to wait", func() bool { return s.Waiters(room.ID) == 1 })
	guest := askToJoin(t, s, code, "")
	got := <-listed
	if got.err != nil || len(got.Requests) != 1 || got.Requests[0].ID != guest.RequestID || got.Version == before.Version {
		t.Fatalf("requests: %+v; want the one that was just made", got)
	}
	r, err := s.AnswerAsHost(t.Context(), a.Token, guest.RequestID, true)
	if err != nil || r.State != meet.RequestApproved || r.AnsweredBy != a.Identity {
		t.Errorf("answer: %+v, %v; want it approved by the host", r, err)
	}
	inside := s.EnterWith(t, askToJoin(t, s, code, guest.RequestID))

	// A guest inside, a stranger, a host of another room, nonsense.
	refused("a guest's", askToJoin(t, s, code, guest.RequestID).Token, meet.CodeForbidden)
	refused("nonsense", "x.y.z", meet.CodeUnauthenticated)
	refused("nothing", "", meet.CodeUnauthenticated)
	other, _ := roomWithApproval(t, s, meet.RoomChange{})
	otherHost := s.Admit(t, Ada, other)
	s.EnterWith(t, otherHost)
	_, err = s.AnswerAsHost(t.Context(), otherHost.Token, askToJoin(t, s, code, "").RequestID, true)
	wantCode(t, "answer of another room's host", err, meet.CodeNotFound)
	inside.Leave()

	// The token's time does not matter, being inside does.
	s.Clock.Advance(time.Hour)
	now, err := s.HostView(t.Context(), a.Token, "", 0)
	if err != nil || !now.Inside {
		t.Errorf("an hour later: %+v, %v", now, err)
	}
	go hold(a.Token, now.Version)
	livekittest.Wait(t, "the call to wait", func() bool { return s.Waiters(room.ID) == 1 })
	_, err = s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: person.Identity()})
	wantCode(t, "kick", err, "")
	if got := <-listed; got.err != nil || got.Inside {
		t.Errorf("the held call of a host who is kicked: %+v; want the word that they are outside", got)
	}
	outside("after a kick", a.Token)

	// A held call ends with the room.
	elsewhere, err := s.HostView(t.Context(), otherHost.Token, "", 0)
	wantCode(t, "the view of the other room", err, "")
	go hold(otherHost.Token, elsewhere.Version)
	livekittest.Wait(t, "the call to wait", func() bool { return s.Waiters(other.ID) == 1 })
	if _, _, err := s.EndRoom(t.Context(), Ada, other.ID, other.Name); err != nil {
		t.Fatal(err)
	}
	if got := <-listed; got.err != nil || got.Inside {
		t.Errorf("the held call of a room that ends: %+v; want the word that nobody is inside", got)
	}
}

// Who could go in at once reads who is inside; others learn nothing.
func TestWhoIsInside(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{Name: Of("daily")})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}).Code
	byCode, byName := meet.JoinCall{Code: &code}, meet.JoinCall{RoomID: Of("daily")}
	reads := func(p meet.Principal, call meet.JoinCall, want int) {
		t.Helper()
		names, count, err := s.WhoIsInside(t.Context(), p, call)
		wantCode(t, "who is inside", err, "")
		if count != want || len(names) != min(want, 5) {
			t.Errorf("%d people, %q; want %d, and five named at most", count, names, want)
		}
	}
	reads(Anon, byCode, 0)
	for range 6 {
		enterByCode(t, s, code, "bob")
	}
	reads(Anon, byCode, 6)
	reads(Ada, byName, 6)
	reads(Bob, byName, 0) // a stranger to a private room
	_, err := s.UpdateRoom(t.Context(), Ada, room.ID,
		meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: Of(true)}}, false)
	wantCode(t, "require approval", err, "")
	reads(Anon, byCode, 0)
	reads(Ada, byName, 6)
	_, err = s.UpdateCode(t.Context(), Ada, code, meet.CodeChange{Enabled: Of(false)}, false)
	wantCode(t, "switch the code off", err, "")
	_, _, err = s.WhoIsInside(t.Context(), Anon, byCode)
	wantCode(t, "by a code that is off", err, meet.CodeNotFound)
}
