package servicetest

import (
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// A room is ended by end_room alone, which asks for its name.
func TestUpdateRoomEndsNoRoom(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	room := a.NewRoom(t, meet.RoomChange{})
	got := a.call(meettest.Ada, "update_room", args{"room_id": room.ID, "is_active": false}).err
	if got.Field != "is_active" || !strings.Contains(got.Hint, "end_room") {
		t.Errorf("is_active false gives %+v; want end_room to be named", got)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	a := newAgent(t, func(c *meet.Config) { c.MediaOnJoin = true })
	for range 7 {
		a.must(meettest.Ada, "create_room", args{})
	}
	seen, cursor, pages := map[any]bool{}, any(nil), 0
	for {
		page := a.must(meettest.Ada, "list_rooms", args{"limit": 3, "cursor": cursor})
		for _, room := range page.list("rooms") {
			seen[room.(map[string]any)["id"]] = true
		}
		pages++
		if cursor = page.get("next_cursor"); cursor == nil {
			if page.get("has_more") != false {
				t.Errorf("the last page says has_more")
			}
			break
		}
	}
	if pages != 3 || len(seen) != 7 {
		t.Errorf("%d rooms on %d pages; want 7 on 3", len(seen), pages)
	}
}

// A list that is asked for is there even when it is empty; one that the
// caller may not see is not.
func TestEmptyLists(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	room := a.NewRoom(t, meet.RoomChange{})
	for tool, list := range map[string]string{
		"get_room": "codes", "get_room_codes": "codes", "list_participants": "participants",
	} {
		got := a.must(meettest.Ada, tool, args{"room_id": room.ID})
		if items, ok := got.get(list).([]any); !ok || len(items) != 0 {
			t.Errorf("%s: %s = %v; want []", tool, list, got.get(list))
		}
	}
	if got := a.must(meettest.Bob, "get_room", args{"room_id": room.ID}); got.get("codes") != nil {
		t.Errorf("Bob sees codes: %v", got.get("codes"))
	}
	if got := a.must(meettest.Gus, "list_rooms", args{}); len(got.list("rooms")) != 0 {
		t.Errorf("rooms of Gus = %v; want []", got.get("rooms"))
	}
}
