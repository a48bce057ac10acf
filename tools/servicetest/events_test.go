package servicetest

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	got := a.call(meettest.Ada, "list_events", args{"cursor": "!"}).err
	if got.Code != meet.CodeInvalid || got.Field != "cursor" {
		t.Errorf("a bad cursor: %+v; want invalid", got)
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
