package meet

import (
	"slices"
	"testing"
)

func TestTokenScopes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want string
		unknown    []string
	}{
		{"rooms:read moderate", "rooms:read moderate", nil},
		{" moderate   rooms:read moderate ", "rooms:read moderate", nil},
		{"admin rooms:write meeting record", "rooms:write meeting record admin", nil},
		{"openid Rooms:Read rooms:* rooms", "", []string{"openid", "Rooms:Read", "rooms:*", "rooms"}},
		{"", "", nil},
	} {
		scopes, unknown := ParseTokenScopes(c.text)
		if scopes.String() != c.want || !slices.Equal(unknown, c.unknown) || !scopes.IsLimited() {
			t.Errorf("%q: got %q, unknown %q; want %q, %q", c.text, scopes, unknown, c.want, c.unknown)
		}
		for _, scope := range AllTokenScopes {
			if want := slices.Contains(scopes.List(), scope); scopes.Has(scope) != want {
				t.Errorf("%q has %s: %v; want %v", c.text, scope, !want, want)
			}
		}
	}
	var all TokenScopes
	read, both := LimitedTo(ScopeRoomsRead), LimitedTo(ScopeRoomsRead, ScopeModerate)
	if all.IsLimited() || !all.Has(ScopeAdmin) || LimitedTo().Has(ScopeRoomsRead) || LimitedTo().Has("something new") {
		t.Error("the zero value must be no limit, and LimitedTo() must allow nothing")
	}
	for _, c := range []struct{ set, most, want TokenScopes }{
		{all, all, all}, {all, read, read}, {read, all, read}, {both, read, read}, {read, both, read},
		{LimitedTo(ScopeMeeting), both, LimitedTo()},
	} {
		if got := c.set.Within(c.most); got != c.want {
			t.Errorf("%v within %v = %v; want %v", c.set.List(), c.most.List(), got.List(), c.want.List())
		}
	}
}

// A token never does more than its scopes, nor more than its bearer, whatever the
// action and the room.
func TestScopesOnlyTakeAway(t *testing.T) {
	t.Parallel()
	room, other := &Room{ID: "room", AdminID: "ada"}, &Room{ID: "other", AdminID: "ada"}
	bearers := []Principal{{ID: "root", Role: Superadmin}, {ID: "ada", Role: User}, {ID: "bob", Role: User},
		{ID: "gus", Role: Guest}, {Role: Anonymous}, {}}
	for _, p := range bearers {
		for _, row := range Policy {
			for _, scope := range AllTokenScopes {
				for _, about := range []*Room{room, other, nil} {
					limited := p
					limited.Scopes = LimitedTo(scope)
					may := Allowed(limited, row.Action, about)
					if may && !Allowed(p, row.Action, about) {
						t.Errorf("%+v may %s with the scope %s alone", p, row.Action, scope)
					}
					if may && row.Scope != "" && row.Scope != scope {
						t.Errorf("%+v may %s with the scope %s; want it to need %s", p, row.Action, scope, row.Scope)
					}
					limited = p
					limited.Rooms = NewRoomIDs([]string{"room"})
					if may := Allowed(limited, row.Action, about); may && about == other {
						t.Errorf("%+v may %s in another room than the token's", p, row.Action)
					} else if may && !Allowed(p, row.Action, about) {
						t.Errorf("%+v may %s because the token names the room", p, row.Action)
					}
				}
			}
		}
	}
}

// Without the scope admin a superadmin is like a user; in rooms that the token names
// they need no such scope.
func TestTheScopeAdmin(t *testing.T) {
	t.Parallel()
	room := &Room{ID: "room", AdminID: "ada"}
	root := Principal{ID: "root", Role: Superadmin, Scopes: LimitedTo(ScopeRoomsRead, ScopeModerate)}
	if Allowed(root, ActModerate, room) || Allowed(root, ActListAll, nil) || !Allowed(root, ActListOwn, nil) {
		t.Error("without admin a superadmin must be like a user")
	}
	if err := AsError(authorize(root, ActModerate, room)); err.Scope != ScopeAdmin || err.Code != CodeForbidden {
		t.Errorf("got %+v; want forbidden for want of the scope admin", err)
	}
	root.Rooms = NewRoomIDs([]string{"room"})
	if !Allowed(root, ActModerate, room) || Allowed(root, ActManageRoom, room) {
		t.Error("in a room that the token names the scopes alone must decide")
	}
	root.Rooms, root.Scopes = "", LimitedTo(ScopeRoomsRead, ScopeModerate, ScopeAdmin)
	if !Allowed(root, ActModerate, room) || !Allowed(root, ActListAll, nil) || Allowed(root, ActManageRoom, room) {
		t.Error("with admin the other scopes must decide what a superadmin may")
	}
}
