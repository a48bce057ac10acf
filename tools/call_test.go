package tools

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

func TestSession(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	ada, bob := meettest.Ada, meettest.Bob

	room := a.must(ada, "create_room", args{
		"name": "Standup", "create_codes": true, "settings": args{"allow_chat": false},
	})
	for path, want := range map[string]any{
		"name": "standup", "created_by": "ada", "admin_id": "ada", "is_active": true, "is_public": false,
		"mode": "standard", "max_participants": 0.0, "join_url": "https://meet.example.com/m/standup",
		"livekit_url": "wss://meet.example.com",
	} {
		if got := room.get("room", path); got != want {
			t.Errorf("room.%s = %v; want %v", path, got, want)
		}
	}
	settings := args{
		"allow_chat": false, "allow_video": true, "allow_audio": true, "allow_screen_share": true,
		"e2ee": false, "require_approval": false,
	}
	if diff := cmp.Diff(settings, room.get("room", "settings")); diff != "" {
		t.Errorf("settings differ (-want +got):\n%s", diff)
	}
	codes := room.list("codes")
	again := a.must(ada, "create_room_codes", args{"room_id": "standup"})
	if len(codes) != 3 || len(again.list("codes")) != 3 {
		t.Fatalf("codes = %v, then %v", codes, again.get("codes"))
	}
	for _, c := range codes {
		code := c.(map[string]any)
		link := "https://meet.example.com/join/" + code["code"].(string)
		if code["join_url"] != link || code["room_id"] != room.get("room", "id") || code["enabled"] != true {
			t.Errorf("code = %v", code)
		}
	}
	guest := room.get("codes", 1, "code").(string)
	spoken := strings.ToUpper(strings.ReplaceAll(guest, "-", " "))
	joined := a.must(bob, "join_room", args{"code": spoken, "name": "Bobby"})
	isBob := strings.HasPrefix(joined.get("identity").(string), "bob_")
	if joined.get("status") != "joined" || joined.get("role") != "guest" || !isBob {
		t.Errorf("joined = %s", joined.StructuredContent)
	}
	rooms := a.must(bob, "list_rooms", args{})
	if len(rooms.list("rooms")) != 1 || rooms.get("rooms", 0, "relationship") != "participant" {
		t.Errorf("Bob's rooms = %s; want the one he joined", rooms.StructuredContent)
	}
	rotated := a.must(ada, "rotate_room_code", args{"code": guest}).get("code", "code")
	if got := a.call(bob, "join_room", args{"code": guest}); got.err.Code != meet.CodeGone {
		t.Errorf("the old code gives %+v; want gone", got.err)
	}
	a.must(bob, "join_room", args{"code": rotated})
	a.must(ada, "update_room_code", args{"code": rotated, "enabled": false})
	if got := a.call(bob, "join_room", args{"code": rotated}); got.err.Code != meet.CodeGone {
		t.Errorf("the disabled code gives %+v; want gone", got.err)
	}
	closed := a.call(ada, "update_room", args{"room_id": "standup", "is_active": false}).err
	if closed.Field != "is_active" || !strings.Contains(closed.Hint, "end_room") {
		t.Errorf("is_active false gives %+v; want end_room to be named", closed)
	}
	ended := a.must(ada, "end_room", args{"room_id": "standup", "confirm_name": "standup"})
	if ended.get("room", "is_active") != false || ended.get("removed") == nil {
		t.Errorf("ended = %s", ended.StructuredContent)
	}
	reopened := a.must(ada, "update_room", args{"room_id": "standup", "is_active": true})
	if reopened.get("room", "is_active") != true {
		t.Errorf("reopened = %s", reopened.StructuredContent)
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
