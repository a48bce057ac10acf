package servicetest

import (
	"strings"
	"testing"

	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// Somebody who is blocked does not come back by leaving their access token at
// home, whichever way they came first; who else is inside stays, and who has
// proven to be somebody else comes in.
func TestABlockHoldsOnEveryWayIn(t *testing.T) {
	t.Parallel()
	ways := []string{"by name", "by code", "brought by the admin", "by code without a token", "over the page"}
	for _, first := range ways {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			s := New(t)
			room := s.NewRoom(t, meet.RoomChange{IsPublic: Of(true)})
			code := s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
			other := s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{})
			page := func() (meet.JoinResult, error) {
				return s.JoinFromPage(t.Context(), Anon, meet.JoinCall{RoomID: &room.Name, Name: "Somebody"})
			}
			neighbour, err := page()
			wantCode(t, "enter over the page", err, "")
			stays := s.EnterWith(t, neighbour)
			hoarded, err := page() // by bob, without his token, before he was blocked
			wantCode(t, "enter over the page", err, "")

			var a meet.JoinResult
			switch first {
			case "by name":
				a = s.Admit(t, Bob, room)
			case "by code":
				a, err = s.Join(t.Context(), Bob, meet.JoinCall{Code: &code.Code})
			case "brought by the admin":
				a, err = s.Join(t.Context(), Ada, meet.JoinCall{RoomID: &room.ID, UserID: "bob"})
			case "over the page":
				a, err = page()
			default:
				a, err = exchange(t, s, code.Code, "")
			}
			wantCode(t, "join", err, "")
			bob := s.EnterWith(t, a)
			_, err = s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: bob.Identity(), Block: true})
			wantCode(t, "kick", err, "")
			bob.WaitDisconnected()

			_, err = page()
			wantCode(t, "over the page without a token", err, meet.CodeForbidden)
			if !isTokenDead(t, s, hoarded.Token) {
				t.Error("a token from before the block still counts")
			}
			if strings.HasPrefix(first, "by code") {
				_, err = exchange(t, s, code.Code, "")
				wantCode(t, "by the same code without a token", err, meet.CodeForbidden)
			}
			switch first {
			case "by code without a token":
			case "over the page": // nothing else is known of them
				_, err = exchange(t, s, code.Code, "")
				wantCode(t, "by a code", err, "")
			default:
				_, err = s.Join(t.Context(), Bob, meet.JoinCall{RoomID: &room.ID})
				wantCode(t, "by name with a token", err, meet.CodeForbidden)
				_, err = exchange(t, s, other.Code, "bob")
				wantCode(t, "by another code, saying who they are", err, meet.CodeForbidden)
			}
			s.Admit(t, Gus, room)
			wantCode(t, "reconcile", s.Reconcile(t.Context()), "")
			if !stays.Connected() || isTokenDead(t, s, neighbour.Token) {
				t.Error("who came over the page before is out")
			}
			wantCode(t, "unblock", s.Unblock(t.Context(), Ada, room.ID, bob.Identity()), "")
			_, err = page()
			wantCode(t, "over the page after the block", err, "")
		})
	}
}

// What a block cannot stop is told, and what does.
func TestBlockWarning(t *testing.T) {
	t.Parallel()
	public, asks := meet.RoomChange{IsPublic: Of(true)}, meet.SettingsChange{RequireApproval: Of(true)}
	guest := []string{meet.RoleGuest}
	for name, c := range map[string]struct {
		change meet.RoomChange
		codes  []string
		want   []string // in the warning
	}{
		"nothing is open": {meet.RoomChange{}, nil, []string{"a code that they get later"}},
		"another code": {meet.RoomChange{}, []string{meet.RoleGuest, meet.RoleHost},
			[]string{"cannot stop", "(2 work)", "require_approval", "rotate_room_code"}},
		"a public room":    {public, nil, []string{"public room's page"}},
		"a room that asks": {meet.RoomChange{Settings: asks}, guest, []string{"look before"}},
		"a public one as well": {meet.RoomChange{IsPublic: Of(true), Settings: asks}, guest,
			[]string{"public room's page", "look before"}},
	} {
		s := New(t)
		room := s.NewRoom(t, c.change)
		for _, role := range c.codes {
			s.NewCode(t, room, role, meet.CodeChange{})
		}
		a, err := s.Join(t.Context(), Ada, meet.JoinCall{RoomID: &room.ID, UserID: "bob"})
		wantCode(t, "join", err, "")
		bob := s.EnterWith(t, a)
		_, err = s.Kick(t.Context(), Ada, room.ID, meet.KickCall{Identity: bob.Identity(), Block: true})
		wantCode(t, "kick", err, "")
		got, err := s.BlockWarning(t.Context(), Ada, room.ID)
		wantCode(t, "warning", err, "")
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got %q, want it to say %q", name, got, want)
			}
		}
		_, err = s.BlockWarning(t.Context(), Bob, room.ID)
		wantCode(t, "warning for a stranger", err, meet.CodeForbidden)
	}
}
