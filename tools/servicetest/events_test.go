package servicetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// A list of events can be read page by page, narrowed to a kind, and over all
// rooms of an admin; nobody sees those of others.
func TestListEvents(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	alpha, beta := a.NewRoom(t, meet.RoomChange{}), a.NewRoom(t, meet.RoomChange{})
	a.NewCode(t, alpha, meet.RoleGuest, meet.CodeChange{})
	a.NewCode(t, beta, meet.RoleGuest, meet.CodeChange{})
	var pages []meet.EventAction
	cursor := ""
	for range 4 {
		arguments := args{"limit": 1}
		if cursor != "" {
			arguments["cursor"] = cursor
		}
		var page struct {
			Events     []struct{ Action meet.EventAction }
			NextCursor string `json:"next_cursor"`
		}
		got := a.must(meettest.Ada, "list_events", arguments).StructuredContent
		if err := json.Unmarshal(got, &page); err != nil || len(page.Events) != 1 {
			t.Fatalf("a page: %s, %v", got, err)
		}
		pages, cursor = append(pages, page.Events[0].Action), page.NextCursor
	}
	want := []meet.EventAction{meet.CodesCreated, meet.CodesCreated, meet.RoomCreated, meet.RoomCreated}
	if diff := cmp.Diff(want, pages); diff != "" || cursor != "" {
		t.Errorf("pages differ, next %q (-want +got):\n%s", cursor, diff)
	}
	for _, c := range []struct {
		p         meet.Principal
		arguments map[string]any
		want      int
	}{
		{meettest.Ada, args{"room_id": alpha.Name}, 2},
		{meettest.Ada, args{"kind": "code"}, 2},
		{meettest.Ada, args{"room_id": beta.ID, "kind": "participant"}, 0},
		{meettest.Root, args{"limit": 3}, 3},
		{meettest.Bob, args{}, 0},
	} {
		if got := a.must(c.p, "list_events", c.arguments).list("events"); len(got) != c.want {
			t.Errorf("list_events(%v) as %s: %d events; want %d", c.arguments, c.p.ID, len(got), c.want)
		}
	}
	a.must(meettest.Ada, "update_room", args{"room_id": alpha.ID, "admins": []any{meettest.Bob.ID}})
	if got := a.must(meettest.Bob, "list_events", args{}).list("events"); len(got) != 3 {
		t.Errorf("a co-admin sees %d events, want the 3 of the room that is shared with them", len(got))
	}
	got := a.call(meettest.Ada, "list_events", args{"cursor": "!"}).err
	if got.Code != meet.CodeInvalid || got.Field != "cursor" {
		t.Errorf("a bad cursor: %+v; want invalid", got)
	}
}

// The arguments that narrow the list down, and those that follow it.
func TestListSomeEvents(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	room := a.NewRoom(t, meet.RoomChange{})
	a.Clock.Advance(time.Hour)
	code := a.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	made := code.CreatedAt.Format(time.RFC3339Nano)
	a.Clock.Advance(time.Hour)
	eve := a.EnterByCode(t, code, "Eve")
	var actions []meet.EventAction
	list := func(arguments args) answer {
		t.Helper()
		arguments["room_id"] = room.ID
		got := a.must(meettest.Ada, "list_events", arguments)
		var page struct {
			Events []struct{ Action meet.EventAction }
		}
		if err := json.Unmarshal(got.StructuredContent, &page); err != nil {
			t.Fatal(err)
		}
		actions = nil
		for _, e := range page.Events {
			actions = append(actions, e.Action)
		}
		return got
	}
	want := func(what string, actionsWanted ...meet.EventAction) {
		t.Helper()
		if diff := cmp.Diff(actionsWanted, actions); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	list(args{"until": made})
	want("until", meet.RoomCreated)
	list(args{"since": made, "kind": "code"})
	want("since", meet.CodesCreated)
	list(args{"identity": eve.Identity()})
	want("identity", meet.Admitted)
	list(args{"identity": "eve", "until": made})
	want("identity until then")

	got := list(args{"after": "0", "limit": 2})
	want("after 0", meet.RoomCreated, meet.CodesCreated)
	if got.get("has_more") != true || got.get("next_cursor") != nil {
		t.Errorf("after 0: %s; want more, and no cursor", got.StructuredContent)
	}
	got = list(args{"after": got.get("after"), "wait_seconds": 50})
	want("after that", meet.Admitted)
	answered := make(chan answer, 1)
	go func() {
		answered <- a.must(meettest.Ada, "list_events", args{"kind": "room", "after": got.get("after"), "wait_seconds": 50})
	}()
	livekittest.Wait(t, "the call to wait", func() bool { return a.HeldCalls() == 1 })
	changed := a.must(meettest.Ada, "update_room", args{"room_id": room.ID, "is_public": true})
	if got := <-answered; got.get("events", 0, "action") != string(meet.RoomUpdated) || len(got.list("events")) != 1 {
		t.Errorf("waited: %s; want the change %s", got.StructuredContent, changed.StructuredContent)
	}
	for field, arguments := range map[string]args{
		"since": {"since": "yesterday"}, "until": {"until": made, "since": made}, "after": {"after": "newest"},
		"wait_seconds": {"wait_seconds": 51}, "cursor": {"cursor": "x", "wait_seconds": 1},
		"identity": {"identity": "nobody"},
	} {
		arguments["room_id"] = room.ID
		if got := a.call(meettest.Ada, "list_events", arguments).err; got.Field != field {
			t.Errorf("%v: %+v; want it to be about %s", arguments, got, field)
		}
	}
}

// A wrong cursor is refused by every list, also one that another list gave.
func TestWrongCursorsAreRefused(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	alpha, beta := a.NewRoom(t, meet.RoomChange{}), a.NewRoom(t, meet.RoomChange{})
	for _, room := range []meet.Room{alpha, beta} {
		a.must(meettest.Ada, "create_room_codes", args{"room_id": room.ID})
	}
	lists := map[string]args{
		"list_rooms": {}, "get_room_codes": {"room_id": alpha.ID}, "list_events": {"room_id": alpha.ID},
	}
	given := map[string]any{"get_room_codes of another room": a.must(meettest.Ada, "get_room_codes",
		args{"room_id": beta.ID, "limit": 1}).get("next_cursor")}
	for tool, arguments := range lists {
		arguments["limit"] = 1
		given[tool] = a.must(meettest.Ada, tool, arguments).get("next_cursor")
	}
	given["a word"] = "next"
	for tool, arguments := range lists {
		for from, cursor := range given {
			arguments["cursor"] = cursor
			want := meet.CodeInvalid
			if from == tool {
				want = ""
			}
			if got := a.call(meettest.Ada, tool, arguments).err; got.Code != want || want != "" && got.Field != "cursor" {
				t.Errorf("%s with the cursor of %s: %+v; want %q", tool, from, got, want)
			}
		}
	}
}
