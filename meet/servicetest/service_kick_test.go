package servicetest

import (
	"testing"
	"time"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// isTokenDead says whether a join token is refused where people connect.
func isTokenDead(t *testing.T, s *System, token string) bool {
	t.Helper()
	err := s.BeforeConnect(t.Context(), token)
	removed := meet.IsCode(err, meet.CodeForbidden) && meet.AsError(err).Message == "You were removed from the room"
	if err != nil && !removed && !meet.IsCode(err, meet.CodeNotFound) { // not found: of an opening that is over
		t.Fatalf("BeforeConnect: %v", err)
	}
	_, identity, _ := s.Media.ReadToken(token)
	roomID, _, _ := s.Media.ReadToken(token)
	_, entered := s.AuthorizeConnection(t.Context(), roomID, identity)
	if (entered != nil) != (err != nil) {
		t.Fatalf("BeforeConnect says %v, AuthorizeConnection %v; want the same", err, entered)
	}
	return err != nil
}

func exchange(t *testing.T, s *System, code, userID string) (meet.JoinResult, error) {
	t.Helper()
	return s.Exchange(t.Context(), "192.0.2.7", meet.JoinCall{Code: &code, Name: "Eve", UserID: userID})
}

func enterByCode(t *testing.T, s *System, code, userID string) (meet.JoinResult, *livekittest.Person) {
	t.Helper()
	a, err := exchange(t, s, code, userID)
	wantCode(t, "exchange", err, "")
	return a, s.EnterWith(t, a)
}

// A kick kills the tokens of the kicked identity and nobody else's, and asking
// anew is no crime.
func TestKickedTokensAreDead(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	a, eve := enterByCode(t, s, code.Code, "eve")
	other, _ := enterByCode(t, s, code.Code, "bob")
	_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: eve.Identity()})
	wantCode(t, "kick", err, "")
	eve.WaitDisconnected()
	if !isTokenDead(t, s, a.Token) || isTokenDead(t, s, other.Token) {
		t.Errorf("dead: the kicked one's %v, the other one's %v; want only the first", isTokenDead(t, s, a.Token),
			isTokenDead(t, s, other.Token))
	}
	again, err := exchange(t, s, code.Code, "eve")
	wantCode(t, "asking anew", err, "")
	if isTokenDead(t, s, again.Token) {
		t.Error("the fresh token is dead")
	}
}

// A person who connects with a dead token past Roomkey is removed when that is told, and
// when it is not told, when the media server is asked.
func TestKickedComeBackPastUs(t *testing.T) {
	t.Parallel()
	for name, notice := range map[string]func(*System, meet.Room){
		"told": func(s *System, room meet.Room) {
			people, err := s.Media.Participants(t.Context(), room.ID)
			if err != nil || len(people) != 1 {
				t.Fatalf("participants: %+v, %v", people, err)
			}
			handle(t, s, meet.MediaEvent{ID: "e", Kind: meet.MediaParticipantJoined, RoomID: room.ID, RoomSID: "RM_x",
				Participant: people[0]})
		},
		"asked": func(s *System, room meet.Room) {
			livekittest.Wait(t, "LiveKit's list of rooms to count them, and the removal", func() bool {
				wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
				return countEvents(t, s, room, meet.Removed) == 1
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(t)
			room := s.NewRoom(t, meet.RoomChange{})
			a, eve := enterByCode(t, s, s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}).Code, "")
			_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: eve.Identity()})
			wantCode(t, "kick", err, "")
			eve.WaitDisconnected()
			back := s.EnterWith(t, a) // this LiveKit asks nobody
			notice(s, room)
			back.WaitDisconnected()
			if got := countEvents(t, s, room, meet.Removed); got != 1 {
				t.Errorf("%d events of the removal; want one", got)
			}
		})
	}
}

// countEvents counts a room's events of an action.
func countEvents(t *testing.T, s *System, room meet.Room, action meet.EventAction) (n int) {
	t.Helper()
	events, _, err := s.Events(t.Context(), Ada, meet.EventFilter{RoomID: &room.ID, Limit: Of(100)})
	wantCode(t, "events", err, "")
	for _, e := range events {
		if e.Action == action {
			n++
		}
	}
	return n
}

// A block is on the person, and for who cannot say who they are on the code
// they came by; it throws nobody else out, and can be lifted.
func TestBlocks(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	shared := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	own := s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{})
	_, eve := enterByCode(t, s, shared.Code, "eve")
	_, bystander := enterByCode(t, s, shared.Code, "carol")
	_, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: eve.Identity(), Block: true, Reason: "spam"})
	wantCode(t, "kick", err, "")
	joinAs := func(p meet.Principal, call meet.JoinCall) func() error {
		return func() error { _, err := s.Join(t.Context(), p, call); return err }
	}
	type attempt struct {
		what string
		try  func() error
		want meet.ErrorCode
	}
	typed := func(code, user string) func() error {
		return func() error { _, err := exchange(t, s, code, user); return err }
	}
	attempts := []attempt{
		{"the same user id by the same code", typed(shared.Code, "eve"), meet.CodeForbidden},
		{"the same user id by another code", typed(own.Code, "eve"), meet.CodeForbidden},
		{"the same code under another name", typed(shared.Code, "mallory"), meet.CodeForbidden},
		{"the same code without a name", typed(shared.Code, ""), meet.CodeForbidden},
		{"somebody else by another code", typed(own.Code, "carol"), ""},
		{"somebody with an access token by the same code", joinAs(Bob, meet.JoinCall{Code: &shared.Code}), ""},
		{"the bearer of a token whose name eve typed",
			joinAs(meet.Principal{ID: "eve", Role: meet.User}, meet.JoinCall{RoomID: &room.ID}), ""},
		{"eve brought in by somebody", joinAs(Bob, meet.JoinCall{RoomID: &room.ID, UserID: "eve"}), meet.CodeForbidden},
		{"carol brought in by somebody", joinAs(Bob, meet.JoinCall{Code: &shared.Code, UserID: "carol"}), ""},
		{"eve brought in by the admin", joinAs(Ada, meet.JoinCall{RoomID: &room.ID, UserID: "eve"}), ""},
		{"the admin", joinAs(Ada, meet.JoinCall{Code: &shared.Code}), ""},
	}
	for _, a := range attempts {
		wantCode(t, a.what, a.try(), a.want)
	}
	if !bystander.Connected() {
		t.Error("a bystander was removed")
	}
	roster, err := s.Roster(t.Context(), Ada, room.ID)
	wantCode(t, "roster", err, "")
	if len(roster.Blocks) != 1 || roster.Blocks[0].Identity != eve.Identity() ||
		roster.Blocks[0].Reason != "spam" || roster.Blocks[0].BlockedBy != "ada" {
		t.Errorf("blocks = %+v; want eve's", roster.Blocks)
	}
	wantCode(t, "unblocking as Bob", s.Unblock(t.Context(), Bob, room.ID, eve.Identity()), meet.CodeForbidden)
	wantCode(t, "unblocking nobody", s.Unblock(t.Context(), Ada, room.ID, "nobody_x"), meet.CodeNotFound)
	wantCode(t, "unblocking", s.Unblock(t.Context(), Ada, room.ID, eve.Identity()), "")
	for _, a := range attempts {
		wantCode(t, "after the block: "+a.what, a.try(), "")
	}
}

// Tokens that were hoarded before a block are as dead as those asked for after
// it, and count again when it is lifted; who was inside by the same code may
// come back with theirs.
func TestHoardedTokens(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	_, eve := enterByCode(t, s, code.Code, "eve")
	named, err := exchange(t, s, code.Code, "eve")
	wantCode(t, "exchange", err, "")
	unnamed, err := exchange(t, s, code.Code, "")
	wantCode(t, "exchange", err, "")
	inside, carol := enterByCode(t, s, code.Code, "carol")
	handle(t, s, mediaEvent(s, meet.MediaParticipantJoined, "1", room.ID, "RM_1", carol.Identity(), "PA_carol"))
	_, err = s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: eve.Identity(), Block: true})
	wantCode(t, "kick", err, "")
	if !isTokenDead(t, s, named.Token) || !isTokenDead(t, s, unnamed.Token) || isTokenDead(t, s, inside.Token) {
		t.Errorf("dead: eve's %v, that without a name %v, carol's %v; want the first two",
			isTokenDead(t, s, named.Token), isTokenDead(t, s, unnamed.Token), isTokenDead(t, s, inside.Token))
	}
	wantCode(t, "unblock", s.Unblock(t.Context(), Ada, room.ID, eve.Identity()), "")
	if isTokenDead(t, s, named.Token) || isTokenDead(t, s, unnamed.Token) {
		t.Error("a hoarded token is dead although the block is lifted")
	}
}

// Of somebody who has proven who they are every connection goes, and every way
// in is shut, but not those of others by the same code.
func TestBlockedSubject(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	first, second := s.Enter(t, Bob, room), s.Enter(t, Bob, room)
	_, typed := enterByCode(t, s, s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}).Code, "bob") // only says so
	removed, err := s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: first.Identity(), Block: true})
	wantCode(t, "kick", err, "")
	if len(removed) != 2 {
		t.Errorf("removed = %v; want both connections", removed)
	}
	first.WaitDisconnected()
	second.WaitDisconnected()
	if !typed.Connected() {
		t.Error("somebody who typed the same user id was removed")
	}
	_, err = s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &room.ID})
	wantCode(t, "join", err, meet.CodeForbidden)
	ada := s.Enter(t, Ada, room)
	_, err = s.Kick(t.Context(), Root, room.ID, meet.KickCall{Identity: ada.Identity(), Block: true})
	wantCode(t, "blocking the admin", err, meet.CodeForbidden)
	if !ada.Connected() {
		t.Error("the admin was removed by a call that was refused")
	}
}

// The tokens of one opening of a room are dead in the next, however fast it was
// opened again.
func TestTokensEndWithTheOpening(t *testing.T) {
	t.Parallel()
	for _, drift := range []time.Duration{time.Minute, 0, -50 * time.Millisecond, -time.Minute} {
		s := New(t)
		room, code := roomWithApproval(t, s, meet.RoomChange{})
		before := s.Admit(t, Ada, room)
		_, _, err := s.EndRoom(t.Context(), Ada, room.ID, room.Name)
		wantCode(t, "end", err, "")
		s.Clock.Advance(drift)
		_, err = s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{}, true)
		wantCode(t, "reopen", err, "")
		if !isTokenDead(t, s, before.Token) {
			t.Errorf("opened again by a clock that is %v on: an old token counts", drift)
		}
		s.Clock.Advance(drift)
		if since := s.Admit(t, Ada, room); isTokenDead(t, s, since.Token) {
			t.Errorf("joined by a clock that is %v on: a new token is dead", drift)
		}
		request := askToJoin(t, s, code, "")
		answer(t, s, room, request.RequestID, true)
		if since := askToJoin(t, s, code, request.RequestID); since.Waiting || isTokenDead(t, s, since.Token) {
			t.Errorf("asked by a clock that is %v on: the approval does not count", drift)
		}
	}
}
