package servicetest

import (
	"slices"
	"strings"
	"testing"

	. "roomkey/tools"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// namesIn gives the names in a list, as a principal gets it.
func (a *agent) namesIn(p meet.Principal, method, key, name string) (names []string) {
	a.t.Helper()
	for _, old := range []bool{true, false} {
		names = nil
		items, _ := a.ask(p, old, method, args{}).read(key).([]any)
		for _, item := range items {
			names = append(names, item.(map[string]any)[name].(string))
		}
	}
	return names
}

// Who has a token with scopes is shown what it may do, and told which scope the rest
// needs; what is refused has changed nothing.
func TestScopesAreShownAndNamed(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	s := a.newTestRoom()
	before := a.state(s.room.ID)
	for _, scope := range meet.AllTokenScopes {
		p := limitedTo(scope)
		var want []string
		for _, tool := range Catalogue() {
			if tool.Scope == scope {
				want = append(want, tool.Name)
				continue
			}
			got := a.call(p, tool.Name, s.sensible(tool.Name)).err
			if text := "it lacks the scope " + string(tool.Scope); got.Code != meet.CodeForbidden ||
				!strings.HasSuffix(got.Message, text) {
				t.Errorf("%s with %s: %+v; want forbidden: …%s", tool.Name, scope, got, text)
			}
		}
		got := a.namesIn(p, "tools/list", "tools", "name")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("with %s the tools are %v; want %v", scope, got, want)
		}
		if got := a.namesIn(p, "prompts/list", "prompts", "name"); len(got) > 0 {
			t.Errorf("with %s alone the prompts are %v; want none: each needs rooms:read and more", scope, got)
		}
		templates := a.namesIn(p, "resources/templates/list", "resourceTemplates", "uriTemplate")
		if sees := len(templates) > 0; sees != (scope == meet.ScopeRoomsRead) {
			t.Errorf("with %s the templates are %v", scope, templates)
		}
	}
	if after := a.state(s.room.ID); after != before {
		t.Errorf("refused calls changed something:\n%s\nto\n%s", before, after)
	}
	both := limitedTo(meet.ScopeRoomsRead, meet.ScopeRoomsWrite, meet.ScopeModerate, meet.ScopeMeeting)
	if got := a.namesIn(both, "prompts/list", "prompts", "name"); len(got) != len(Prompts()) {
		t.Errorf("with all scopes of its tools the prompts are %v", got)
	}
}

// Codes are keys to a room: who may only read is not shown them.
func TestReadingShowsNoKeys(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	s := a.newTestRoom()
	for _, c := range []struct {
		p               meet.Principal
		codes, requests bool
	}{
		{meettest.Ada, true, true},
		{limitedTo(meet.ScopeRoomsRead), false, false},
		{limitedTo(meet.ScopeRoomsRead, meet.ScopeRoomsWrite), true, false},
		{limitedTo(meet.ScopeRoomsRead, meet.ScopeModerate), false, true},
	} {
		for tool, arguments := range map[string]args{"get_room": {"room_id": s.room.ID}, "list_rooms": {}} {
			text := string(a.must(c.p, tool, arguments).StructuredContent)
			if tool == "get_room" && strings.Contains(text, s.request) != c.requests {
				t.Errorf("%v: %s; want requests: %v", c.p.Scopes.List(), text, c.requests)
			}
			if strings.Contains(text, s.code.Code) != c.codes {
				t.Errorf("%v: %s: %s; want codes: %v", c.p.Scopes.List(), tool, text, c.codes)
			}
		}
	}
}

// A token for some rooms is good for them alone: what is about any other is not
// found, whatever its bearer may do there, and lists leave it out.
func TestTokenOfSomeRooms(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	own, other := a.newTestRoom(), a.newTestRoom()
	state := func() string { // of the other room
		people := a.must(meettest.Root, "list_participants", args{"room_id": other.room.ID}).StructuredContent
		room := a.must(meettest.Root, "get_room", args{"room_id": other.room.ID}).StructuredContent
		return useTimes.ReplaceAllString(string(people)+string(room), "")
	}
	before := state()
	for _, p := range []meet.Principal{meettest.Root, meettest.Ada} {
		p.Rooms = meet.NewRoomIDs([]string{own.room.ID})
		for _, tool := range Catalogue() {
			got := a.call(p, tool.Name, other.sensible(tool.Name))
			switch {
			case tool.Name == "list_rooms":
				rooms := got.list("rooms")
				if len(rooms) != 1 || rooms[0].(map[string]any)["id"] != own.room.ID {
					t.Errorf("list_rooms as %s: %v; want the token's room alone", p.ID, rooms)
				}
			case tool.Name == "create_room":
				if !got.IsError || got.err.Code != meet.CodeForbidden {
					t.Errorf("create_room as %s: %+v; want forbidden", p.ID, got.err)
				}
			case !got.IsError || got.err.Code != meet.CodeNotFound:
				t.Errorf("%s as %s about another room: %+v; want not_found", tool.Name, p.ID, got.err)
			}
			if tool.Hints.ReadOnly {
				a.must(p, tool.Name, own.sensible(tool.Name))
			}
		}
		for _, change := range []args{{"admins": []string{"eve"}}, {"admin_id": "eve"}} { // would outlive the token
			change["room_id"] = own.room.ID
			if got := a.call(p, "update_room", change); !got.IsError || got.err.Code != meet.CodeForbidden {
				t.Errorf("%v as %s: %+v; want forbidden", change, p.ID, got.err)
			}
		}
		if got := a.call(p, "list_events", args{}).err; got.Code != meet.CodeForbidden {
			t.Errorf("the events of all rooms as %s: %+v; want forbidden", p.ID, got)
		}
		for _, arguments := range []args{{"scope": "mine"}, {"query": own.room.Name}, {"active": true}, {"limit": 1}} {
			if rooms := a.must(p, "list_rooms", arguments).list("rooms"); len(rooms) > 1 {
				t.Errorf("list_rooms %v as %s: %v; want at most the token's room", arguments, p.ID, rooms)
			}
		}
		for _, arguments := range []args{{"query": "no-such-name"}, {"active": false}, {"scope": "public"}} {
			if rooms := a.must(p, "list_rooms", arguments).list("rooms"); len(rooms) > 0 {
				t.Errorf("list_rooms %v as %s: %v; want none", arguments, p.ID, rooms)
			}
		}
		a.must(p, "join_room", args{"code": own.code.Code})
		got := a.call(p, "join_room", args{"code": other.code.Code}).err
		unknown := a.call(p, "join_room", args{"code": "aaaaaaaaaa"}).err
		if got.Code != meet.CodeNotFound || got.Message != unknown.Message {
			t.Errorf("a code of another room as %s: %+v; want it like a wrong one, %+v", p.ID, got, unknown)
		}
		if got := a.read(p, false, "roomkey://rooms/"+other.room.Name); got.Error == nil {
			t.Errorf("the resource of another room as %s: %s", p.ID, got.Result)
		}
		if got := a.read(p, false, "roomkey://rooms/"+own.room.Name); got.Error != nil {
			t.Errorf("the resource of the token's room as %s: %+v", p.ID, got.Error)
		}
		if got := a.values(p, "moderate_room", "room", "", nil); len(got) != 1 || got[0] != own.room.Name {
			t.Errorf("completion of rooms as %s: %v; want the token's room alone", p.ID, got)
		}
		if got := a.values(p, "moderate_room", "identity", "", args{"room": other.room.Name}); len(got) > 0 {
			t.Errorf("completion of identities of another room as %s: %v", p.ID, got)
		}
		if _, got := a.prompt(p, "moderate_room", args{"room": other.room.Name}); got.Error == nil {
			t.Errorf("a prompt about another room as %s: %s", p.ID, got.Result)
		}
		if names := a.namesIn(p, "tools/list", "tools", "name"); slices.Contains(names, "create_room") {
			t.Errorf("create_room is offered to %s, who cannot call it", p.ID)
		}
		watch, err := a.WatchRooms(t.Context(), p, []string{own.room.Name, other.room.Name, other.room.ID}, nil)
		if err != nil || !slices.Equal(watch.Rooms(), []string{own.room.Name}) {
			t.Fatalf("a subscription as %s: %v, %v; want the token's room alone", p.ID, watch.Rooms(), err)
		}
		watch.Close()
	}
	if after := state(); after != before {
		t.Errorf("refused calls changed something:\n%s\nto\n%s", before, after)
	}
}
