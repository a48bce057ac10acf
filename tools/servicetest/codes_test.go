package servicetest

import (
	"fmt"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// Twelve people get a link each in one call; a reminder needs one more.
func TestALinkForEachPerson(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	room := a.NewRoom(t, meet.RoomChange{})
	var people []any
	for i := range 12 {
		people = append(people, args{"name": fmt.Sprint("Person ", i+1), "email": fmt.Sprintf("p%d@example.com", i+1)})
	}
	made := a.must(meettest.Ada, "create_room_codes", args{"room_id": room.ID, "people": people, "max_uses": 1})
	codes := made.list("codes")
	if len(codes) != 12 || made.get("created") != 12.0 || made.get("changed") != 0.0 || made.get("unchanged") != 0.0 {
		t.Fatalf("made %v", made)
	}
	links := map[any]bool{}
	for i, c := range codes {
		code := c.(map[string]any)
		links[code["join_url"]] = true
		if code["label"] != fmt.Sprint("Person ", i+1) || code["email"] != fmt.Sprintf("p%d@example.com", i+1) {
			t.Errorf("the code at %d is %v", i, code)
		}
	}
	if len(links) != 12 {
		t.Errorf("there are %d links; want 12", len(links))
	}
	left := a.must(meettest.Ada, "get_room_codes", args{"room_id": room.ID, "unused": true, "limit": 100})
	if n := len(left.list("codes")); n != 12 {
		t.Errorf("%d have not come; want 12", n)
	}
	refused := a.call(meettest.Ada, "create_room_codes", args{"room_id": room.ID, "people": []any{"Ann"}}).err
	if refused.Code != meet.CodeInvalid || refused.Field != "people[0]" {
		t.Errorf("a name alone: %+v; want invalid people[0]", refused)
	}
}

// A call that finds all as it is to be says so.
func TestNothingChangedIsSaid(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	room := a.NewRoom(t, meet.RoomChange{})
	code := a.NewCode(t, room, meet.RoleGuest, meet.CodeChange{})
	for _, c := range []struct {
		tool      string
		arguments args
	}{
		{"update_room", args{"room_id": room.ID, "max_participants": 7}},
		{"update_room_code", args{"code": code.Code, "max_uses": 7}},
	} {
		for i, want := range []int{1, 0} {
			if got := a.must(meettest.Ada, c.tool, c.arguments).list("changed"); len(got) != want {
				t.Errorf("%s, call %d: changed %v; want %d names", c.tool, i+1, got, want)
			}
		}
	}
}
