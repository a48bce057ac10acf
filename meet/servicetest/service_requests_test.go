package servicetest

import (
	"slices"
	"testing"
	"time"

	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// roomWithApproval is a room of Ada's in which guests wait, and a code to it.
func roomWithApproval(t *testing.T, s *System, change meet.RoomChange) (meet.Room, meet.RoomCode) {
	t.Helper()
	change.Settings.RequireApproval = Of(true)
	room := s.NewRoom(t, change)
	return room, s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
}

// askToJoin asks to be let in by a code, with the id of a request or "".
func askToJoin(t *testing.T, s *System, code meet.RoomCode, id string) meet.JoinResult {
	t.Helper()
	a, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, Name: "Eve", RequestID: id})
	wantCode(t, "exchange", err, "")
	return a
}

func waitingNow(t *testing.T, s *System, room meet.Room) []string {
	t.Helper()
	details, err := s.Room(t.Context(), Ada, room.ID)
	wantCode(t, "show", err, "")
	ids := make([]string, len(details.Requests))
	for i, r := range details.Requests {
		ids[i] = r.ID
	}
	return ids
}

func answer(t *testing.T, s *System, room meet.Room, id string, approve bool) {
	t.Helper()
	_, err := s.AnswerJoinRequest(t.Context(), Ada, room.ID, id, approve)
	wantCode(t, "answer", err, "")
}

func TestWhoHasToWait(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, guest := roomWithApproval(t, s, meet.RoomChange{})
	open := s.NewRoom(t, meet.RoomChange{})
	host, viewer := s.NewCode(t, room, meet.RoleHost, meet.CodeChange{}), s.NewCode(t, room, meet.RoleViewer,
		meet.CodeChange{})
	for name, c := range map[string]struct {
		p     meet.Principal
		call  meet.JoinCall
		waits bool
	}{
		"superadmin":                    {Root, meet.JoinCall{RoomID: &room.ID}, false},
		"admin":                         {Ada, meet.JoinCall{RoomID: &room.ID}, false},
		"admin for somebody":            {Ada, meet.JoinCall{RoomID: &room.ID, UserID: "eve"}, false},
		"admin by a guest's code":       {Ada, meet.JoinCall{Code: &guest.Code}, false},
		"user":                          {Bob, meet.JoinCall{RoomID: &room.ID}, true},
		"user who says it is the admin": {Bob, meet.JoinCall{RoomID: &room.ID, UserID: "ada"}, true},
		"guest":                         {Gus, meet.JoinCall{RoomID: &room.ID}, true},
		"by a guest's code":             {Anon, meet.JoinCall{Code: &guest.Code}, true},
		"by a viewer's code":            {Anon, meet.JoinCall{Code: &viewer.Code}, true},
		"by a host's code":              {Anon, meet.JoinCall{Code: &host.Code}, false},
		"user by a host's code":         {Bob, meet.JoinCall{Code: &host.Code}, false},
		"into a room that does not ask": {Bob, meet.JoinCall{RoomID: &open.ID}, false},
		"with an id that nobody gave it": {Bob, meet.JoinCall{RoomID: &open.ID, RequestID: "aaaaaaaaaaaaaaaaaaaaaaaaaa"},
			false},
	} {
		a, err := s.Join(t.Context(), c.p, c.call)
		wantCode(t, name, err, "")
		if a.Waiting != c.waits || (a.RequestID != "") != c.waits || (a.Token == "") != c.waits || a.Room.Name == "" {
			t.Errorf("%s: %+v; want waiting %t, and a token only to go with it", name, a, c.waits)
		}
	}
}

func TestApproval(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	first := askToJoin(t, s, code, "")
	if again := askToJoin(t, s, code, first.RequestID); again.RequestID != first.RequestID || !again.Waiting {
		t.Errorf("going on gives %+v; want the same request, waiting", again)
	}
	s.Clock.Advance(time.Millisecond)
	other := askToJoin(t, s, code, "")
	if other.RequestID == first.RequestID {
		t.Error("two people share a request")
	}
	if got := waitingNow(t, s, room); len(got) != 2 || got[0] != first.RequestID {
		t.Errorf("waiting: %v; want both, the longest first", got)
	}
	if got, _, err := s.Store.Admission(t.Context(), first.Identity); err == nil {
		t.Errorf("a join is on record before the approval: %+v", got)
	}
	if c, _, err := s.Codes(t.Context(), Ada, room.ID, meet.CodeFilter{}); err != nil || c[0].Uses != 0 {
		t.Errorf("codes = %+v, %v; want no use by somebody who waits", c, err)
	}

	answer(t, s, room, first.RequestID, true)
	answer(t, s, room, first.RequestID, true) // says the same
	if got := waitingNow(t, s, room); len(got) != 1 || got[0] != other.RequestID {
		t.Errorf("waiting: %v; want the other one", got)
	}
	if a := askToJoin(t, s, code, other.RequestID); !a.Waiting {
		t.Error("the approval of one let another one in")
	}
	one, two := askToJoin(t, s, code, first.RequestID), askToJoin(t, s, code, first.RequestID)
	if one.Waiting || two.Waiting || one.Token == "" || one.Identity != two.Identity {
		t.Errorf("approved: %+v and %+v; want the same person let in twice", one, two)
	}
	s.EnterWith(t, one)
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	a := askToJoin(t, s, code, "")
	answer(t, s, room, a.RequestID, false)
	for range 2 {
		_, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, RequestID: a.RequestID})
		wantCode(t, "refused", err, meet.CodeForbidden)
	}
	_, err := s.AnswerJoinRequest(t.Context(), Ada, room.ID, a.RequestID, true)
	wantCode(t, "approve what was refused", err, meet.CodeNotFound)
	if b := askToJoin(t, s, code, ""); !b.Waiting || b.RequestID == a.RequestID {
		t.Errorf("asking anew: %+v; want a new request", b)
	}

	// An approval can be taken back.
	c := askToJoin(t, s, code, "")
	answer(t, s, room, c.RequestID, true)
	answer(t, s, room, c.RequestID, false)
	_, err = s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, RequestID: c.RequestID})
	wantCode(t, "taken back", err, meet.CodeForbidden)
}

// A subject is known again without the id of its request, also when it asks on
// behalf of another person;
// others are not.
func TestApprovalOfASubject(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	join := func(p meet.Principal, call meet.JoinCall) meet.JoinResult {
		t.Helper()
		a, err := s.Join(t.Context(), p, call)
		wantCode(t, "join", err, "")
		return a
	}
	byName, forEve := meet.JoinCall{RoomID: &room.ID}, meet.JoinCall{RoomID: &room.ID, UserID: "eve"}
	a := join(Bob, byName)
	if again := join(Bob, byName); again.RequestID != a.RequestID {
		t.Error("asking twice makes two requests")
	}
	eve := join(Bob, forEve)
	answer(t, s, room, a.RequestID, true)
	one, two := join(Bob, byName), join(Bob, byName) // also on another device
	if one.Waiting || two.Waiting || one.Identity == two.Identity {
		t.Errorf("Bob twice: %+v and %+v; want two admissions", one, two)
	}
	if a := join(Bob, meet.JoinCall{Code: &code.Code}); a.Waiting {
		t.Error("Bob waits when he comes by a code")
	}
	if a := join(Bob, forEve); !a.Waiting || a.RequestID != eve.RequestID {
		t.Errorf("for Eve: %+v; want waiting", a)
	}
	if a := join(Gus, meet.JoinCall{RoomID: &room.ID, UserID: "bob"}); !a.Waiting {
		t.Error("who says it is Bob is let in like Bob")
	}
	_, err := s.Join(t.Context(), Gus, meet.JoinCall{RoomID: &room.ID, RequestID: a.RequestID})
	wantCode(t, "with Bob's request", err, meet.CodeNotFound)
	if a := askToJoin(t, s, code, a.RequestID); !a.Waiting {
		t.Error("Bob's request lets somebody in who has no token")
	}
}

// The host lets in whom they have seen: that name, on that person's behalf, in
// that role.
func TestAnApprovalIsForOnePerson(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	viewer := s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{})
	exchange := func(code meet.RoomCode, name, userID, id string) meet.JoinResult {
		t.Helper()
		a, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, Name: name, UserID: userID,
			RequestID: id})
		wantCode(t, "exchange", err, "")
		return a
	}
	grandma := exchange(code, "Grandma", "", "")
	answer(t, s, room, grandma.RequestID, true)
	if a := exchange(viewer, "Grandma", "", grandma.RequestID); !a.Waiting {
		t.Error("the approval lets in by another code in another role")
	}
	if a := exchange(code, "Grandma", "boss", grandma.RequestID); !a.Waiting {
		t.Error("the approval lets in on another person's behalf")
	}
	person := s.EnterWith(t, exchange(code, "The Boss", "", grandma.RequestID))
	if name := person.Room().LocalParticipant.Name(); name != "Grandma" {
		t.Errorf("%q is inside, want the name that was approved", name)
	}

	join := func(call meet.JoinCall) (meet.JoinResult, error) {
		call.RoomID = &room.ID
		return s.Join(t.Context(), Bob, call)
	}
	alice, err := join(meet.JoinCall{UserID: "alice"})
	wantCode(t, "for Alice", err, "")
	answer(t, s, room, alice.RequestID, true)
	for _, userID := range []string{"carl", "", "bob"} {
		_, err = join(meet.JoinCall{UserID: userID, RequestID: alice.RequestID})
		wantCode(t, "with Alice's approval for "+userID, err, meet.CodeNotFound)
	}
}

// An approval is looked at when the join is recorded, not only before.
func TestApprovalsAreDecidedLast(t *testing.T) {
	t.Parallel()
	real := New(t)
	s, arm := newIntercepted(t, real)
	open := s.NewRoom(t, meet.RoomChange{})
	s.Clock.Advance(3 * time.Second) // or the media room would be taken to be there still
	arm("CreateRoom", func() {
		_, err := s.UpdateRoom(t.Context(), Ada, open.ID,
			meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: Of(true)}}, false)
		wantCode(t, "update", err, "")
	})
	if a, err := s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &open.ID}); err != nil || !a.Waiting {
		t.Errorf("the room began to ask for approval meanwhile: %+v, %v; want waiting", a, err)
	}

	room, code := roomWithApproval(t, s, meet.RoomChange{})
	id := askToJoin(t, s, code, "").RequestID
	answer(t, s, room, id, true)
	s.Clock.Advance(3 * time.Second)
	arm("CreateRoom", func() { answer(t, s, room, id, false) })
	_, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, RequestID: id})
	wantCode(t, "the approval was taken back meanwhile", err, meet.CodeForbidden)
	codes, _, err := s.Codes(t.Context(), Ada, room.ID, meet.CodeFilter{})
	if err != nil || codes[0].Uses != 0 {
		t.Errorf("codes = %+v, %v; want no use", codes, err)
	}
}

// A person who was removed has lost the approval with every token that it brought,
// and has to ask again.
func TestRemovedPeopleAskAgain(t *testing.T) {
	t.Parallel()
	for name, putOut := range map[string]func(*System, meet.Room, meet.RoomCode, string) error{
		"kick": func(s *System, room meet.Room, _ meet.RoomCode, identity string) error {
			_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: identity})
			return err
		},
		"remove_participants": func(s *System, _ meet.Room, code meet.RoomCode, _ string) error {
			_, err := s.UpdateCode(t.Context(), Ada, code.Code, meet.CodeChange{}, true)
			return err
		},
	} {
		s := New(t)
		room, code := roomWithApproval(t, s, meet.RoomChange{})
		id, other := askToJoin(t, s, code, "").RequestID, askToJoin(t, s, code, "").RequestID
		answer(t, s, room, id, true)
		answer(t, s, room, other, true)
		person, hoarded := s.EnterWith(t, askToJoin(t, s, code, id)), askToJoin(t, s, code, id)
		wantCode(t, name, putOut(s, room, code, person.Identity()), "")
		_, err := s.Exchange(t.Context(), "192.0.2.1", meet.JoinCall{Code: &code.Code, RequestID: id})
		wantCode(t, "back after "+name, err, meet.CodeForbidden)
		if !isTokenDead(t, s, hoarded.Token) {
			t.Errorf("%s: another token by the same approval still counts", name)
		}
		if again := askToJoin(t, s, code, ""); !again.Waiting || again.RequestID == id {
			t.Errorf("asking again after %s: %+v; want to wait anew", name, again)
		}
		if a := askToJoin(t, s, code, other); a.Waiting {
			t.Errorf("%s of one has taken the approval of another", name)
		}
	}
}

// Only those are listed who would get in.
func TestWhoIsListed(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	viewer := s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{})
	byCode := askToJoin(t, s, code, "").RequestID
	askToJoin(t, s, viewer, "")
	byName, err := s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &room.ID})
	wantCode(t, "join", err, "")
	_, err = s.UpdateCode(t.Context(), Ada, viewer.Code, meet.CodeChange{Enabled: Of(false)}, false)
	wantCode(t, "disable", err, "")
	if got := waitingNow(t, s, room); len(got) != 2 || !slices.Contains(got, byCode) ||
		!slices.Contains(got, byName.RequestID) {
		t.Errorf("listed: %v; want those whose way in is open", got)
	}
	_, err = s.UpdateRoom(t.Context(), Ada, room.ID,
		meet.RoomChange{Settings: meet.SettingsChange{RequireApproval: Of(false)}}, false)
	wantCode(t, "update", err, "")
	if got := waitingNow(t, s, room); len(got) != 0 {
		t.Errorf("listed: %v; want nobody where nobody has to wait", got)
	}
}
